// The wake board of a run: its tasks' sleep and wake-ups, and the ends of its values.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "program/concurrent_program.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// Counting wakers: how many tasks are awake, which operations were woken, which values were destroyed. Called by any
/// thread that runs the channel's code.
class wake_board final : public session_events {
  public:
    static constexpr std::size_t most_operations = (most_tasks + 1) * names_per_task;
    static constexpr std::size_t most_values = 4'096;

    enum : std::uint32_t { quiet, signalled, asleep, stopped };

    void clear(std::uint32_t awake) {
        for (auto& w : wakes_) w.store(quiet, std::memory_order_relaxed);
        for (auto& d : destroyed_) d.store(0, std::memory_order_relaxed);
        awake_.store(awake, std::memory_order_release);
        stopping_.store(false, std::memory_order_release);
    }

    void woken(std::uint32_t operation) noexcept override {
        // Counted before the sleeper can go on and fall asleep again. The caller is awake, so taking it back cannot
        // bring the number to 0.
        awake_.fetch_add(1, std::memory_order_relaxed);
        std::uint32_t was = wakes_[operation].load(std::memory_order_relaxed);
        while (was != stopped && !wakes_[operation].compare_exchange_weak(was, signalled, std::memory_order_acq_rel)) {
        }
        if (was == asleep) {
            wakes_[operation].notify_one();
        } else {
            leave();
        }
    }
    void destroyed(model::value_id v) noexcept override {
        destroyed_[v % most_values].fetch_add(1, std::memory_order_relaxed);
    }
    [[nodiscard]] unsigned times_destroyed(model::value_id v) const {
        return destroyed_[v % most_values].load(std::memory_order_relaxed);
    }

    /// Sleeps until the operation is woken: true. False if no other task is left to wake it.
    bool sleep(std::uint32_t operation, bool& slept) {
        std::atomic<std::uint32_t>& mine = wakes_[operation];
        std::uint32_t is = quiet;
        if (mine.compare_exchange_strong(is, asleep, std::memory_order_acq_rel)) {
            slept = true;
            leave();
            mine.wait(asleep, std::memory_order_acquire);
            is = mine.load(std::memory_order_acquire);
        }
        if (is == stopped) return false;
        mine.store(quiet, std::memory_order_relaxed);
        return true;
    }

    /// One task fewer is awake.
    void leave() {
        if (awake_.fetch_sub(1, std::memory_order_acq_rel) == 1) awake_.notify_all();
    }
    [[nodiscard]] std::uint32_t awake() const { return awake_.load(std::memory_order_acquire); }
    /// Whether at most one task is awake: the caller. Orders nothing.
    [[nodiscard]] bool others_rest() const { return awake_.load(std::memory_order_relaxed) <= 1; }
    void wait_for_quiescence() {
        for (std::uint32_t n = awake(); n != 0; n = awake()) awake_.wait(n, std::memory_order_acquire);
    }

    /// From now on no task begins a step.
    void stop() { stopping_.store(true, std::memory_order_seq_cst); }
    [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_acquire); }
    /// Every sleeping task is to end; it counts as awake until it has.
    void stop_sleepers() {
        for (auto& w : wakes_) {
            std::uint32_t was = asleep;
            if (!w.compare_exchange_strong(was, stopped, std::memory_order_acq_rel)) continue;
            awake_.fetch_add(1, std::memory_order_relaxed);
            w.notify_one();
        }
    }

  private:
    std::array<std::atomic<std::uint32_t>, most_operations> wakes_{};
    std::array<std::atomic<std::uint8_t>, most_values> destroyed_{};
    std::atomic<std::uint32_t> awake_{0};
    std::atomic<bool> stopping_{false};
};

}  // namespace tailrace::verify
