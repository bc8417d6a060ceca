// Those who wait for the close: all of them are woken, whoever closes, whatever else the senders do, and none of them
// is touched once it has given up.
//
// Clauses: closed.*, close.wake-order, cancel.driven, recv.woken.
// After a change here run: ctest -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::listeners {

template <class Sender>
void wait_for_close(const Sender& tx, alarm& bell) {
    (void)drive(tx.closed(), bell);
    expect(tx.is_closed(), "who was told that it has closed sees it closed");
}

/// Two listen, on two senders, and the receiver goes.
template <class Target, class Form>
class two_against_receiver_drop : public full_channel<Target> {
  public:
    static constexpr const char* name = "listeners.two_against_receiver_drop";
    static constexpr unsigned threads = 3;

    two_against_receiver_drop() : other_(this->tx_->clone()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            wait_for_close(*this->tx_, bells_[0]);
        } else if (index == 1) {
            wait_for_close(*other_, bells_[1]);
            other_.reset();
        } else {
            this->rx_.reset();
        }
    }

  private:
    alarm bells_[2];
    std::optional<typename full_channel<Target>::sender> other_;
};

/// One sends, one listens, and the receiver takes what was sent before it goes: the send cannot fail.
template <class Target, class Form>
class send_listen_and_go : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "listeners.send_listen_and_go";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_sent(this->tx_->try_send(this->book_.make(1)), 1);
        } else if (index == 1) {
            wait_for_close(*this->tx_, bell_);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->rx_.reset();
        }
    }

  private:
    alarm bell_;
};

/// One of two gives up while the close wakes them.
template <class Target, class Form>
class cancel_against_close : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "listeners.cancel_against_close";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto listening = this->tx_->closed();
            (void)listening.poll(bells_[0].waker());
        } else if (index == 1) {
            wait_for_close(*this->tx_, bells_[1]);
        } else {
            this->rx_->close();
        }
    }

  private:
    alarm bells_[2];
};

/// A sender waits for room and another one for the close: one close wakes both.
template <class Target, class Form>
class beside_a_waiting_send : public full_channel<Target> {
  public:
    static constexpr const char* name = "listeners.beside_a_waiting_send";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            expect(!this->settle(Form::send(*this->tx_, this->book_.make(2)), 2), "there never was room for it");
        } else if (index == 1) {
            wait_for_close(*this->tx_, bell_);
        } else {
            this->rx_->close();
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    alarm bell_;
};

template <class Target>
bool enroll_all() {
    return enroll<two_against_receiver_drop, Target, driven>() && enroll<send_listen_and_go, Target, blocking>() &&
           enroll<send_listen_and_go, Target, driven>() && enroll<cancel_against_close, Target, driven>() &&
           enroll<beside_a_waiting_send, Target, blocking>() && enroll<beside_a_waiting_send, Target, driven>();
}

}  // namespace tailrace::relacy::listeners
