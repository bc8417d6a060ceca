// Scenarios of waits for the close (listeners): a close wakes all of them, whatever the other tasks do, and no listener
// is accessed after its cancellation.
//
// Clauses: closed.*, close.wake-order, cancel.driven, recv.woken.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::listeners {

template <class Sender>
void wait_for_close(const Sender& tx, counting_waker& wakes) {
    (void)drive(tx.closed(), wakes);
    expect(tx.is_closed(), "a listener that was woken by the close sees it closed");
}

/// Two listeners, on two senders, and the receiver is dropped.
template <class Target, class Form>
class two_against_receiver_drop : public full_channel<Target> {
  public:
    static constexpr const char* name = "listeners.two_against_receiver_drop";
    static constexpr unsigned threads = 3;

    two_against_receiver_drop() : other_(this->tx_->clone()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            wait_for_close(*this->tx_, wakes_[0]);
        } else if (index == 1) {
            wait_for_close(*other_, wakes_[1]);
            other_.reset();
        } else {
            this->rx_.reset();
        }
    }

  private:
    counting_waker wakes_[2];
    std::optional<typename full_channel<Target>::sender> other_;
};

/// One task sends, one listens, and the receiver takes the value before it is dropped: the send cannot fail.
template <class Target, class Form>
class send_listen_and_go : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "listeners.send_listen_and_go";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_sent(this->tx_->try_send(this->book_.make(1)), 1);
        } else if (index == 1) {
            wait_for_close(*this->tx_, wakes_);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->rx_.reset();
        }
    }

  private:
    counting_waker wakes_;
};

/// One of two listeners is cancelled while the close wakes them.
template <class Target, class Form>
class cancel_against_close : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "listeners.cancel_against_close";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto listening = this->tx_->closed();
            (void)listening.poll(wakes_[0].waker());
        } else if (index == 1) {
            wait_for_close(*this->tx_, wakes_[1]);
        } else {
            this->rx_->close();
        }
    }

  private:
    counting_waker wakes_[2];
};

/// One sender waits for capacity and another one for the close: one close wakes both.
template <class Target, class Form>
class beside_a_waiting_send : public full_channel<Target> {
  public:
    static constexpr const char* name = "listeners.beside_a_waiting_send";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            expect(!this->settle(Form::send(*this->tx_, this->book_.make(2)), 2), "there never was capacity for it");
        } else if (index == 1) {
            wait_for_close(*this->tx_, wakes_);
        } else {
            this->rx_->close();
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    counting_waker wakes_;
};

template <class Target>
bool enroll_all() {
    return enroll<two_against_receiver_drop, Target, driven>() && enroll<send_listen_and_go, Target, blocking>() &&
           enroll<send_listen_and_go, Target, driven>() && enroll<cancel_against_close, Target, driven>() &&
           enroll<beside_a_waiting_send, Target, blocking>() && enroll<beside_a_waiting_send, Target, driven>();
}

}  // namespace tailrace::relacy::listeners
