// Scenarios of several permits or values at a time, and of weak senders: partial holds against receives, cancellation
// and close, and batches against the waiters for the capacity that they free.
//
// Clauses: reserve_many.waits, acquire.partial-hold, release.head-of-line, cancel.driven, recv.none, recv_many.*,
// weak.upgrade-never-revives.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/parcel.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"

namespace tailrace::relacy::batches {

/// A channel of capacity two that contains value 0.
template <class Target>
class start : public scenario {
  public:
    using handles = decltype(Target::template open<parcel>(1));
    using sender = typename handles::first_type;
    using receiver = typename handles::second_type;

    explicit start(unsigned values = 1) {
        auto [tx, rx] = Target::template open<parcel>(2);
        tx_.emplace(std::move(tx));
        rx_.emplace(std::move(rx));
        for (unsigned v = 0; v < values; ++v) sent(tx_->try_send(book_.make(v)), v);
    }
    void finish() override {
        while (const auto p = rx_->try_recv()) (void)book_.received(*p);
        if (tx_) {
            expect(tx_->capacity() == tx_->max_capacity(), "all capacity is back when nothing is left in the channel");
        }
        rx_.reset();
        tx_.reset();
        book_.close_all_received();
    }

  protected:
    template <class Result>
    void sent(const Result& result, unsigned number) {
        expect(result.has_value(), "the channel stays open, so a send ends with Ok");
        book_.sent(number);
    }
    template <class Permits>
    void send_both(Permits& permits, unsigned first) {
        expect(permits.size() == 2, "as many permits as were requested");
        while (auto p = permits.next()) {
            p->send(book_.make(first));
            book_.sent(first++);
        }
        expect(permits.size() == 0, "all permits have been taken from the iterator");
    }
    void take(unsigned number) {
        const auto p = rx_->blocking_recv();
        expect(p.has_value() && book_.received(*p) == number, "the value that is first in the queue");
    }

    ledger book_;
    std::optional<sender> tx_;
    std::optional<receiver> rx_;
};

/// A wait for two permits holds the free one and waits for the other. A send behind it waits for both to finish.
template <class Target, class Form>
class partial_hold : public start<Target> {
  public:
    static constexpr const char* name = "batches.partial_hold";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            counting_waker wakes;
            auto permits = drive(this->tx_->reserve_many(2), wakes);
            expect(permits.has_value(), "the channel stays open");
            this->send_both(*permits, 1);
        } else if (index == 1) {
            this->sent(Form::send(*this->tx_, this->book_.make(3)), 3);
        } else {
            for (int i = 0; i < 4; ++i) {
                const auto p = this->rx_->blocking_recv();
                expect(p.has_value(), "the channel is open");
                (void)this->book_.received(*p);
            }
        }
    }
};

/// The partial hold at the head of the queue is cancelled: the waiter behind it gets the permit that it held.
template <class Target, class Form>
class cancelled_hold : public start<Target> {
  public:
    static constexpr const char* name = "batches.cancelled_hold";

    cancelled_hold() : hold_(this->tx_->reserve_many(2)) {
        expect(!hold_->poll(wakes_.waker()), "one of two permits is not enough");
        expect(this->tx_->capacity() == 0, "it holds the one that is there");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            this->sent(Form::send(*this->tx_, this->book_.make(1)), 1);
        } else {
            hold_.reset();
        }
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename start<Target>::sender&>().reserve_many(2))> hold_;
};

/// The only waiter is cancelled: its place in the queue and its permit are released in one step, so no task sees only
/// one of the two.
template <class Target, class Form>
class last_hold : public start<Target> {
  public:
    static constexpr const char* name = "batches.last_hold";

    last_hold() : hold_(this->tx_->reserve_many(2)) {
        expect(!hold_->poll(wakes_.waker()), "one of two permits is not enough");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            this->take(0);
            const auto free = this->tx_->capacity();
            expect(free == 0 || free == 2, "the hold has both permits, or both are free");
        } else {
            hold_.reset();
        }
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename start<Target>::sender&>().reserve_many(2))> hold_;
};

