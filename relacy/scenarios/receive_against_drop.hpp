// Scenarios of a receive that parks, against the drop of the senders or a close by the receiver: no task is left
// asleep, and no value that was sent before is missed.
//
// Clauses: recv.none, recv.woken, close.drains, recv.cancel, recv.timeout, clone.count,
// owned_permit.release-on-drop.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>

#include "kernel/parcel.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/awaited.hpp"
#include "scenarios/support/forms.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy::receive_against_drop {

/// A channel whose receiver belongs to thread 0.
template <class Target>
class start : public scenario {
  public:
    using handles = decltype(Target::template open<parcel>(1));
    using sender = typename handles::first_type;
    using receiver = typename handles::second_type;

    explicit start(std::size_t capacity) {
        auto [tx, rx] = Target::template open<parcel>(capacity);
        tx_.emplace(std::move(tx));
        rx_.emplace(std::move(rx));
    }

    void finish() override {
        expect(rx_->try_recv().error() == try_recv_error::disconnected, "the end is permanent");
        rx_.reset();
        book_.close_all_received();
    }

  protected:
    void send_now(sender& tx, unsigned number) {
        expect(tx.try_send(book_.make(number)).has_value(), "there is capacity for it");
        book_.sent(number);
    }
    void expect_value(const std::optional<parcel>& p, unsigned number) {
        expect(p.has_value(), "a value that was sent before its sender was dropped is received");
        expect(book_.received(*p) == number, "it is that value");
    }
    static void expect_end(const std::optional<parcel>& p) {
        expect(!p.has_value(), "all senders are gone and nothing is left: none");
    }

    ledger book_;
    std::optional<sender> tx_;
    std::optional<receiver> rx_;
};

/// Nothing is ever sent.
template <class Target, class Form>
class last_drop : public start<Target> {
  public:
    static constexpr const char* name = "receive_against_drop.last_drop";

    last_drop() : start<Target>(1) {}
    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_end(Form::recv(*this->rx_));
        } else {
            this->tx_.reset();
        }
    }
};

/// The last sender leaves as many values behind as the ring has slots, so there is none for the end: (23) and (53)
/// against (15) and (39).
template <class Target, class Form>
class send_then_drop : public start<Target> {
  public:
    static constexpr const char* name = "receive_against_drop.send_then_drop";

    send_then_drop() : start<Target>(2) {}
    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_value(Form::recv(*this->rx_), 2);
            this->expect_end(Form::recv(*this->rx_));
        } else {
            this->send_now(*this->tx_, 1);
            this->send_now(*this->tx_, 2);
            this->tx_.reset();
        }
    }
};

/// Two senders send and are dropped independently: the end comes after both values, whichever sender is last.
template <class Target, class Form>
class two_senders : public start<Target> {
  public:
    static constexpr const char* name = "receive_against_drop.two_senders";
    static constexpr unsigned threads = 3;

    two_senders() : start<Target>(2), other_(this->tx_) {}
    void thread(unsigned index) override {
        if (index == 0) {
            for (int i = 0; i < 2; ++i) {
                const auto p = Form::recv(*this->rx_);
                expect(p.has_value(), "the end comes behind every value");
                (void)this->book_.received(*p);
            }
            this->expect_end(Form::recv(*this->rx_));
        } else {
            std::optional<typename start<Target>::sender>& mine = index == 1 ? this->tx_ : other_;
            this->send_now(*mine, index);
            mine.reset();
        }
    }

  private:
    std::optional<typename start<Target>::sender> other_;
};

/// The last sender is dropped inside an unused owned permit.
template <class Target, class Form>
class owned_permit_drop : public start<Target> {
  public:
    static constexpr const char* name = "receive_against_drop.owned_permit";

    owned_permit_drop() : start<Target>(1) {}
    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_end(Form::recv(*this->rx_));
        } else {
            const auto unused = std::move(*this->tx_).try_reserve_owned();
            expect(unused.has_value(), "there is capacity for it");
        }
    }
};

/// A receive that was polled once and cancelled has taken nothing.
template <class Target, class Form>
class cancelled : public start<Target> {
  public:
    static constexpr const char* name = "receive_against_drop.cancelled";

    cancelled() : start<Target>(1) {}
    void thread(unsigned index) override {
        if (index == 0) {
            std::optional<std::optional<parcel>> first;
            {
                auto operation = this->rx_->recv();
                first = operation.poll(wakes_.waker());
            }
            this->expect_value(first ? std::move(*first) : Form::recv(*this->rx_), 1);
            this->expect_end(Form::recv(*this->rx_));
        } else {
            this->send_now(*this->tx_, 1);
            this->tx_.reset();
        }
    }

  private:
    counting_waker wakes_;
};

/// A deadline that expires at any moment, or never, loses no value.
template <class Target, class Form>
class deadline : public start<Target> {
  public:
    static constexpr const char* name = "receive_against_drop.deadline";

    deadline() : start<Target>(1) {}
    void thread(unsigned index) override {
        if (index == 0) {
            auto timed = this->rx_->blocking_recv_timeout(a_while);
            if (timed) {
                this->expect_value(std::move(*timed), 1);
            } else {
                expect(timed.error() == timeout_error::timeout, "a value is still to come");
                expect_deadline_passed();
                this->expect_value(Form::recv(*this->rx_), 1);
            }
            auto end = this->rx_->blocking_recv_timeout(a_while);
            expect(!end, "nothing is left");
            if (end.error() == timeout_error::timeout) this->expect_end(Form::recv(*this->rx_));
        } else {
            this->send_now(*this->tx_, 1);
            this->tx_.reset();
        }
    }
};

/// The receiver closes the channel while its own receive is parked: the close wakes it, or an earlier send does.
template <class Target, class Form>
class own_close : public start<Target> {
  public:
    static constexpr const char* name = "receive_against_drop.own_close";

    own_close() : start<Target>(1) {}
    void thread(unsigned index) override {
        if (index == 0) {
            auto operation = this->rx_->recv();
            auto result = operation.poll(wakes_.waker());
            this->rx_->close();
            if (!result) {
                wakes_.sleep();
                result = operation.poll(wakes_.waker());
            }
            expect(result.has_value(), "an operation that was woken finishes when it is polled");
            if (*result) {
                this->expect_value(std::move(*result), 1);
                this->expect_end(Form::recv(*this->rx_));
            }
        } else {
            const auto result = this->tx_->try_send(this->book_.make(1));
            if (result) {
                this->book_.sent(1);
            } else {
                expect(result.error().reason == try_error::closed, "there is capacity for it, or it is closed");
                this->book_.refused(result.error().value, 1);
            }
        }
    }

  private:
    counting_waker wakes_;
};

template <class Target>
bool enroll_all() {
    return enroll<last_drop, Target, blocking>() && enroll<last_drop, Target, driven>() &&
           enroll<last_drop, Target, awaited>() && enroll<send_then_drop, Target, blocking>() &&
           enroll<send_then_drop, Target, driven>() && enroll<send_then_drop, Target, awaited>() &&
           enroll<two_senders, Target, blocking>() && enroll<two_senders, Target, driven>() &&
           enroll<owned_permit_drop, Target, blocking>() && enroll<owned_permit_drop, Target, driven>() &&
           enroll<cancelled, Target, driven>() && enroll<deadline, Target, blocking>() &&
           enroll<own_close, Target, driven>();
}

}  // namespace tailrace::relacy::receive_against_drop
