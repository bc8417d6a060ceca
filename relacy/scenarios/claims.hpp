// Scenarios of claims without waiting, against each other and against every operation that frees capacity or closes: a
// permit has one owner, no claim overtakes a waiter, and no claim succeeds after the end.
//
// Clauses: try_send.*, try_reserve.*, release.oldest-first, permit.send, close.*, conservation, recv.order.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy::claims {

/// Two tasks send at once with capacity for one: one send succeeds, the other returns full.
template <class Target, class Form>
class two_for_one_place : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "claims.two_for_one_place";

    void thread(unsigned index) override {
        const auto result = this->tx_->try_send(this->book_.make(1 + index));
        expect(result || result.error().reason == try_error::full, "the channel stays open");
        (void)this->settle(result, 1 + index);
    }
    void finish() override {
        expect(this->book_.was_sent(1) != this->book_.was_sent(2), "one of them was sent, and one was not");
        open_channel<Target, 1>::finish();
    }
};

/// Two permits are used at once, and their values received: each value has its own slot.
template <class Target, class Form>
class two_permits : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "claims.two_permits";
    static constexpr unsigned threads = 3;

    two_permits() : first_(this->one_permit()), second_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 2) {
            const unsigned first = this->take_value(Form::recv(*this->rx_));
            const unsigned second = this->take_value(Form::recv(*this->rx_));
            expect(first + second == 3, "both arrive");
        } else {
            auto& mine = index == 0 ? first_ : second_;
            mine->send(this->book_.make(1 + index));
            this->book_.sent(1 + index);
        }
    }

  private:
    std::optional<typename open_channel<Target, 2>::permit> first_;
    std::optional<typename open_channel<Target, 2>::permit> second_;
};

/// One permit is used to send, another is returned and a third is claimed, all at once: no count is lost.
template <class Target, class Form>
class against_return : public open_channel<Target, 4> {
  public:
    static constexpr const char* name = "claims.against_return";
    static constexpr unsigned threads = 3;

    against_return() : several_(this->some_permits(2)), one_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            several_.reset();
        } else if (index == 1) {
            one_->send(this->book_.make(1));
            this->book_.sent(1);
        } else {
            claimed_ = this->one_permit();
        }
    }
    void finish() override {
        expect(this->tx_->capacity() == 2, "only a value and a permit use capacity");
        claimed_.reset();
        open_channel<Target, 4>::finish();
    }

  private:
    using start = open_channel<Target, 4>;

    std::optional<typename start::permits> several_;
    std::optional<typename start::permit> one_;
    std::optional<typename start::permit> claimed_;
};

/// A send waits. The capacity that a receive frees belongs to it at once: other claims return full, and the free
/// capacity is zero.
template <class Target, class Form>
class no_barging : public full_channel<Target> {
  public:
    static constexpr const char* name = "claims.no_barging";

    no_barging() : waiting_(this->tx_->send(this->book_.make(2))) {
        expect(!waiting_->poll(wakes_.waker()), "the channel is full");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_value(Form::recv(*this->rx_), 1);
        } else {
            expect(this->tx_->capacity() == 0, "the freed permit belongs to the waiter");
            expect(!this->settle(this->tx_->try_send(this->book_.make(3)), 3), "no claim overtakes the waiter");
            expect(!this->tx_->try_reserve(), "no claim overtakes the waiter");
        }
    }
    void finish() override {
        const auto result = waiting_->poll(wakes_.waker());
        expect(result.has_value(), "it has been granted the freed permits");
        this->expect_sent(*result, 2);
        full_channel<Target>::finish();
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename full_channel<Target>::sender&>().send(std::declval<parcel>()))>
        waiting_;
};

/// Two sends wait and one permit is freed: it goes to the first, although the second one is polled.
template <class Target, class Form>
class oldest_first : public full_channel<Target> {
  public:
    static constexpr const char* name = "claims.oldest_first";

    oldest_first() : first_(this->tx_->send(this->book_.make(2))), second_(this->tx_->send(this->book_.make(3))) {
        expect(!first_->poll(wakes_[0].waker()) && !second_->poll(wakes_[1].waker()), "the channel is full");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_value(Form::recv(*this->rx_), 1);
        } else {
            expect(!second_->poll(wakes_[1].waker()), "the first in the queue gets it, and not the second");
        }
    }
    void finish() override {
        get_in(first_, wakes_[0], 2);
        this->expect_value(this->rx_->blocking_recv(), 2);
        get_in(second_, wakes_[1], 3);
        full_channel<Target>::finish();
    }

  private:
    using operation = decltype(std::declval<typename full_channel<Target>::sender&>().send(std::declval<parcel>()));

    void get_in(std::optional<operation>& waiting, counting_waker& wakes, unsigned number) {
        const auto result = waiting->poll(wakes.waker());
        expect(result.has_value(), "it is its turn");
        this->expect_sent(*result, number);
        expect(wakes.count() == 1, "it has been woken once");
    }

    counting_waker wakes_[2];
    std::optional<operation> first_;
    std::optional<operation> second_;
};

/// A wait for two permits. One permit is returned unused while another is freed by a receive: both are handed off to
/// it, and it finishes.
template <class Target, class Form>
class two_ways_back : public open_channel<Target, 2, 1> {
  public:
    static constexpr const char* name = "claims.two_ways_back";

    two_ways_back() : permit_(this->one_permit()), waiting_(this->tx_->reserve_many(2)) {
        expect(!waiting_->poll(wakes_.waker()), "nothing is free");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_.reset();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
    }
    void finish() override {
        expect(wakes_.count() == 1, "it has been woken once");
        {
            const auto both = waiting_->poll(wakes_.waker());
            expect(both && both->has_value() && (*both)->size() == 2, "it has been granted the freed permits");
            expect(this->tx_->capacity() == 0, "it has all the capacity");
        }
        open_channel<Target, 2, 1>::finish();
    }

  private:
    using start = open_channel<Target, 2, 1>;

    counting_waker wakes_;
    std::optional<typename start::permit> permit_;
    std::optional<decltype(std::declval<typename start::sender&>().reserve_many(2))> waiting_;
};

/// try_send and try_reserve while the receiver closes: Ok, and received before the end, or closed.
template <class Target, class Form>
class against_close : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "claims.against_close";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = this->tx_->try_send(this->book_.make(1));
            expect(result || result.error().reason == try_error::closed, "there is capacity for it, or it is closed");
            (void)this->settle(result, 1);
        } else if (index == 1) {
            auto made = this->tx_->try_reserve();
            expect(made || made.error() == try_error::closed, "there is capacity for it, or it is closed");
            if (!made) return;
            made->send(this->book_.make(2));
            this->book_.sent(2);
        } else {
            this->rx_->close();
            this->template take_all<Form>();
        }
    }
};

template <class Target>
bool enroll_all() {
    return enroll<two_for_one_place, Target, driven>() && enroll<two_permits, Target, blocking>() &&
           enroll<two_permits, Target, driven>() && enroll<against_return, Target, driven>() &&
           enroll<no_barging, Target, blocking>() && enroll<no_barging, Target, driven>() &&
           enroll<oldest_first, Target, blocking>() && enroll<oldest_first, Target, driven>() &&
           enroll<two_ways_back, Target, blocking>() && enroll<two_ways_back, Target, driven>() &&
           enroll<against_close, Target, blocking>() && enroll<against_close, Target, driven>();
}

}  // namespace tailrace::relacy::claims
