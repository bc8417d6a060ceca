// Scenarios that cancel a waiting or just granted operation, against every event that may complete it meanwhile. What
// it held goes to the next waiter, at once and completely.
//
// Clauses: cancel.driven, permit.release, release.head-of-line, conservation, reserve_owned.cancel-drops-sender,
// recv.none.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::cancel_points {

/// A hold at the head of the queue, with one of the two permits that it needs, is cancelled while the other permit is
/// returned. The waiter behind it can be served only because the hold is gone: then the permit that it held is free.
template <class Target, class Form>
class hold_with_one_behind : public open_channel<Target, 2, 1> {
  public:
    static constexpr const char* name = "cancel_points.hold_with_one_behind";

    hold_with_one_behind() : hold_(this->tx_->reserve_many(2)), behind_(this->tx_->send(this->book_.make(2))) {
        expect(!hold_->poll(wakes_.waker()), "one of two permits is not enough");
        expect(!behind_->poll(wakes_behind_.waker()), "nothing is free while the hold waits");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            hold_.reset();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            if (!is_in()) return;
            expect(this->tx_->capacity() == 1,
                   "the permit of a cancelled hold is free when the waiter behind it is served");
        }
    }
    void finish() override {
        expect(sent_ || is_in(), "with capacity for two the only waiter is served");
        behind_.reset();
        open_channel<Target, 2, 1>::finish();
    }

  private:
    using sender = typename open_channel<Target, 2, 1>::sender;

    bool is_in() {
        const auto result = behind_->poll(wakes_behind_.waker());
        if (!result) return false;
        this->expect_sent(*result, 2);
        return sent_ = true;
    }

    counting_waker wakes_;
    counting_waker wakes_behind_;
    bool sent_ = false;
    std::optional<decltype(std::declval<sender&>().reserve_many(2))> hold_;
    std::optional<decltype(std::declval<sender&>().send(std::declval<parcel>()))> behind_;
};

/// A permit is returned while the first waiter is cancelled: whether that one was granted the permit or not, the next
/// waiter is served.
template <class Target, class Form>
class against_permit_return : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "cancel_points.against_permit_return";
    static constexpr unsigned threads = 3;

    against_permit_return() : permit_(this->one_permit()), first_(this->tx_->reserve()) {
        expect(!first_->poll(wakes_.waker()), "the one permit is out");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            first_.reset();
        } else if (index == 1) {
            permit_.reset();
        } else {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(1)), 1);
        }
    }

  private:
    using start = open_channel<Target, 1>;

    counting_waker wakes_;
    std::optional<typename start::permit> permit_;
    std::optional<decltype(std::declval<typename start::sender&>().reserve())> first_;
};

/// The only waiter is cancelled while it holds one permit, and another permit is used to send a value that is received.
template <class Target, class Form>
class hold_against_send : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "cancel_points.hold_against_send";
    static constexpr unsigned threads = 3;

    hold_against_send() : permit_(this->one_permit()), hold_(this->tx_->reserve_many(2)) {
        expect(!hold_->poll(wakes_.waker()), "one of two permits is not enough");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            hold_.reset();
        } else if (index == 1) {
            permit_->send(this->book_.make(1));
            this->book_.sent(1);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
    }

  private:
    using start = open_channel<Target, 2>;

    counting_waker wakes_;
    std::optional<typename start::permit> permit_;
    std::optional<decltype(std::declval<typename start::sender&>().reserve_many(2))> hold_;
};

/// The receiver is dropped, one waiter is cancelled, and the other is woken: every value is destroyed, and no task is
/// left asleep.
template <class Target, class Form>
class against_receiver_drop : public full_channel<Target> {
  public:
    static constexpr const char* name = "cancel_points.against_receiver_drop";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            this->give_up_a_send(2, wakes_);
        } else if (index == 1) {
            expect(!this->settle(Form::send(*this->tx_, this->book_.make(3)), 3), "there never was capacity for it");
        } else {
            this->rx_.reset();
        }
    }
    void finish() override {
        expect(this->book_.is_destroyed(1) && this->book_.is_destroyed(2) && this->book_.is_destroyed(3),
               "a value that can no longer be received is destroyed");
        full_channel<Target>::finish();
    }

  private:
    counting_waker wakes_;
};

/// The last sender is inside a reservation that is cancelled, granted or not: the channel ends after the value.
template <class Target, class Form>
class last_sender_inside : public full_channel<Target> {
  public:
    static constexpr const char* name = "cancel_points.last_sender_inside";

    last_sender_inside() : reservation_(std::move(*this->tx_).reserve_owned()) {
        expect(!reservation_->poll(wakes_.waker()), "the channel is full");
        this->tx_.reset();
    }
    void thread(unsigned index) override {
        if (index == 0) {
            reservation_.reset();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename full_channel<Target>::sender>().reserve_owned())> reservation_;
};

/// The channel is closed, and the last permit is returned while the receive that waits for it is cancelled: the next
/// receive ends.
template <class Target, class Form>
class receive_against_the_end : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "cancel_points.receive_against_the_end";

    receive_against_the_end() : permit_(this->one_permit()) { this->rx_->close(); }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_.reset();
        } else {
            {
                auto operation = this->rx_->recv();
                if (const auto result = operation.poll(wakes_.waker())) return this->expect_end(*result);
            }
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    counting_waker wakes_;
    std::optional<typename open_channel<Target, 1>::permit> permit_;
};

template <class Target>
bool enroll_all() {
    return enroll<hold_with_one_behind, Target, blocking>() && enroll<hold_with_one_behind, Target, driven>() &&
           enroll<against_permit_return, Target, blocking>() && enroll<against_permit_return, Target, driven>() &&
           enroll<hold_against_send, Target, blocking>() && enroll<hold_against_send, Target, driven>() &&
           enroll<against_receiver_drop, Target, blocking>() && enroll<against_receiver_drop, Target, driven>() &&
           enroll<last_sender_inside, Target, blocking>() && enroll<last_sender_inside, Target, driven>() &&
           enroll<receive_against_the_end, Target, blocking>() && enroll<receive_against_the_end, Target, driven>();
}

}  // namespace tailrace::relacy::cancel_points
