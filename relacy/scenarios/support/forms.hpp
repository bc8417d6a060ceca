// Two forms of a waiting operation, so that a scenario is written once for both: the channel's blocking call
// (`blocking`), and its poll-based operation with a poll loop around it (`driven`).
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <chrono>
#include <source_location>
#include <utility>

#include "kernel/parcel.hpp"
#include "kernel/platform.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::relacy {

/// Provides a waker for a poll-based operation and counts its calls. It has to outlive every wake-up that may be
/// pending.
class counting_waker {
  public:
    [[nodiscard]] tailrace::waker waker() noexcept {
        return {[](void* self) noexcept { static_cast<counting_waker*>(self)->wake(); }, this};
    }
    /// Sleeps until the waker is called. If it never is, that is a deadlock.
    void sleep() { parker_.park(); }
    [[nodiscard]] unsigned count() const noexcept { return count_; }

  private:
    void wake() {
        ++count_;
        parker_.unpark();
    }

    relacy_platform::parker parker_;
    unsigned count_ = 0;
};

/// Polls an operation until it finishes, and sleeps in between. It is woken once, and the next poll finishes it.
template <class Operation>
auto drive(Operation operation, counting_waker& wakes, std::source_location at = std::source_location::current()) {
    const unsigned before = wakes.count();
    auto result = operation.poll(wakes.waker());
    if (!result) {
        wakes.sleep();
        result = operation.poll(wakes.waker());
        expect(result.has_value(), "an operation that was woken finishes when it is polled", at);
        expect(wakes.count() == before + 1, "an operation is woken once", at);
    }
    return std::move(*result);
}

/// The time-out of scenarios with a deadline. It expires at any moment, or never.
inline constexpr std::chrono::seconds a_while{1};

inline void expect_deadline_passed(std::source_location at = std::source_location::current()) {
    expect(simulation::now() >= a_while, "a timeout is reported only after the deadline", at);
}

struct blocking {
    static constexpr const char* name = "blocking";

    template <class Receiver>
    static auto recv(Receiver& rx) {
        return rx.blocking_recv();
    }
    template <class Sender>
    static auto send(Sender& tx, parcel value) {
        return tx.blocking_send(std::move(value));
    }
    template <class Sender>
    static auto reserve(Sender& tx) {
        return tx.blocking_reserve();
    }
};

struct driven {
    static constexpr const char* name = "driven";

    template <class Receiver>
    static auto recv(Receiver& rx) {
        counting_waker wakes;
        return drive(rx.recv(), wakes);
    }
    template <class Sender>
    static auto send(Sender& tx, parcel value) {
        counting_waker wakes;
        return drive(tx.send(std::move(value)), wakes);
    }
    template <class Sender>
    static auto reserve(Sender& tx) {
        counting_waker wakes;
        return drive(tx.reserve(), wakes);
    }
};

}  // namespace tailrace::relacy
