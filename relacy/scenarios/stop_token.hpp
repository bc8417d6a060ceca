// Scenarios of a wait that the channel or a stop request may end, each from a separate thread. As with a clock
// (interruption.hpp), the last event resumes the waiter, once, and the wait is not accessed afterwards.
//
// std::stop_token itself is not simulated. All simulated threads are one OS thread, so the deregistration of a callback
// does not wait for one that is running: the search covers the harder case.
//
// Clauses: cancel.driven, send.err-returns-value. The optimised channel only: the reference channel has no stop
// tokens.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <stop_token>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/interruption.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/stop.hpp"

namespace tailrace::relacy::stop_token {

using interruption::wait_on_the_heap;

/// A send, the receive that frees capacity for it, and the stop request.
template <class Target, class Form>
class send : public full_channel<Target> {
  public:
    static constexpr const char* name = "stop_token.send";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = wait_on_the_heap(with_stop(this->tx_->send(this->book_.make(2)), stop_.get_token()));
            expect(result || result.error().reason == stop_error::stopped, "the channel stays open");
            expect(result || stop_.stop_requested(), "stopped is reported only after the stop request");
            (void)this->settle(result, 2);
        } else if (index == 1) {
            stop_.request_stop();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
    }

  private:
    std::stop_source stop_;
};

/// A send, the close and the stop request: the send is refused with its value, whichever comes first.
template <class Target, class Form>
class send_against_close : public full_channel<Target> {
  public:
    static constexpr const char* name = "stop_token.send_against_close";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = wait_on_the_heap(with_stop(this->tx_->send(this->book_.make(2)), stop_.get_token()));
            expect(!this->settle(result, 2), "there never is capacity for it");
        } else if (index == 1) {
            stop_.request_stop();
        } else {
            this->rx_->close();
        }
    }

  private:
    std::stop_source stop_;
};

/// A hold, the permit that it waits for, and the stop request: it gets two permits or none, and all are returned.
template <class Target, class Form>
class hold : public open_channel<Target, 2, 1> {
  public:
    static constexpr const char* name = "stop_token.hold";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto result = wait_on_the_heap(with_stop(this->tx_->reserve_many(2), stop_.get_token()));
            expect(!result || result->size() == 2, "both or none");
        } else if (index == 1) {
            stop_.request_stop();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
    }

  private:
    std::stop_source stop_;
};

/// A receive, a value, and the stop request: a stopped receive has taken nothing.
template <class Target, class Form>
class recv : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "stop_token.recv";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = wait_on_the_heap(with_stop(this->rx_->recv(), stop_.get_token()));
            if (result) {
                expect(this->book_.received(*result) == 1, "the value that was sent");
            } else {
                expect(stop_.stop_requested(), "stopped is reported only after the stop request");
                this->expect_value(Form::recv(*this->rx_), 1);
            }
        } else if (index == 1) {
            stop_.request_stop();
        } else {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(1)), 1);
        }
    }

  private:
    std::stop_source stop_;
};

/// The consumer closes beside its own parked receive, and the stop request ends that receive: it is destroyed once it
/// has finished, and the close, which wakes a listener first, does not access it afterwards.
template <class Target, class Form>
class recv_and_close : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "stop_token.recv_and_close";

    void thread(unsigned index) override {
        if (index == 0) {
            auto listening = this->tx_->closed();
            expect(!listening.poll(listens_.waker()), "the channel is open");
            const auto result = wait_on_the_heap(with_stop(this->rx_->recv(), stop_.get_token()), [&] {
                this->rx_->close();
                expect(listens_.count() == 1, "the close wakes the listener");
            });
            expect(!result, "nothing was sent");
            this->expect_end(Form::recv(*this->rx_));
        } else {
            stop_.request_stop();
        }
    }

  private:
    std::stop_source stop_;
    counting_waker listens_;
};

template <class Target>
bool enroll_all() {
    return enroll<send, Target, blocking>() && enroll<send, Target, driven>() &&
           enroll<send_against_close, Target, driven>() && enroll<hold, Target, driven>() &&
           enroll<recv, Target, blocking>() && enroll<recv, Target, driven>() &&
           enroll<recv_and_close, Target, driven>();
}

}  // namespace tailrace::relacy::stop_token
