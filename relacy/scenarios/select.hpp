// Scenarios of a select, whose arms are woken by separate threads: one wins, the select is woken once, a loser has
// taken nothing, and no wake-up accesses the select when it has finished or was destroyed. It is on the heap, where a
// late access is a use after free.
//
// Clauses: select.one-winner, select.losers-took-nothing. The optimised channel only: the operations of the reference
// are no arms.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <variant>

#include "kernel/scenario.hpp"
#include "scenarios/interruption.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/select.hpp"
#include "tailrace/stop.hpp"

namespace tailrace::relacy::select {

/// Two channels. Values 1 and 2 are sent through the first, 11 through the second.
template <class Target, unsigned Capacity = 1, unsigned Values = 0>
class two_channels : public open_channel<Target, Capacity, Values> {
  public:
    two_channels() {
        auto [tx, rx] = Target::template open<parcel>(1);
        other_tx_.emplace(std::move(tx));
        other_rx_.emplace(std::move(rx));
    }
    void finish() override {
        while (const auto p = other_rx_->try_recv()) (void)this->book_.received(*p);
        expect(other_tx_->capacity() == 1, "all capacity of the other channel is back");
        expect_invariants<Target>(*other_tx_);
        other_rx_.reset();
        other_tx_.reset();
        open_channel<Target, Capacity, Values>::finish();
    }

  protected:
    using base = open_channel<Target, Capacity, Values>;

    void send_to_other() { this->expect_sent(other_tx_->try_send(this->book_.make(11)), 11); }
    /// Thread 1 sends to the first channel, thread 2 to the other.
    void send_to_one(unsigned index) {
        if (index == 2) return send_to_other();
        this->expect_sent(this->tx_->try_send(this->book_.make(1)), 1);
    }
    /// The value of the arm that has won, of two receives.
    template <class Results>
    void expect_the_value_of(const Results& first) {
        const auto& value = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
        expect(value.has_value(), "both channels are open");
        expect(this->book_.received(*value) == (first.index() == 0 ? 1u : 11u), "the value of the arm that won");
    }

    /// Waits for it on the heap.
    template <class Operation>
    auto drive_on_the_heap(Operation op) {
        counting_waker wakes;
        auto on_heap = std::unique_ptr<Operation>(new Operation(std::move(op)));
        auto result = on_heap->poll(wakes.waker());
        if (!result) {
            wakes.sleep();
            result = on_heap->poll(wakes.waker());
        }
        expect(result.has_value(), "a select that was woken has a result");
        expect(wakes.count() <= 1, "a select is woken once");
        on_heap.reset();
        return std::move(*result);
    }

    std::optional<typename base::sender> other_tx_;
    std::optional<typename base::receiver> other_rx_;
};

/// Two receives, and a value for each.
template <class Target, class Form>
class two_receives : public two_channels<Target> {
  public:
    static constexpr const char* name = "select.two_receives";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto first = this->drive_on_the_heap(tailrace::select(this->rx_->recv(), this->other_rx_->recv()));
            this->expect_the_value_of(first);
        } else {
            this->send_to_one(index);
        }
    }
};

/// The same, destroyed after the first poll.
template <class Target, class Form>
class destroyed : public two_channels<Target> {
  public:
    static constexpr const char* name = "select.destroyed";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto op = tailrace::select(this->rx_->recv(), this->other_rx_->recv());
            auto on_heap = std::unique_ptr<decltype(op)>(new decltype(op)(std::move(op)));
            if (const auto result = on_heap->poll(wakes_.waker())) this->expect_the_value_of(*result);
        } else {
            this->send_to_one(index);
        }
    }

  private:
    counting_waker wakes_;
};

/// A reservation and a receive of another channel, and what both wait for: the permit of a loser goes back.
template <class Target, class Form>
class reserve_or_receive : public two_channels<Target, 1, 1> {
  public:
    static constexpr const char* name = "select.reserve_or_receive";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto first = this->drive_on_the_heap(tailrace::select(this->tx_->reserve(), this->other_rx_->recv()));
            if (first.index() == 0) {
                expect(std::get<0>(first).has_value(), "the channel is open");
            } else {
                expect(this->book_.received(*std::get<1>(first)) == 11, "the value of the arm that won");
            }
        } else if (index == 1) {
            this->expect_value(Form::recv(*this->rx_), 1);
        } else {
            this->send_to_other();
        }
    }
};

