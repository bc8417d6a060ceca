// A pipeline of three threads: numbers, the primes among them, the first ten of these. A stage waits while the next one
// is behind (backpressure), and all end when the last has enough: a send to a receiver that is gone fails.
#include <iostream>
#include <thread>
#include <utility>

#include <tailrace/channel.hpp>

void count(tailrace::sender<int> out) {
    for (int n = 2; out.blocking_send(n); ++n) {
    }
}

bool is_prime(int n) {
    for (int d = 2; d <= n / d; ++d) {
        if (n % d == 0) return false;
    }
    return true;
}

void keep_primes(tailrace::receiver<int> in, tailrace::sender<int> out) {
    while (auto n = in.blocking_recv()) {
        if (is_prime(*n) && !out.blocking_send(*n)) return;
    }
}

void print(tailrace::receiver<int> in, int how_many) {
    for (; how_many > 0; --how_many) {
        auto n = in.blocking_recv();
        if (!n) return;
        std::cout << *n << '\n';
    }
}

int main() {
    auto [numbers_in, numbers_out] = tailrace::channel<int>(4);
    auto [primes_in, primes_out] = tailrace::channel<int>(4);
    // Each stage owns its ends of the channels: when it returns, its neighbours learn of it.
    std::jthread first(count, std::move(numbers_in));
    std::jthread second(keep_primes, std::move(numbers_out), std::move(primes_in));
    print(std::move(primes_out), 10);
}
