// A run of a million messages. They are too many for a linearizability search, so their order is checked as they come.
// After a change here run: ci/test -L proptests -R threads
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <utility>

#include "engine/threads.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::status;
using model::step;
using model::verb;

constexpr unsigned sender_bits = 8;

/// The parkers of the tasks: each task has one operation at a time, with the number of the task.
class parkers final : public session_events {
  public:
    void woken(std::uint32_t operation) noexcept override {
        wakes_[operation].store(1, std::memory_order_release);
        wakes_[operation].notify_one();
    }
    void destroyed(model::value_id) noexcept override { destroyed_.fetch_add(1, std::memory_order_relaxed); }
    void sleep(std::uint32_t operation) {
        wakes_[operation].wait(0, std::memory_order_acquire);
        wakes_[operation].store(0, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t destroyed() const { return destroyed_.load(); }

  private:
    std::array<std::atomic<std::uint32_t>, 64> wakes_{};
    std::atomic<std::uint64_t> destroyed_{0};
};

model::answer wait_for(task_session& on, parkers& in, const step& s) {
    const step poll{.what = verb::poll, .subject = {handle_kind::operation, s.operation}};
    (void)on.act(s);
    for (;;) {
        model::answer a = on.act(poll);
        if (a.status != status::pending) return a;
        in.sleep(s.operation);
    }
}

/// Receives until the end; says what is wrong, if anything is.
std::string receive_all(task_session& on, parkers& in, std::uint32_t senders, std::uint64_t each, const long_run& r,
                        bool& ended) {
    std::vector<std::uint64_t> next(senders, 0);
    std::uint64_t received = 0;
    for (;; ++received) {
        if (r.alive && received % 4'096 == 0) r.alive(received);
        ended = r.over && received % 4'096 == 0 && r.over();
        if (ended) return {};
        const model::answer a = wait_for(on, in, {.what = verb::recv, .subject = {}, .operation = senders});
        if (a.status != status::some) break;
        const auto from = static_cast<std::uint32_t>((*a.value & ((1u << sender_bits) - 1)) - 1);
        const std::uint64_t number = *a.value >> sender_bits;
        if (from >= senders) return fmt::format("v{} was never sent", *a.value);
        if (number != next[from]) {
            return fmt::format("value {} of sender {} was received where {} was next", number, from, next[from]);
        }
        ++next[from];
    }
    if (received != each * senders) {
        return fmt::format("{} of {} values were received", received, each * senders);
    }
    return {};
}

}  // namespace

std::string run_in_order(const target& t, const long_run& r) {
    parkers in;
    const std::unique_ptr<task_session> root = t.open_tasks(reachable(t, r.capacity), in, r.noisy);
    std::vector<std::unique_ptr<task_session>> tasks;
    for (std::uint32_t i = 0; i < r.senders; ++i) {
        tasks.push_back(root->branch());
        root->name_next(i + 1);
        (void)root->act({.what = verb::clone, .subject = {handle_kind::sender, 0}});
        root->give({handle_kind::sender, i + 1}, *tasks.back());
    }
    tasks.push_back(root->branch());
    root->give({}, *tasks.back());
    (void)root->act({.what = verb::drop, .subject = {handle_kind::sender, 0}});

    std::string problem;
    bool ended = false;  // early, for the time was over
    std::atomic<bool> refused{false};
    {
        std::vector<std::jthread> threads;
        for (std::uint32_t i = 0; i < r.senders; ++i) {
            threads.emplace_back([&, i] {
                const model::handle sender{handle_kind::sender, i + 1};
                for (std::uint64_t n = 0; n < r.messages / r.senders; ++n) {
                    const model::value_id v = n << sender_bits | (i + 1);
                    const model::answer a =
                        wait_for(*tasks[i], in, {.what = verb::send, .subject = sender, .value = v, .operation = i});
                    if (a.status == status::ok) continue;
                    refused.store(true);
                    break;
                }
                (void)tasks[i]->act({.what = verb::drop, .subject = sender});
            });
        }
        problem = receive_all(*tasks.back(), in, r.senders, r.messages / r.senders, r, ended);
        // Senders that still wait must end.
        (void)tasks.back()->act({.what = verb::drop, .subject = {}});
    }
    if (!problem.empty() || ended) return problem;
    if (refused.load()) return "a send failed on a channel that was open";
    if (in.destroyed() != 0) return fmt::format("{} values were destroyed", in.destroyed());
    return {};
}

}  // namespace tailrace::verify
