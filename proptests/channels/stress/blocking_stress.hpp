// Stress test of the blocking and the poll-based forms: thousands of short rounds, each with a fresh channel between
// three to six threads.
//
// A Kit is a channel: its name, the name of its platform, and `open(capacity)`. The check after each round: every value
// has ended once and in agreement with the result of its send, in order; no waker was called too often; and an open
// channel has all its capacity. watch.hpp checks that no worker sleeps for ever.
// After a change here run: ci/test -L stress && ci/mutants -R stress
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "options.hpp"
#include "receiving_worker.hpp"
#include "script.hpp"
#include "sending_worker.hpp"
#include "tailrace/verify/noisy_platform.hpp"
#include "watch.hpp"

namespace tailrace::verify::stress {

template <class Kit>
class round {
    using ends = decltype(Kit::open(1));
    using sender = typename ends::first_type;
    using receiver = typename ends::second_type;

  public:
    explicit round(const plan& p) : round(p, Kit::open(p.capacity)) {}

    void run(unsigned worker) {
        if (worker == 0) {
            receiver_.run();
        } else {
            senders_[worker - 1].run();
        }
    }

    [[nodiscard]] std::optional<std::string> mistake() const {
        if (auto what = receiver_.mistake()) return what;
        for (const auto& s : senders_) {
            if (auto what = s.mistake()) return what;
        }
        if (kept_ && kept_->capacity() != plan_.capacity) {
            return fmt::format("capacity {} of {} at the end", kept_->capacity(), plan_.capacity);
        }
        return std::nullopt;
    }

  private:
    round(const plan& p, ends channel) : plan_(p), receiver_(plan_, std::move(channel.second)) {
        sender& first = channel.first;
        for (unsigned i = 1; i < p.workers(); ++i) {
            senders_.emplace_back(plan_, i, first.clone(), i > p.senders);
        }
        sender dies_here = std::move(first);
        if (p.end == ending::open) kept_.emplace(std::move(dies_here));
    }

    plan plan_;
    receiving_worker<receiver> receiver_;
    std::deque<sending_worker<sender>> senders_;
    std::optional<sender> kept_;
};

/// Ends the program when no round has ended for a long time. The reason is unknown: this is no verdict on the channel.
class watchdog {
  public:
    void pat() noexcept { pats_.fetch_add(1, std::memory_order_relaxed); }

  private:
    void guard(const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        for (std::uint64_t before = pats_ - 1; before != pats_;) {
            before = pats_;
            (void)never.wait_for(lock, stop, patience, [] { return false; });
            if (stop.stop_requested()) return;
        }
        the_watch.fail(fmt::format("UNKNOWN: no round has ended for {} seconds", patience.count()));
    }

    static constexpr std::chrono::seconds patience{60};
    std::atomic<std::uint64_t> pats_{0};
    std::jthread thread_{[this](const std::stop_token& stop) { guard(stop); }};
};

/// Runs the rounds on a fixed pool of threads, which meet at a barrier before and after each.
template <class Kit>
void run_rounds(const options& o) {
    std::optional<round<Kit>> current;
    unsigned workers = 0;
    std::uint64_t noise_seed = 0;
    std::barrier gate(most_workers + 1);

    const auto serve = [&](const std::stop_token& stop, unsigned number) {
        for (;;) {
            gate.arrive_and_wait();
            if (stop.stop_requested()) return;
            if (number < workers) {
                self = {.number = number, .doing = ""};
                noise_state = noise_seed + number;
                try {
                    current->run(number);
                } catch (const std::exception& e) {
                    the_watch.fail(fmt::format("worker {}, in {}, threw: {}", number, self.doing, e.what()));
                }
                the_watch.finishes();
            }
            gate.arrive_and_wait();
        }
    };
    std::vector<std::jthread> crew;
    for (unsigned i = 0; i < most_workers; ++i) crew.emplace_back(serve, i);

    watchdog dog;
    for (std::uint64_t i = 0; i < o.rounds; ++i) {
        const plan p = plan::draw(o.seed, o.only.value_or(i));
        the_watch.begin(fmt::format("{} on the {} platform, --seed {} --only {}: {}", Kit::channel, Kit::platform,
                                    o.seed, p.round, p.text()),
                        p.workers());
        workers = p.workers();
        noise_seed = random_engine(p.seed + i).next() | 1;
        current.emplace(p);
        gate.arrive_and_wait();
        gate.arrive_and_wait();
        if (const auto what = current->mistake()) the_watch.fail(*what);
        current.reset();
        dog.pat();
    }
    for (auto& t : crew) t.request_stop();
    gate.arrive_and_wait();
    fmt::print("{} on the {} platform: {} rounds, seed {}: no value lost, no task asleep\n", Kit::channel,
               Kit::platform, o.rounds, o.seed);
}

/// The whole program, for the kits of one channel.
template <class... Kits>
int run_program(int argc, char** argv) {
    const options o = parse_options(argc, argv);
    const auto wanted = [&](std::string_view p) { return o.platform.empty() || o.platform == p; };
    unsigned run = 0;
    ((wanted(Kits::platform) ? (run_rounds<Kits>(o), ++run) : 0U), ...);
    if (run > 0) return 0;
    fmt::print(stderr, "{}: this program has no platform '{}'; see --help\n", argv[0], o.platform);
    return 2;
}

}  // namespace tailrace::verify::stress