/// Two arms that one return of two permits grants, against the close: all permits are back in the end.
template <class Target, class Form>
class both_granted : public two_channels<Target, 2> {
  public:
    static constexpr const char* name = "select.both_granted";
    static constexpr unsigned threads = 3;

    both_granted() { held_.emplace(this->some_permits(2)); }
    void thread(unsigned index) override {
        if (index == 0) {
            (void)this->drive_on_the_heap(tailrace::select(this->tx_->reserve(), this->tx_->reserve()));
        } else if (index == 1) {
            held_.reset();
        } else {
            this->rx_->close();
        }
    }
    void finish() override {
        held_.reset();
        two_channels<Target, 2>::finish();
    }

  private:
    std::optional<typename two_channels<Target, 2>::permits> held_;
};

/// A stop request beside the two arms.
template <class Target, class Form>
class stopped : public two_channels<Target> {
  public:
    static constexpr const char* name = "select.stopped";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto first = interruption::wait_on_the_heap(
                with_stop(tailrace::select(this->rx_->recv(), this->other_rx_->recv()), stop_.get_token()));
            if (!first) {
                expect(first.error() == stop_error::stopped, "the channels are open");
                expect(stop_.stop_requested(), "stopped is reported only after the stop request");
                return;
            }
            this->expect_the_value_of(*first);
        } else if (index == 1) {
            stop_.request_stop();
        } else {
            this->expect_sent(this->tx_->try_send(this->book_.make(1)), 1);
        }
    }

  private:
    std::stop_source stop_;
};

/// It is polled again with another waker while it is woken.
template <class Target, class Form>
class new_waker : public two_channels<Target> {
  public:
    static constexpr const char* name = "select.new_waker";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto op = tailrace::select(this->rx_->recv(), this->other_rx_->recv());
            auto result = op.poll(before_.waker());
            if (!result) result = op.poll(after_.waker());
            if (!result) {
                after_.sleep();
                result = op.poll(after_.waker());
            }
            expect(result.has_value(), "a select that was woken has a result");
            this->expect_the_value_of(*result);
        } else {
            this->send_to_one(index);
        }
    }

  private:
    counting_waker before_;
    counting_waker after_;
};

/// A reservation that is kept beside a receive, until it has won.
template <class Target, class Form>
class kept_reservation : public two_channels<Target, 1, 1> {
  public:
    static constexpr const char* name = "select.kept_reservation";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto on_heap = std::make_unique<kept<decltype(this->tx_->reserve())>>(this->tx_->reserve());
            auto first = this->drive_on_the_heap(tailrace::select(*on_heap, this->other_rx_->recv()));
            if (first.index() == 1) {
                expect(this->book_.received(*std::get<1>(first)) == 11, "the value of the arm that won");
                expect(!on_heap->finished(), "it has lost");
                auto second = this->drive_on_the_heap(tailrace::select(*on_heap));
                expect(std::get<0>(second).has_value(), "the channel is open");
            }
            expect(on_heap->finished(), "it has won");
        } else if (index == 1) {
            this->expect_value(Form::recv(*this->rx_), 1);
        } else {
            this->send_to_other();
        }
    }
};

/// A kept receive that has lost, and is destroyed while it is woken.
template <class Target, class Form>
class kept_and_destroyed : public two_channels<Target> {
  public:
    static constexpr const char* name = "select.kept_and_destroyed";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto on_heap = std::make_unique<kept<decltype(this->rx_->recv())>>(this->rx_->recv());
            auto first = this->drive_on_the_heap(tailrace::select(*on_heap, this->other_rx_->recv()));
            this->expect_the_value_of(first);
        } else {
            this->send_to_one(index);
        }
    }
};

template <class Target>
bool enroll_all() {
    return enroll<two_receives, Target, driven>() && enroll<destroyed, Target, driven>() &&
           enroll<reserve_or_receive, Target, driven>() && enroll<both_granted, Target, driven>() &&
           enroll<stopped, Target, driven>() && enroll<new_waker, Target, driven>() &&
           enroll<kept_reservation, Target, driven>() && enroll<kept_and_destroyed, Target, driven>();
}

}  // namespace tailrace::relacy::select
