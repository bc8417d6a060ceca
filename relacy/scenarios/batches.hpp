// Several permits or values at a time, and weak senders: partial holds against receives, cancels and close, batches
// against those who wait for what they free.
//
// Clauses: reserve_many.waits, acquire.partial-hold, release.head-of-line, cancel.driven, recv.none, recv_many.*,
// weak.upgrade-never-revives.
// After a change here run: ctest -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/parcel.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"

namespace tailrace::relacy::batches {

/// Room for two, with value 0 in it.
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
        expect(result.has_value(), "nobody closes, so a send ends with Ok");
        book_.sent(number);
    }
    template <class Permits>
    void send_both(Permits& permits, unsigned first) {
        expect(permits.size() == 2, "as many permits as were asked for");
        while (auto p = permits.next()) {
            p->send(book_.make(first));
            book_.sent(first++);
        }
        expect(permits.size() == 0, "all have been given out");
    }
    void take(unsigned number) {
        const auto p = rx_->blocking_recv();
        expect(p.has_value() && book_.received(*p) == number, "the value that is first in line");
    }

    ledger book_;
    std::optional<sender> tx_;
    std::optional<receiver> rx_;
};

/// It takes the one permit there is, waits for the other, and a send behind it waits for both to be done.
template <class Target, class Form>
class partial_hold : public start<Target> {
  public:
    static constexpr const char* name = "batches.partial_hold";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            alarm bell;
            auto permits = drive(this->tx_->reserve_many(2), bell);
            expect(permits.has_value(), "nobody closes");
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

/// The partial hold at the head of the queue is given up: who is behind it gets what it held.
template <class Target, class Form>
class cancelled_hold : public start<Target> {
  public:
    static constexpr const char* name = "batches.cancelled_hold";
    static constexpr unsigned threads = 2;

    cancelled_hold() : hold_(this->tx_->reserve_many(2)) {
        expect(!hold_->poll(bell_.waker()), "one of two permits is not enough");
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
    alarm bell_;
    std::optional<decltype(std::declval<typename start<Target>::sender&>().reserve_many(2))> hold_;
};

/// The only one that waits gives up: its place and what it held go in one step, so nobody sees a part of it.
template <class Target, class Form>
class last_hold : public start<Target> {
  public:
    static constexpr const char* name = "batches.last_hold";
    static constexpr unsigned threads = 2;

    last_hold() : hold_(this->tx_->reserve_many(2)) {
        expect(!hold_->poll(bell_.waker()), "one of two permits is not enough");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            this->take(0);
            const auto free = this->tx_->capacity();
            expect(free == 0 || free == 2, "the hold has both permits, or nobody has one");
        } else {
            hold_.reset();
        }
    }

  private:
    alarm bell_;
    std::optional<decltype(std::declval<typename start<Target>::sender&>().reserve_many(2))> hold_;
};

/// Closed while a partial hold waits: the receive ends only when what was held is back.
template <class Target, class Form>
class hold_against_close : public start<Target> {
  public:
    static constexpr const char* name = "batches.hold_against_close";
    static constexpr unsigned threads = 2;

    void thread(unsigned index) override {
        if (index == 0) {
            alarm bell;
            auto permits = drive(this->tx_->reserve_many(2), bell);
            if (permits) this->send_both(*permits, 1);
        } else {
            this->rx_->close();
            this->take(0);
            while (const auto p = Form::recv(*this->rx_)) (void)this->book_.received(*p);
        }
    }
};

/// Two values are taken at once; two senders wait for the places, and both are woken.
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

/// The permits that an iterator has left come back in one step: nobody sees one of two.
template <class Target, class Form>
class remainder : public start<Target> {
  public:
    static constexpr const char* name = "batches.remainder";
    static constexpr unsigned threads = 2;

    remainder() : start<Target>(0) {
        auto made = this->tx_->try_reserve_many(2);
        expect(made.has_value(), "there is room for two");
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

/// The last sender goes while a weak one tries: either there is another sender, which sends, or the channel has ended
/// for ever.
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
                expect(!weak_->upgrade(), "nothing revives a channel");
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
