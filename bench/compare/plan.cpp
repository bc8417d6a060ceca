// The contestants and the rows. A new row is a call below; a new contestant is a line in known_contestants, and its
// program lists it.
// After a change here run: ci/test -L bench && ci/bench --rows W1
#include "compare/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace bench {

namespace {

using parameters = std::map<std::string, std::uint64_t>;

class plan {
  public:
    explicit plan(form f) : full_(f == form::full) {}

    void without_waiting() {
        for (const int c : full_ ? std::vector{1, 64, 1024} : std::vector{64}) {
            for (const int size : {8, 64}) {
                add("W1", "W1", fmt::format("c{}", c), size, "one thread, try_send and try_recv", {{"capacity", c}});
            }
        }
        for (const int size : {8, 64}) {
            add("W2", "W2", "c1024", size, "one thread, fill and drain", {{"capacity", 1024}});
        }
        for (const int size : full_ ? std::vector{8, 64} : std::vector{8}) {
            add("permits", "permits", "c64", size, "one thread, try_reserve, permit.send and try_recv",
                {{"capacity", 64}}, "tailrace|reference|tokio");
        }
    }

    void threads() {
        for (const int senders : {1, 4}) {
            const char* workload = senders == 1 ? "W3" : "W4";
            const std::string title = fmt::format("threads that block, senders: {}", senders);
            for (const auto& [c, size] : capacities_and_sizes()) {
                auto& r = add(workload, workload, fmt::format("c{}", c), size, title,
                              {{"capacity", c}, {"senders", senders}});
                r.two_threads = true;
            }
        }
        for (const int c : full_ ? std::vector{64, 1024} : std::vector{1024}) {
            auto& r = add("recv_many_threads", "recv_many threads", fmt::format("c{}", c), 8,
                          "threads that block, up to 64 received at once", {{"capacity", c}}, "tailrace|reference");
            r.two_threads = true;
        }
        for (const int busy : {0, 1, 2, 3, 4}) {
            auto& r =
                add("W10", "W10", fmt::format("b{}", busy), 8,
                    fmt::format("one value to another thread and back, busy threads beside: {}; a hand-off", busy),
                    {{"busy", busy}});
            r.counted = false;
            r.normal_priority = true;
            r.two_threads = true;
            in_series(r, "W10", busy);
        }
    }

    void tasks() {
        for (const auto& [c, size] : capacities_and_sizes()) {
            add("W5", "W5", fmt::format("c{}", c), size, "two tasks on one thread", {{"capacity", c}});
        }
        const std::vector<std::pair<int, int>> few = {{4, 1}, {64, 64}, {64, 1024}, {1000, 1024}};
        std::vector<std::pair<int, int>> all;
        for (const int p : {4, 64, 1000}) {
            for (const int c : {1, 64, 1024}) all.emplace_back(p, c);
        }
        for (const auto& [p, c] : full_ ? all : few) {
            for (const int size : {8, 64}) {
                if (size == 64 && !(p == 64 && c == 64) && !full_) continue;
                auto& r = add("W6", "W6", fmt::format("p{} c{}", p, c), size,
                              fmt::format("tasks on two threads, senders: {}", p), {{"capacity", c}, {"senders", p}});
                r.two_threads = true;
            }
        }
        for (const auto& [c, size] : full_ ? capacities_and_sizes() : std::vector<std::pair<int, int>>{{64, 8}}) {
            add("W7", "W7", fmt::format("c{}", c), size, "two tasks on one thread, reserve and permit.send",
                {{"capacity", c}}, "tailrace|tailrace-queue|tailrace-send|reference|tokio");
        }
        for (const int size : full_ ? std::vector{8, 64} : std::vector{8}) {
            add("W8", "W8", "c1", size, "ping-pong of two tasks on one thread; a round trip", {});
        }
        add("recv_many", "recv_many", "c64", 8, "two tasks on one thread, up to 64 received at once",
            {{"capacity", 64}}, "tailrace.*|reference|tokio");
    }

