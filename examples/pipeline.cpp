// A pipeline of three threads: numbers, the primes among them, the first ten of these. A stage waits while the next one
// is behind (backpressure). All end when the last has enough, for a send to a receiver that is gone fails; or when the
// first is stopped, and then each passes on what it has got before it ends.
//
//     pipeline            the first ten primes
//     pipeline forever    all primes, until SIGINT or SIGTERM
#include <iostream>
#include <limits>
#include <thread>
#include <utility>

#include <tailrace/channel.hpp>

#include "stopped.hpp"

void count(tailrace::sender<long> out) {
    long n = 2;
    while (!stopped && out.blocking_send(n)) ++n;
    if (stopped) std::cerr << "counted to " << n - 1 << '\n';
}

bool is_prime(long n) {
    for (long d = 2; d <= n / d; ++d) {
        if (n % d == 0) return false;
    }
    return true;
}

void keep_primes(tailrace::receiver<long> in, tailrace::sender<long> out) {
    while (auto n = in.blocking_recv()) {
        if (is_prime(*n) && !out.blocking_send(*n)) return;
    }
}

void print(tailrace::receiver<long> in, long how_many) {
    for (; how_many > 0; --how_many) {
        auto n = in.blocking_recv();
        if (!n) return;
        std::cout << *n << '\n';
    }
}

int main(int argc, char** argv) {
    const long how_many = runs_forever(argc, argv) ? std::numeric_limits<long>::max() : 10;
    auto [numbers_in, numbers_out] = tailrace::channel<long>(64);
    auto [primes_in, primes_out] = tailrace::channel<long>(64);
    // Each stage owns its ends of the channels: when it returns, its neighbours learn of it.
    std::jthread first(count, std::move(numbers_in));
    std::jthread second(keep_primes, std::move(numbers_out), std::move(primes_in));
    print(std::move(primes_out), how_many);
}
