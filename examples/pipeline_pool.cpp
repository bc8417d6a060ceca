// The pipeline of pipeline.cpp as coroutines on a pool of two threads: a stage that waits, for a value or because the
// next one is behind, occupies no thread.
#include <iostream>
#include <utility>

#include <tailrace/channel.hpp>
#include <tailrace/thread_pool.hpp>

tailrace::task count(tailrace::sender<int> out) {
    for (int n = 2;; ++n) {
        if (!co_await out.send(n)) co_return;
    }
}

bool is_prime(int n) {
    for (int d = 2; d <= n / d; ++d) {
        if (n % d == 0) return false;
    }
    return true;
}

tailrace::task keep_primes(tailrace::receiver<int> in, tailrace::sender<int> out) {
    while (auto n = co_await in.recv()) {
        if (!is_prime(*n)) continue;
        if (!co_await out.send(*n)) co_return;
    }
}

tailrace::task print(tailrace::receiver<int> in, int how_many) {
    for (; how_many > 0; --how_many) {
        auto n = co_await in.recv();
        if (!n) co_return;
        std::cout << *n << '\n';
    }
}

int main() {
    auto [numbers_in, numbers_out] = tailrace::channel<int>(4);
    auto [primes_in, primes_out] = tailrace::channel<int>(4);
    tailrace::thread_pool pool(2);
    pool.spawn(count(std::move(numbers_in)));
    pool.spawn(keep_primes(std::move(numbers_out), std::move(primes_in)));
    pool.spawn(print(std::move(primes_out), 10));
    pool.wait();
}