    void memory() {
        for (const int size : {8, 64}) {
            for (const int c : {1, 64, 1024, 1'000'000}) {
                if (size == 64 && c != 64 && !full_) continue;
                of_memory("idle", c, size, "a channel that was never used", c > 100'000 ? 4 : 500);
            }
            of_memory("filled", 1024, size, "a full channel; per value in it", 100);
            of_memory("drained", 1024, size, "a channel that was full once", 100);
        }
    }

    /// Cost that has to stay the same.
    void flat() {
        for (const int c :
             full_ ? std::vector{1, 10, 100, 1000, 10'000, 100'000, 1'000'000} : std::vector{1, 1000, 1'000'000}) {
            auto& r = add("W1", "capacity", fmt::format("{}", c), 8, "W1 at each capacity", {{"capacity", c}},
                          "tailrace|tokio|crossbeam|std|boost-fiber|go|mutex");
            r.least_messages = 2 * static_cast<std::uint64_t>(c);  // twice around a ring
            in_series(r, "capacity", c);
        }
        for (const int p : full_ ? std::vector{1, 10, 100, 1000, 10'000} : std::vector{1, 100, 10'000}) {
            auto& r =
                add("W5", "waiting", fmt::format("{}", p), 8, "W5 at capacity 1, with so many senders, which wait",
                    {{"capacity", 1}, {"senders", p}}, "tailrace|tailrace-queue|tokio|flume|async-channel|futures|go");
            r.least_messages = 30 * static_cast<std::uint64_t>(p);
            in_series(r, "waiting", p);
        }
    }

    std::vector<planned_row> rows;

  private:
    [[nodiscard]] std::vector<std::pair<int, int>> capacities_and_sizes() const {
        if (full_) return {{1, 8}, {64, 8}, {1024, 8}, {1, 64}, {64, 64}, {1024, 64}};
        return {{1, 8}, {64, 8}, {1024, 8}, {64, 64}};
    }

    planned_row& add(const std::string& workload, const std::string& group, const std::string& variant, int size,
                     std::string title, const std::map<std::string, int>& with, std::string only = "") {
        planned_row& r = rows.emplace_back();
        r.row.id = fmt::format("{} {} {}B", group, variant, size);
        r.row.title = std::move(title);
        r.row.group = group;
        r.row.unit = "ns";
        r.workload = workload;
        r.parameters["size"] = static_cast<std::uint64_t>(size);
        for (const auto& [key, value] : with) r.parameters[key] = static_cast<std::uint64_t>(value);
        r.only = std::move(only);
        if (const auto p = r.parameters.find("senders"); p != r.parameters.end()) r.least_messages = 100 * p->second;
        return r;
    }
    static void in_series(planned_row& r, const char* series, int x) {
        r.row.series = series;
        r.row.x = x;
    }
    void of_memory(const char* workload, int capacity, int size, const char* title, int channels) {
        auto& r = add(workload, fmt::format("memory {}", workload), fmt::format("c{}", capacity), size, title,
                      {{"capacity", capacity}, {"channels", channels}});
        r.row.unit = "bytes";
        r.counted = false;
        r.once = true;
        r.normal_priority = true;
    }

    bool full_;
};

}  // namespace

const std::vector<known_contestant>& known_contestants() {
    static const std::vector<known_contestant> all = {
        {"tailrace", role::ours, "bench-tailrace", "",
         "tasks are coroutines that are resumed inline; in W6 started on two threads"},
        {"tailrace-queue", role::ours, "bench-tailrace", "", "coroutines on a tailrace::run_queue, on one thread"},
        {"tailrace-executor", role::ours, "bench-tailrace", "",
         "coroutines resumed by an executor: a plain queue, on one thread"},
        {"tailrace-one-thread", role::ours, "bench-tailrace", "", "W6 inline, all tasks started on one thread"},
        {"tailrace-pool", role::ours, "bench-tailrace", "", "coroutines on a tailrace::thread_pool of two threads"},
        {"tailrace-asio", role::ours, "bench-tailrace", "libboost1.81-dev", "coroutines on Asio's io_context"},
        {"tailrace-async", role::ours, "bench-tailrace", "libboost1.81-dev",
         "Asio's coroutines on its io_context, by tailrace::async"},
        {"tailrace-send", role::ours, "bench-tailrace", "", "W7 with plain sends"},
        {"tailrace-recv", role::ours, "bench-tailrace", "", "recv_many with plain receives"},
        {"reference", role::reference, "bench-tailrace", "",
         "this project's reference channel: the specification behind a mutex"},
        {"tokio", role::peer, "bench-rust", "librust-tokio-dev", "tokio::sync::mpsc::channel"},
        {"crossbeam", role::peer, "bench-rust", "librust-crossbeam-channel-dev", "crossbeam_channel::bounded"},
        {"std", role::peer, "bench-rust", "rustc", "std::sync::mpsc::sync_channel of Rust"},
        {"flume", role::peer, "bench-rust", "librust-flume-dev", "flume::bounded; tasks on tokio's executor"},
        {"async-channel", role::peer, "bench-rust", "librust-async-channel-dev",
         "async_channel::bounded; tasks on tokio's executor"},
        {"futures", role::peer, "bench-rust", "librust-futures-channel-dev",
         "futures::channel::mpsc::channel; tasks on tokio's executor"},
        {"go", role::peer, "bench-go", "golang-go", "a channel of Go; threads are locked goroutines"},
        {"asio-channel", role::peer, "bench-cpp", "libboost1.81-dev", "boost::asio::experimental::channel"},
        {"asio-concurrent", role::peer, "bench-cpp", "libboost1.81-dev",
         "boost::asio::experimental::concurrent_channel"},
        {"boost-fiber", role::peer, "bench-cpp", "libboost-fiber1.81-dev",
         "boost::fibers::buffered_channel; tasks are fibers"},
        {"tbb", role::peer, "bench-cpp", "libtbb-dev", "tbb::concurrent_bounded_queue"},
        {"moodycamel", role::peer, "bench-cpp", "libconcurrentqueue-dev",
         "BlockingConcurrentQueue, bounded by its LightweightSemaphore"},
        {"mutex", role::peer, "bench-cpp", "", "a ring, a mutex and two condition variables"},
        {"cache-line", role::floor, "bench-floor", "", "a cache line to another processor and back"},
    };
    return all;
}

std::vector<planned_row> planned_rows(form f) {
    plan p(f);
    p.without_waiting();
    p.threads();
    p.tasks();
    p.memory();
    p.flat();
    return std::move(p.rows);
}

}  // namespace bench
