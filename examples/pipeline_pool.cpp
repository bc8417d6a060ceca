// The pipeline of pipeline.cpp as coroutines on a pool of two threads: a stage that waits, for a value or because the
// next one is behind, occupies no thread.
#include <iostream>
#include <limits>
#include <utility>

#include <tailrace/channel.hpp>
#include <tailrace/thread_pool.hpp>

#include "stopped.hpp"

tailrace::task count(tailrace::sender<long> out) {
    long n = 2;
    for (; !stopped; ++n) {
        if (!co_await out.send(n)) co_return;
    }
    std::cerr << "counted to " << n - 1 << '\n';
}

bool is_prime(long n) {
    for (long d = 2; d <= n / d; ++d) {
        if (n % d == 0) return false;
    }
    return true;
}

tailrace::task keep_primes(tailrace::receiver<long> in, tailrace::sender<long> out) {
    while (auto n = co_await in.recv()) {
        if (!is_prime(*n)) continue;
        if (!co_await out.send(*n)) co_return;
    }
}

tailrace::task print(tailrace::receiver<long> in, long how_many) {
    for (; how_many > 0; --how_many) {
        auto n = co_await in.recv();
        if (!n) co_return;
        std::cout << *n << '\n';
    }
}

int main(int argc, char** argv) {
    const long how_many = runs_forever(argc, argv) ? std::numeric_limits<long>::max() : 10;
    auto [numbers_in, numbers_out] = tailrace::channel<long>(64);
    auto [primes_in, primes_out] = tailrace::channel<long>(64);
    tailrace::thread_pool pool(2);
    pool.spawn(count(std::move(numbers_in)));
    pool.spawn(keep_primes(std::move(numbers_out), std::move(primes_in)));
    pool.spawn(print(std::move(primes_out), how_many));
    pool.wait();
}
