// The two forms of a waiting operation, so that a scenario is written once for both: the channel's
// blocking form, and its driven form with a small loop of our own around it.
// After a change here run: ctest -L relacy && ci/mutants -R scenarios
#pragma once

#include <chrono>
#include <source_location>
#include <utility>

#include "kernel/parcel.hpp"
#include "kernel/platform.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::relacy {

/// Whom a driven operation wakes. It has to outlive every wake-up that may still be on its way.
class alarm {
  public:
    [[nodiscard]] tailrace::waker waker() noexcept {
        return {[](void* self) noexcept { static_cast<alarm*>(self)->ring(); }, this};
    }
    /// Sleeps until it rings: for ever, which is a deadlock, if it never does.
    void sleep() { bed_.park(); }
    [[nodiscard]] unsigned rings() const noexcept { return rings_; }

  private:
    void ring() {
        ++rings_;
        bed_.unpark();
    }

    relacy_platform::parker bed_;
    unsigned rings_ = 0;
};

/// Polls to the end, sleeping in between. A wake-up comes once, and means that the next poll
/// finishes.
template <class Operation>
auto drive(Operation operation, alarm& bell, std::source_location at = std::source_location::current()) {
    const unsigned before = bell.rings();
    auto result = operation.poll(bell.waker());
    if (!result) {
        bell.sleep();
        result = operation.poll(bell.waker());
        expect(result.has_value(), "an operation that was woken finishes when it is polled", at);
        expect(bell.rings() == before + 1, "an operation is woken once", at);
    }
    return std::move(*result);
}

/// How long scenarios with a deadline wait: it comes at any moment, or never.
inline constexpr std::chrono::seconds a_while{1};

inline void expect_deadline_passed(std::source_location at = std::source_location::current()) {
    expect(simulation::now() >= a_while, "timeout is said only after the deadline", at);
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
        alarm bell;
        return drive(rx.recv(), bell);
    }
    template <class Sender>
    static auto send(Sender& tx, parcel value) {
        alarm bell;
        return drive(tx.send(std::move(value)), bell);
    }
    template <class Sender>
    static auto reserve(Sender& tx) {
        alarm bell;
        return drive(tx.reserve(), bell);
    }
};

}  // namespace tailrace::relacy
