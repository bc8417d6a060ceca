// The soak: every form at once on real threads, for hours. Rounds of the stress test of every form, but long ones, and
// several at a time; after each round all values and permits are accounted for.
//
// Each driving thread uses one channel after another. A round in which nothing moves is UNKNOWN: its state is printed.
// The memory is compared between two moments in which no channel exists: after a warm-up, and at the end.
// After a change here run: ci/test -R soak
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "stress/forms_round.hpp"
#include "stress/optimized_kit.hpp"
#include "stress/reference_kit.hpp"

namespace tailrace::verify::stress {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::seconds;

struct soak_options {
    std::uint64_t messages = 1'000'000'000;
    std::optional<std::uint64_t> seconds;
    unsigned threads = 8;
    std::uint64_t seed = 1;
    std::string target = "optimized";
};

constexpr seconds patience{60};
constexpr seconds between_lines{5};

volatile std::sig_atomic_t signal_number = 0;

/// What has happened since the start, of rounds that have ended.
struct totals {
    counts all;
    std::uint64_t channels = 0, made = 0, handed_back = 0, destroyed = 0;
};

double per_second(std::uint64_t n, clock::duration time) {
    return static_cast<double>(n) / std::max(1e-3, std::chrono::duration<double>(time).count());
}
auto grouped(std::uint64_t n) { return fmt::format("{}", fmt::group_digits(n)); }

class soak {
  public:
    explicit soak(const soak_options& o) : options_(o), lanes_(o.threads) {}

    /// Until so many messages have been received in all, or it has to end. Then no channel is left.
    void run(std::uint64_t messages, std::optional<clock::time_point> end) {
        over_ = false;
        std::vector<std::jthread> drivers;
        for (lane& l : lanes_) drivers.emplace_back([this, &l] { drive(l); });
        std::unique_lock lock(mutex_);
        while (sum_.all.received < messages && !(end && clock::now() >= *end) && signal_number == 0) {
            (void)changed_.wait_for(lock, std::chrono::milliseconds(200));
            if (clock::now() - said_ >= between_lines) say();
            lock.unlock();
            expect_progress();
            lock.lock();
        }
        over_ = true;
        while (drivers.size() > ended_) {  // the last rounds may hang too
            (void)changed_.wait_for(lock, std::chrono::milliseconds(200));
            lock.unlock();
            expect_progress();
            lock.lock();
        }
        ended_ = 0;
    }

    [[nodiscard]] totals sum() {
        const std::lock_guard guard(mutex_);
        return sum_;
    }
    [[nodiscard]] clock::duration took() const { return clock::now() - began_; }

  private:
    /// What one driving thread does now.
    struct lane {
        std::mutex mutex;
        std::function<std::string()> state;  // nothing between two rounds
        std::function<std::uint64_t()> moves;
        std::uint64_t seen = 0;   // moves
        clock::time_point since;  // so many have been seen
    };

    void drive(lane& l) {
        while (!over_) {
            const std::uint64_t number = next_++;
            noise_state = number | 1;
            plan p = plan::draw(options_.seed, number);
            random_engine random(p.seed + 1);
            constexpr std::array<std::size_t, 8> capacities = {1, 2, 8, 64, 64, 256, 1024, 4096};
            p.capacity = capacities[random.below(capacities.size())];
            if (p.end == ending::open) p.end = ending::senders;
            if (options_.target == "reference") {
                play<reference_production>(l, p);
            } else if (random.one_in(4)) {
                play<optimized_boxed>(l, p);
            } else {
                play<optimized_production>(l, p);
            }
        }
        const std::lock_guard guard(mutex_);
        ++ended_;
        changed_.notify_one();
    }

    template <class Kit>
    void play(lane& l, const plan& p) {
        // Behind a channel with little room every value may cost a switch of threads: fewer then.
        const effort long_one{.least_steps = 20,
                              .more_steps = 60,
                              .burst = static_cast<unsigned>(std::min<std::size_t>(2000, 32 * p.capacity))};
        // Where a weak sender is kept it is the last to use the channel: only in every second round.
        forms_round<Kit> round(world_, p, long_one, p.round % 2 == 0);
        {
            const std::lock_guard guard(l.mutex);
            l.state = [&round] { return round.state(); };
            l.moves = [&round] { return round.moves(); };
            l.since = clock::now();
        }
        round.run();
        {
            const std::lock_guard guard(l.mutex);
            l.state = nullptr;
        }
        if (const auto what = round.mistake()) {
            end_with(1, fmt::format("FAILED: {} in round {} of seed {}: {}\n  {}\n", Kit::channel, p.round,
                                    options_.seed, p.text(), *what));
        }
        const std::lock_guard guard(mutex_);
        sum_.all.add(round.counted());
        ++sum_.channels;
        sum_.made += round.made();
        sum_.handed_back += round.ended(fate::handed_back);
        sum_.destroyed += round.ended(fate::destroyed);
        changed_.notify_one();
    }

