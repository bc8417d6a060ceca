// Scenarios of try_recv, len, is_empty and capacity: the receiver never misses what happened before, and never sees a
// number that was not right at some moment.
//
// Clauses: try_recv.*, len.*, is_empty.*, capacity.*, thread-safe.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy::counting {

/// A send that has returned is counted, and a value can be received, although another sender may have an earlier ticket
/// and not have written yet.
template <class Target, class Form>
class own_send : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "counting.own_send";

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_sent(this->tx_->try_send(this->book_.make(1)), 1);
            expect(!this->rx_->is_empty(), "after a send it is not empty");
            expect(this->rx_->len() == 1 || this->rx_->len() == 2,
                   "after a send there is one value, or the other sender's as well");
            const auto p = this->rx_->try_recv();
            expect(p.has_value(), "after a send there is something to receive");
            (void)this->book_.received(*p);
        } else {
            this->expect_sent(this->tx_->try_send(this->book_.make(2)), 2);
        }
    }
};

/// Three tasks share two turns and two values: a task that has a turn always finds a value, and sends another one.
template <class Target, class Form>
class pool : public open_channel<Target, 2, 2> {
  public:
    static constexpr const char* name = "counting.pool";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        take_a_turn();
        std::unique_lock receiving(receivers_turn_);
        const auto p = this->rx_->try_recv();
        expect(p.has_value(), "a task that has a turn finds a value");
        (void)this->book_.received(*p);
        receiving.unlock();
        this->expect_sent(this->tx_->try_send(this->book_.make(3 + index)), 3 + index);
        give_the_turn_back();
    }

  private:
    void take_a_turn() {
        std::unique_lock guard(turns_lock_);
        while (turns_ == 0) turn_.wait(guard);
        --turns_;
    }
    void give_the_turn_back() {
        const std::lock_guard guard(turns_lock_);
        ++turns_;
        turn_.notify_one();
    }

    relacy_platform::mutex turns_lock_;
    relacy_platform::condition_variable turn_;
    unsigned turns_ = 2;
    relacy_platform::mutex receivers_turn_;
};

/// The last sender is dropped while the receiver counts and receives its values, in one block or two, until none is
/// left.
template <class Target, class Form>
class last_drop : public open_channel<Target, 3, 3> {
  public:
    static constexpr const char* name = "counting.last_drop";

    void thread(unsigned index) override {
        if (index == 0) {
            for (unsigned left = 3; left > 0; --left) {
                expect_left(left);
                this->expect_value(Form::recv(*this->rx_), 4 - left);
            }
            expect_left(0);
            this->expect_end(Form::recv(*this->rx_));
            expect_left(0);
        } else {
            this->tx_.reset();
        }
    }

  private:
    void expect_left(unsigned n) {
        expect(this->rx_->len() == n, "the end is not a value: it does not count");
        expect(this->rx_->is_empty() == (n == 0), "empty means that it has no value");
    }
};

/// Three senders are dropped independently, and a receive is parked: the last one wakes it, once.
template <class Target, class Form>
class one_end : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "counting.one_end";
    static constexpr unsigned threads = 3;

    one_end() : second_(this->tx_), third_(this->tx_) {}
    void thread(unsigned index) override {
        if (index == 0) {
            auto operation = this->rx_->recv();
            expect(!operation.poll(wakes_.waker()), "one sender is still there");
            this->tx_.reset();
            wakes_.sleep();
            const auto result = operation.poll(wakes_.waker());
            expect(result.has_value(), "an operation that was woken finishes when it is polled");
            this->expect_end(*result);
        } else {
            (index == 1 ? second_ : third_).reset();
        }
    }
    void finish() override {
        expect(wakes_.count() == 1, "an operation is woken once");
        open_channel<Target, 1>::finish();
    }

  private:
    counting_waker wakes_;
    std::optional<typename open_channel<Target, 1>::sender> second_;
    std::optional<typename open_channel<Target, 1>::sender> third_;
};

/// The last drop is one step: once the receiver has seen that no sender is left, nothing says any more that a value may
/// come.
template <class Target, class Form>
class seen_to_be_closed : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "counting.seen_to_be_closed";

    void thread(unsigned index) override {
        if (index == 1) {
            this->tx_.reset();
            return;
        }
        {
            auto parked = this->rx_->recv();
            auto result = parked.poll(wakes_.waker());
            if (!result && this->rx_->is_closed()) {
                result = parked.poll(wakes_.waker());
                expect(result.has_value(), "no sender is left: a receive that is polled says none");
            }
            if (result) this->expect_end(*result);
        }
        if (!this->rx_->is_closed()) return;
        const auto p = this->rx_->try_recv();
        expect(!p && p.error() == try_recv_error::disconnected, "no sender is left: disconnected");
    }

  private:
    counting_waker wakes_;
};

