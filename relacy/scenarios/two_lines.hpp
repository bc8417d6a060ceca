// Scenarios of the two sides of a channel: a sender changes the packed state word and a receive the number of values
// taken, and each then looks at what the other has changed. One of the two sees the other, as in one order of all
// steps.
//
// Clauses: capacity.*, receiver.len, try_recv.*, try_reserve.*, cancel.driven, thread-safe.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::two_lines {

/// A channel of capacity two with one value.
template <class Target>
using half_full = open_channel<Target, 2, 1>;

/// A try_send and capacity(), against a receive and len(): (2) and (15) with (25) and (51).
template <class Target, class Form>
class send_and_receive : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.send_and_receive";

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_sent(this->tx_->try_send(this->book_.make(2)), 2);
            free_ = this->tx_->capacity();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            left_ = this->rx_->len();
        }
    }
    void finish() override {
        expect(free_ == 1 || left_ == 1, "of a send and a receive, one is before the other");
        half_full<Target>::finish();
    }

  private:
    std::size_t free_ = 0;
    std::size_t left_ = 0;
};

/// The same with the send of a permit: (5).
template <class Target, class Form>
class permit_and_receive : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.permit_and_receive";

    permit_and_receive() : permit_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            permit_->send(this->book_.make(2));
            this->book_.sent(2);
            free_ = this->tx_->capacity();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            left_ = this->rx_->len();
        }
    }
    void finish() override {
        expect(free_ == 1 || left_ == 1, "of a send and a receive, one is before the other");
        half_full<Target>::finish();
    }

  private:
    std::optional<typename half_full<Target>::permit> permit_;
    std::size_t free_ = 0;
    std::size_t left_ = 0;
};

/// The same with a try_recv that finds nothing: (5) and (17).
template <class Target, class Form>
class permit_and_empty : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.permit_and_empty";

    permit_and_empty() : permit_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            permit_->send(this->book_.make(2));
            this->book_.sent(2);
            free_ = this->tx_->capacity();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            const auto p = this->rx_->try_recv();
            found_ = p.has_value();
            if (p) expect(this->book_.received(*p) == 2, "the value that is first in the queue");
        }
    }
    void finish() override {
        expect(free_ > 0 || found_, "of a send and a receive, one is before the other");
        half_full<Target>::finish();
    }

  private:
    std::optional<typename half_full<Target>::permit> permit_;
    std::size_t free_ = 0;
    bool found_ = false;
};

/// The same with a granted send, which takes its ticket when it is polled again: (13).
template <class Target, class Form>
class resumed_send_and_receive : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.resumed_send_and_receive";

    resumed_send_and_receive() : send_(this->tx_->send(this->book_.make(2))) {
        const auto other = this->tx_->try_reserve();
        expect(other.has_value() && !send_->poll(wakes_.waker()), "nothing is free");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = send_->poll(wakes_.waker());
            expect(result.has_value(), "it was granted when the permit was returned");
            this->expect_sent(*result, 2);
            free_ = this->tx_->capacity();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            left_ = this->rx_->len();
        }
    }
    void finish() override {
        expect(free_ == 1 || left_ == 1, "of a send and a receive, one is before the other");
        half_full<Target>::finish();
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename half_full<Target>::sender&>().send(std::declval<parcel>()))> send_;
    std::size_t free_ = 0;
    std::size_t left_ = 0;
};

/// The only waiter is cancelled, and capacity(), against a receive that frees the permit it waits for, and a claim: (1)
/// may say that it still waits, (44) not.
template <class Target, class Form>
class cancel_and_claim : public full_channel<Target> {
  public:
    static constexpr const char* name = "two_lines.cancel_and_claim";

    cancel_and_claim() : waiting_(this->tx_->reserve()) {
        expect(!waiting_->poll(wakes_.waker()), "the channel is full");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            waiting_.reset();
            free_ = this->tx_->capacity();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            if (auto made = this->tx_->try_reserve()) permit_.emplace(std::move(*made));
        }
    }
    void finish() override {
        expect(free_ == 1 || permit_, "of a cancellation and a receive, one is before the other");
        permit_.reset();
        full_channel<Target>::finish();
    }

  private:
    using start = full_channel<Target>;

    counting_waker wakes_;
    std::optional<decltype(std::declval<typename start::sender&>().reserve())> waiting_;
    std::optional<typename start::permit> permit_;
    std::size_t free_ = 0;
};

template <class Target>
bool enroll_all() {
    return enroll<send_and_receive, Target, driven>() && enroll<permit_and_receive, Target, driven>() &&
           enroll<permit_and_empty, Target, driven>() && enroll<resumed_send_and_receive, Target, driven>() &&
           enroll<cancel_and_claim, Target, driven>();
}

}  // namespace tailrace::relacy::two_lines