/// The channel is closed while a partial hold waits: the receive ends only when the held permit is back.
template <class Target, class Form>
class hold_against_close : public start<Target> {
  public:
    static constexpr const char* name = "batches.hold_against_close";

    void thread(unsigned index) override {
        if (index == 0) {
            counting_waker wakes;
            auto permits = drive(this->tx_->reserve_many(2), wakes);
            if (permits) this->send_both(*permits, 1);
        } else {
            this->rx_->close();
            this->take(0);
            while (const auto p = Form::recv(*this->rx_)) (void)this->book_.received(*p);
        }
    }
};

/// A batch takes two values at once. Two senders wait for the capacity, and both are woken.
template <class Target, class Form>
class batch_frees_two : public start<Target> {
  public:
    static constexpr const char* name = "batches.batch_frees_two";
    static constexpr unsigned threads = 3;

    batch_frees_two() : start<Target>(2) {}
    void thread(unsigned index) override {
        if (index < 2) {
            this->sent(Form::send(*this->tx_, this->book_.make(2 + index)), 2 + index);
        } else {
            std::vector<parcel> got;
            got.reserve(4);
            while (got.size() < 4) {
                const std::size_t n = this->rx_->blocking_recv_many(got, 2);
                expect(n == 1 || n == 2, "a batch has at least one value, and no more than the limit");
            }
            for (const parcel& p : got) (void)this->book_.received(p);
        }
    }
};

/// The remaining permits of an iterator are returned in one step: no task sees only one of two.
template <class Target, class Form>
class remainder : public start<Target> {
  public:
    static constexpr const char* name = "batches.remainder";

    remainder() : start<Target>(0) {
        auto made = this->tx_->try_reserve_many(2);
        expect(made.has_value(), "there is capacity for two");
        permits_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permits_.reset();
        } else {
            const auto free = this->tx_->capacity();
            expect(free == 0 || free == 2, "a remainder goes back in one step");
        }
    }

  private:
    using permits = typename decltype(std::declval<typename start<Target>::sender&>().try_reserve_many(2))::value_type;
    std::optional<permits> permits_;
};

/// The last sender is dropped while a weak one is upgraded: either there is a new sender, which sends, or the channel
/// has ended permanently.
template <class Target, class Form>
class upgrade_against_last_drop : public start<Target> {
  public:
    static constexpr const char* name = "batches.upgrade_against_last_drop";
    static constexpr unsigned threads = 3;

    upgrade_against_last_drop() : start<Target>(0), weak_(this->tx_->downgrade()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            this->tx_.reset();
        } else if (index == 1) {
            if (auto strong = weak_->upgrade()) {
                this->sent(strong->try_send(this->book_.make(1)), 1);
            } else {
                expect(!weak_->upgrade(), "a channel without senders cannot be revived");
            }
            weak_.reset();
        } else {
            while (const auto p = Form::recv(*this->rx_)) (void)this->book_.received(*p);
        }
    }

  private:
    std::optional<decltype(std::declval<typename start<Target>::sender&>().downgrade())> weak_;
};

template <class Target>
bool enroll_all() {
    return enroll<partial_hold, Target, blocking>() && enroll<partial_hold, Target, driven>() &&
           enroll<cancelled_hold, Target, blocking>() && enroll<cancelled_hold, Target, driven>() &&
           enroll<last_hold, Target, driven>() && enroll<hold_against_close, Target, blocking>() &&
           enroll<hold_against_close, Target, driven>() && enroll<batch_frees_two, Target, blocking>() &&
           enroll<batch_frees_two, Target, driven>() && enroll<remainder, Target, driven>() &&
           enroll<upgrade_against_last_drop, Target, blocking>() && enroll<upgrade_against_last_drop, Target, driven>();
}

}  // namespace tailrace::relacy::batches
