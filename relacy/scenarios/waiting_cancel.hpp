// Scenarios of a waiting operation that is cancelled, or polled again with another waker, against the receiver: no
// permit and no wake-up is lost.
//
// Clauses: cancel.driven, permit.release, recv.woken, close.*.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::waiting_cancel {

/// Two sends wait and one of them is cancelled, at any moment: the other one succeeds.
template <class Target, class Form>
class against_receive : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_cancel.against_receive";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto operation = this->tx_->send(this->book_.make(2));
            if (const auto result = operation.poll(wakes_.waker())) this->expect_sent(*result, 2);
        } else if (index == 1) {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(3)), 3);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            if (this->take_value(Form::recv(*this->rx_)) == 2) this->expect_value(Form::recv(*this->rx_), 3);
        }
    }

  private:
    counting_waker wakes_;
};

/// The channel is closed, and the only permit is held by a wait that is cancelled: its return is the end, and wakes the
/// receive.
template <class Target, class Form>
class against_close : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_cancel.against_close";

    void thread(unsigned index) override {
        if (index == 0) {
            auto operation = this->tx_->reserve();
            (void)operation.poll(wakes_.waker());
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->rx_->close();
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    counting_waker wakes_;
};

/// One close wakes two waiters, while the first of them is cancelled.
template <class Target, class Form>
class against_wakes : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_cancel.against_wakes";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            this->give_up_a_send(2, wakes_);
        } else if (index == 1) {
            expect(!this->settle(Form::send(*this->tx_, this->book_.make(3)), 3), "there never was capacity for it");
        } else {
            this->rx_->close();
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    counting_waker wakes_;
};

/// An operation is polled again with another waker: from then on only that one is called.
template <class Target, class Form>
class new_waker : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_cancel.new_waker";

    void thread(unsigned index) override {
        if (index == 0) {
            auto operation = this->tx_->send(this->book_.make(2));
            auto result = operation.poll(first_.waker());
            if (!result) result = operation.poll(second_.waker());
            if (!result) {
                second_.sleep();
                expect(first_.count() == 0, "a waker that was replaced before the wake-up is not called");
                result = operation.poll(second_.waker());
            }
            expect(result.has_value(), "an operation that was woken finishes when it is polled");
            this->expect_sent(*result, 2);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_value(Form::recv(*this->rx_), 2);
        }
    }

  private:
    counting_waker first_;
    counting_waker second_;
};

template <class Target>
bool enroll_all() {
    return enroll<against_receive, Target, blocking>() && enroll<against_receive, Target, driven>() &&
           enroll<against_close, Target, blocking>() && enroll<against_close, Target, driven>() &&
           enroll<against_wakes, Target, blocking>() && enroll<against_wakes, Target, driven>() &&
           enroll<new_waker, Target, driven>();
}

}  // namespace tailrace::relacy::waiting_cancel