    void expect_progress() {
        std::string stuck;
        for (lane& l : lanes_) {
            const std::lock_guard guard(l.mutex);
            if (!l.state) continue;
            const std::uint64_t moves = l.moves();
            if (std::exchange(l.seen, moves) != moves) l.since = clock::now();
            if (clock::now() - l.since >= patience) stuck += "  " + l.state();
        }
        if (stuck.empty()) return;
        end_with(4, fmt::format("UNKNOWN: nothing has moved in rounds of seed {} for {} seconds\n{}", options_.seed,
                                patience.count(), stuck));
    }
    /// The threads are still there, so nothing is destroyed.
    [[noreturn]] static void end_with(int status, const std::string& what) {
        fmt::print("{}", what);
        std::fflush(nullptr);
        std::_Exit(status);
    }

    /// Under the mutex.
    void say() {
        const clock::time_point now = clock::now();
        const counts& c = sum_.all;
        fmt::print(
            "{:>6.0f} s  {} messages, {:.0f}/s, {} channels; cancelled: {} timed out, {} stopped, {} dropped, {} "
            "frames; {}\n",
            std::chrono::duration<double>(now - began_).count(), grouped(c.received),
            per_second(c.received - said_received_, now - said_), grouped(sum_.channels), grouped(c.timed_out),
            grouped(c.stopped), grouped(c.dropped), grouped(c.framed), to_string(memory_now()));
        std::fflush(stdout);
        said_ = now;
        said_received_ = c.received;
    }

    const soak_options& options_;
    world world_;
    std::deque<lane> lanes_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<bool> over_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    totals sum_;
    std::size_t ended_ = 0;  // drivers
    clock::time_point began_ = clock::now();
    clock::time_point said_ = began_;
    std::uint64_t said_received_ = 0;
};

soak_options parse(int argc, char** argv) {
    soak_options o;
    CLI::App app{"Uses channels in every form at once, and accounts for every value and every permit."};
    app.add_option("--messages", o.messages, "end after so many received values")->check(CLI::PositiveNumber);
    app.add_option("--seconds", o.seconds, "end after so many seconds, if that comes first")
        ->check(CLI::PositiveNumber);
    app.add_option("--threads", o.threads, "driving threads: so many channels are used at a time")
        ->check(CLI::Range(1, 256));
    app.add_option("--seed", o.seed, "of the choices; the schedule is up to the machine");
    app.add_option("--target", o.target, "optimized or reference")->check(CLI::IsMember({"optimized", "reference"}));
    app.get_formatter()->column_width(24);
    app.footer(
        "Exit status: 0 passed, 1 failed, 2 bad usage, 4 UNKNOWN: nothing moved, 128 and the signal:\n"
        "interrupted, with the summary of what was done until then.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        std::exit(app.exit(e) == 0 ? 0 : 2);  // NOLINT(concurrency-mt-unsafe): no thread runs yet
    }
    return o;
}

int run(const soak_options& o) {
    for (const int s : {SIGINT, SIGTERM}) std::signal(s, [](int number) { signal_number = number; });
    std::optional<clock::time_point> end;
    if (o.seconds) end = clock::now() + seconds(*o.seconds);
    soak all(o);
    all.run(std::clamp<std::uint64_t>(o.messages / 20, 1, 5'000'000), end);
    const memory before = memory_now();
    all.run(o.messages, end);
    const memory after = memory_now();

    const totals t = all.sum();
    const counts& c = t.all;
    fmt::print("soak of {}: {} messages over {} channels in {:.0f} s, {:.0f}/s, seed {}, {} driving threads\n",
               o.target, grouped(c.received), grouped(t.channels), std::chrono::duration<double>(all.took()).count(),
               per_second(c.received, all.took()), o.seed, o.threads);
    const std::uint64_t ended = c.received + t.handed_back + t.destroyed;
    fmt::print("  {} values: {} received, {} handed back, {} destroyed, {} lost\n", grouped(t.made),
               grouped(c.received), grouped(t.handed_back), grouped(t.destroyed), t.made - ended);
    fmt::print(
        "  cancelled: {} timed out, {} stopped, {} dropped, {} destroyed with their frames; {} batches, {} "
        "upgrades, {} refused\n",
        grouped(c.timed_out), grouped(c.stopped), grouped(c.dropped), grouped(c.framed), grouped(c.batches),
        grouped(c.upgraded), grouped(c.refused));
    fmt::print("  memory after the warm-up: {}; at the end: {}\n", to_string(before), to_string(after));
    if (t.made != ended) {
        fmt::print("FAILED: not every value has ended once\n");
        return 1;
    }
    if (signal_number != 0) {
        fmt::print("interrupted by signal {}\n", static_cast<int>(signal_number));
        return 128 + signal_number;
    }
    if (const std::string what = growth(before, after); !what.empty()) {
        fmt::print("FAILED: {}\n", what);
        return 1;
    }
    fmt::print("passed\n");
    return 0;
}

}  // namespace
}  // namespace tailrace::verify::stress

int main(int argc, char** argv) { return tailrace::verify::stress::run(tailrace::verify::stress::parse(argc, argv)); }