/// The return of the last permit is one step too: once the receiver has seen that a closed channel is idle, a parked
/// receive that is polled says none.
template <class Target, class Form>
class seen_to_be_idle : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "counting.seen_to_be_idle";

    seen_to_be_idle() : permit_(this->one_permit()) { this->rx_->close(); }
    void thread(unsigned index) override {
        if (index == 1) {
            permit_.reset();
            return;
        }
        auto parked = this->rx_->recv();
        auto result = parked.poll(wakes_.waker());
        if (!result && this->rx_->capacity() == 1) {
            result = parked.poll(wakes_.waker());
            expect(result.has_value(), "closed and idle: a receive that is polled says none");
        }
        if (result) this->expect_end(*result);
    }

  private:
    std::optional<typename open_channel<Target, 1>::permit> permit_;
    counting_waker wakes_;
};

/// A receiver that looks again and again gets every value before it gets the end.
template <class Target, class Form>
class asking_until_the_end : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "counting.asking_until_the_end";

    void thread(unsigned index) override {
        if (index == 0) {
            for (int asked = 0; asked < 2; ++asked) {
                const auto p = this->rx_->try_recv();
                if (p) {
                    (void)this->book_.received(*p);
                } else if (p.error() == try_recv_error::disconnected) {
                    expect(taken(), "disconnected is reported when the value has been received, and not before");
                }
            }
            if (!taken()) this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_end(Form::recv(*this->rx_));
        } else {
            this->expect_sent(this->tx_->try_send(this->book_.make(1)), 1);
            this->tx_.reset();
        }
    }

  private:
    bool taken() { return this->book_.was_received(1); }
};

/// The same with a close by the receiver, and a permit for the value.
template <class Target, class Form>
class asking_after_close : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "counting.asking_after_close";

    asking_after_close() : permit_(this->one_permit()) { this->rx_->close(); }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_->send(this->book_.make(1));
            this->book_.sent(1);
        } else {
            const auto p = this->rx_->try_recv();
            if (p) (void)this->book_.received(*p);
            expect(p || p.error() == try_recv_error::empty, "while a permit is out it is not the end");
            if (!p) this->expect_value(Form::recv(*this->rx_), 1);
            const auto more = this->rx_->try_recv();
            expect(!more && more.error() == try_recv_error::disconnected, "closed, and all permits are back: the end");
        }
    }

  private:
    std::optional<typename open_channel<Target, 2>::permit> permit_;
};

/// A send that fails for lack of capacity is never visible, not even for a moment.
template <class Target, class Form>
class failed_send : public open_channel<Target, 2, 1> {
  public:
    static constexpr const char* name = "counting.failed_send";
    static constexpr unsigned threads = 3;

    failed_send() : permit_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            expect(!this->settle(this->tx_->try_send(this->book_.make(2)), 2), "there never is capacity for it");
        } else if (index == 1) {
            expect(!this->tx_->try_reserve_many(2), "there never is capacity for two");
        } else {
            expect(this->rx_->len() == 1, "one value was sent");
            expect(this->rx_->capacity() == 0, "the value and the permit use all the capacity");
        }
    }
    void finish() override {
        permit_.reset();
        open_channel<Target, 2, 1>::finish();
    }

  private:
    std::optional<typename open_channel<Target, 2, 1>::permit> permit_;
};

template <class Target>
bool enroll_all() {
    return enroll<own_send, Target, driven>() && enroll<pool, Target, driven>() &&
           enroll<last_drop, Target, blocking>() && enroll<last_drop, Target, driven>() &&
           enroll<one_end, Target, driven>() && enroll<seen_to_be_closed, Target, driven>() &&
           enroll<seen_to_be_idle, Target, driven>() && enroll<asking_until_the_end, Target, blocking>() &&
           enroll<asking_until_the_end, Target, driven>() && enroll<asking_after_close, Target, blocking>() &&
           enroll<asking_after_close, Target, driven>() && enroll<failed_send, Target, driven>();
}

}  // namespace tailrace::relacy::counting
