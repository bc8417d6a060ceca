// Scenarios of a wait that the channel or one of up to two clocks may end, each from a separate thread: the last of
// them resumes the waiter, once, and none accesses the wait afterwards. The wait is destroyed then, so a late access is
// a use after free.
//
// Clauses: send_timeout.*, recv.timeout, cancel.driven. The optimised channel only: the reference channel has its own
// deadlines.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/manual_clock.hpp"

namespace tailrace::relacy::interruption {

using simulated_clock = basic_manual_clock<relacy_platform::mutex>;
using namespace std::chrono_literals;

/// The wait is on the heap, where the simulation detects an access after its end. `meanwhile` runs before the task
/// sleeps.
template <class Operation, class Meanwhile = void (*)()>
auto wait_on_the_heap(Operation op, Meanwhile meanwhile = [] {}) {
    counting_waker wakes;
    auto wait = std::unique_ptr<decltype(detail::wait_of(std::move(op)))>(
        new decltype(detail::wait_of(std::move(op)))(detail::wait_of(std::move(op))));
    bool over = false;
    const bool decided = wait->start(wakes.waker(), over);
    meanwhile();
    if (!decided) wakes.sleep();
    expect(!over, "the waiter has not left yet");
    auto result = wait->finish();
    wait.reset();
    expect(wakes.count() <= 1, "a wait is woken once");
    return result;
}

/// A send, a receive that frees capacity, and the deadline, in any order.
template <class Target, class Form>
class send : public full_channel<Target> {
  public:
    static constexpr const char* name = "interruption.send";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = wait_on_the_heap(with_timeout(this->tx_->send(this->book_.make(2)), 5ms, clock_));
            if (result) {
                this->book_.sent(2);
            } else {
                expect(result.error().reason == timeout_error::timeout, "the channel stays open");
                expect(clock_.now().time_since_epoch() >= 5ms, "a timeout is reported only after the deadline");
                this->book_.refused(result.error().value, 2);
            }
        } else if (index == 1) {
            clock_.advance(5ms);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
    }

  private:
    simulated_clock clock_;
};

/// A send, the channel closed, and the deadline.
template <class Target, class Form>
class send_against_close : public full_channel<Target> {
  public:
    static constexpr const char* name = "interruption.send_against_close";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = wait_on_the_heap(with_timeout(this->tx_->send(this->book_.make(2)), 5ms, clock_));
            expect(!result, "there never is capacity for it");
            this->book_.refused(result.error().value, 2);
        } else if (index == 1) {
            clock_.advance(5ms);
        } else {
            this->rx_->close();
        }
    }

  private:
    simulated_clock clock_;
};

/// A receive, the value for it, and the deadline: after a timeout the value is still there.
template <class Target, class Form>
class recv : public full_channel<Target> {
  public:
    static constexpr const char* name = "interruption.recv";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_value(Form::recv(*this->rx_), 1);
            const auto result = wait_on_the_heap(with_timeout(this->rx_->recv(), 5ms, clock_));
            if (result) {
                expect(this->book_.received(*result) == 2, "the value that is first in the queue");
            } else {
                expect(clock_.now().time_since_epoch() >= 5ms, "a timeout is reported only after the deadline");
                this->expect_value(Form::recv(*this->rx_), 2);
            }
        } else if (index == 1) {
            clock_.advance(5ms);
        } else {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(2)), 2);
        }
    }

  private:
    simulated_clock clock_;
};

/// The same for a wait for the close.
template <class Target, class Form>
class listen : public full_channel<Target> {
  public:
    static constexpr const char* name = "interruption.listen";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const bool closed = wait_on_the_heap(with_timeout(this->tx_->closed(), 5ms, clock_));
            expect(closed || clock_.now().time_since_epoch() >= 5ms, "a timeout is reported only after the deadline");
        } else if (index == 1) {
            clock_.advance(5ms);
        } else {
            this->rx_->close();
        }
    }

  private:
    simulated_clock clock_;
};

/// Two deadlines around one send, on clocks of different threads, and a receive that frees capacity: the wait is woken
/// once, by the last event.
template <class Target, class Form>
class two_clocks : public full_channel<Target> {
  public:
    static constexpr const char* name = "interruption.two_clocks";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = wait_on_the_heap(
                with_timeout(with_timeout(this->tx_->send(this->book_.make(2)), 5ms, first_), 5ms, second_));
            if (result) {
                this->book_.sent(2);
            } else {
                expect(result.error().reason == timeout_error::timeout, "the channel stays open");
                expect(first_.now().time_since_epoch() >= 5ms || second_.now().time_since_epoch() >= 5ms,
                       "a timeout is reported only after a deadline");
                this->book_.refused(result.error().value, 2);
            }
        } else if (index == 1) {
            first_.advance(5ms);
        } else {
            second_.advance(5ms);
            this->expect_value(Form::recv(*this->rx_), 1);
        }
    }

  private:
    simulated_clock first_;
    simulated_clock second_;
};

template <class Target>
bool enroll_all() {
    return enroll<send, Target, blocking>() && enroll<send, Target, driven>() &&
           enroll<send_against_close, Target, driven>() && enroll<recv, Target, blocking>() &&
           enroll<recv, Target, driven>() && enroll<listen, Target, driven>() && enroll<two_clocks, Target, driven>();
}

}  // namespace tailrace::relacy::interruption
