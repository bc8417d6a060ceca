// Fan-in: one consumer of several sources with values of different types, by select: whichever has a value first. Each
// source ends in its own time.
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <tailrace/blocking.hpp>
#include <tailrace/channel.hpp>
#include <tailrace/select.hpp>

void send_numbers(tailrace::sender<int> out) {
    for (int n = 1; n <= 100; ++n) {
        if (!out.blocking_send(n)) return;
    }
}

void send_words(tailrace::sender<std::string> out) {
    for (const char* word : {"many", "to", "one"}) {
        if (!out.blocking_send(word)) return;
    }
}

int main() {
    auto [numbers_in, numbers] = tailrace::channel<int>(8);
    auto [words_in, words] = tailrace::channel<std::string>(8);
    std::jthread one(send_numbers, std::move(numbers_in));
    std::jthread other(send_words, std::move(words_in));

    int sum = 0;
    std::string text;
    for (;;) {
        // The other receive is cancelled, and has received nothing.
        auto first = tailrace::block_on(tailrace::select(numbers.recv(), words.recv()));
        if (first.index() == 0) {
            auto& number = std::get<0>(first);
            if (!number) break;  // this source has ended
            sum += *number;
        } else {
            auto& word = std::get<1>(first);
            if (!word) break;
            text += *word + ' ';
        }
    }
    // An ended source would win each further select: the rest is of the other.
    while (auto number = numbers.blocking_recv()) sum += *number;
    while (auto word = words.blocking_recv()) text += *word + ' ';
    std::cout << sum << '\n' << text << '\n';
}
