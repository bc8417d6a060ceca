// Scenarios of the two sides of a channel: a sender changes the packed state word and a receive the number of values
// taken, and each then looks at what the other has changed. One of the two sees the other, as in one order of all
// steps.
//
// Clauses: capacity.*, receiver.len, try_recv.*, try_reserve.*, reserve_many.waits, recv.none, cancel.driven,
// thread-safe.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/waker.hpp"

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

/// The only waiter is cancelled, and capacity(), against a receive that frees the permit it waits for, and a claim: a
/// receive that sees none waiting has seen how that ended (52), and so does the claim (1).
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

/// A try_reserve and capacity(), against a receive and capacity(): (2).
template <class Target, class Form>
class claim_and_receive : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.claim_and_receive";

    void thread(unsigned index) override {
        if (index == 0) {
            permit_.emplace(this->one_permit());
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
        free_[index] = this->tx_->capacity();
    }
    void finish() override {
        expect(free_[0] != 0 || free_[1] != 2, "of a claim and a receive, one is before the other");
        permit_.reset();
        half_full<Target>::finish();
    }

  private:
    std::optional<typename half_full<Target>::permit> permit_;
    std::size_t free_[2] = {0, 0};
};

/// One value and one permit: the permit is dropped, and the value received. Each task then looks at what is free.
template <class Target, class Form>
class two_ways_back : public half_full<Target> {
  public:
    void thread(unsigned index) override {
        if (index == 0) {
            permit_.reset();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
        look(index);
    }

  protected:
    two_ways_back() : permit_(this->one_permit()) {}

  private:
    virtual void look(unsigned index) = 0;

    std::optional<typename half_full<Target>::permit> permit_;
};

/// By capacity(): (6) and (15) with (25).
template <class Target, class Form>
class two_ways_back_counted : public two_ways_back<Target, Form> {
  public:
    static constexpr const char* name = "two_lines.two_ways_back_counted";

    void finish() override {
        expect(free_[0] == 2 || free_[1] == 2, "whichever came back last, both are back");
        two_ways_back<Target, Form>::finish();
    }

  private:
    void look(unsigned index) override { free_[index] = this->tx_->capacity(); }

    std::size_t free_[2] = {0, 0};
};

/// By a claim of both: (6) and (15) with (44) and (41).
template <class Target, class Form>
class two_ways_back_claimed : public two_ways_back<Target, Form> {
  public:
    static constexpr const char* name = "two_lines.two_ways_back_claimed";

    void finish() override {
        expect(both_[0] || both_[1], "whichever came back last, both are back");
        for (auto& b : both_) b.reset();
        two_ways_back<Target, Form>::finish();
    }

  private:
    void look(unsigned index) override {
        if (auto made = this->tx_->try_reserve_many(2)) both_[index].emplace(std::move(*made));
    }

    std::optional<typename half_full<Target>::permits> both_[2];
};

/// The same on a closed channel, where the receive that follows has to end: (6) and (47), with (15) and (17).
template <class Target, class Form>
class two_ways_to_the_end : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.two_ways_to_the_end";

    two_ways_to_the_end() : permit_(this->one_permit()) { this->rx_->close(); }
    void thread(unsigned index) override {
        if (index == 0) return permit_.reset();
        this->expect_value(Form::recv(*this->rx_), 1);
        this->expect_end(Form::recv(*this->rx_));
    }

  private:
    std::optional<typename half_full<Target>::permit> permit_;
};

/// A reserve that finds room when it is about to queue, and capacity(), against two receives and capacity(): (8).
template <class Target, class Form>
class room_after_all : public open_channel<Target, 2, 2> {
  public:
    static constexpr const char* name = "two_lines.room_after_all";

    room_after_all() : operation_(this->tx_->reserve()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            permit_ = operation_->poll(wakes_.waker());
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_value(Form::recv(*this->rx_), 2);
        }
        free_[index] = this->tx_->capacity();
    }
    void finish() override {
        expect(!permit_ || free_[0] != 0 || free_[1] != 2, "of a claim and a receive, one is before the other");
        permit_.reset();
        operation_.reset();
        open_channel<Target, 2, 2>::finish();
    }

  private:
    using operation = decltype(std::declval<typename open_channel<Target, 2, 2>::sender&>().reserve());

    counting_waker wakes_;
    std::optional<operation> operation_;
    decltype(std::declval<operation&>().poll(std::declval<tailrace::waker>())) permit_;
    std::size_t free_[2] = {0, 0};
};

/// One permit is dropped and goes to the only waiter, and capacity(), against a receive and capacity(): (11).
template <class Target, class Form>
class grant_and_receive : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.grant_and_receive";

    grant_and_receive() : permit_(this->one_permit()), waiting_(this->tx_->reserve()) {
        expect(!waiting_->poll(wakes_.waker()), "the channel is full");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_.reset();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
        free_[index] = this->tx_->capacity();
    }
    void finish() override {
        expect(free_[0] == 1 || free_[1] == 1, "whichever comes last, one is granted and one is free");
        waiting_.reset();
        half_full<Target>::finish();
    }

  private:
    counting_waker wakes_;
    std::optional<typename half_full<Target>::permit> permit_;
    std::optional<decltype(std::declval<typename half_full<Target>::sender&>().reserve())> waiting_;
    std::size_t free_[2] = {0, 0};
};

/// The only waiter is cancelled, and capacity(), against a receive and capacity(): (30).
template <class Target, class Form>
class cancel_and_receive : public full_channel<Target> {
  public:
    static constexpr const char* name = "two_lines.cancel_and_receive";

    cancel_and_receive() : waiting_(this->tx_->reserve()) {
        expect(!waiting_->poll(wakes_.waker()), "the channel is full");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            waiting_.reset();
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
        free_[index] = this->tx_->capacity();
    }
    void finish() override {
        expect(free_[0] == 1 || free_[1] == 1, "whichever comes last, all is free");
        full_channel<Target>::finish();
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename full_channel<Target>::sender&>().reserve())> waiting_;
    std::size_t free_[2] = {0, 0};
};

/// A reserve that waits has its place before the receive, which hands over to it. No third task sees the permit free in
/// between: (40) and (25).
template <class Target, class Form>
class wait_and_observer : public full_channel<Target> {
  public:
    static constexpr const char* name = "two_lines.wait_and_observer";
    static constexpr unsigned threads = 3;

    wait_and_observer() : operation_(this->tx_->reserve()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            waits_ = !operation_->poll(wakes_.waker());
        } else if (index == 1) {
            this->expect_value(Form::recv(*this->rx_), 1);
        } else {
            free_ = this->tx_->capacity();
        }
    }
    void finish() override {
        expect(!waits_ || free_ == 0, "a reserve that has to wait is before the receive, and gets its permit");
        operation_.reset();
        full_channel<Target>::finish();
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename full_channel<Target>::sender&>().reserve())> operation_;
    bool waits_ = false;
    std::size_t free_ = 0;
};

/// A receive frees the only permit, and has not handed it over yet. A claim uses it and gives it back, so the word is
/// the same for a reserve that waits meanwhile: (8) and (49). Polled again after that, it has the permit.
template <class Target, class Form>
class wait_and_return : public full_channel<Target> {
  public:
    static constexpr const char* name = "two_lines.wait_and_return";
    static constexpr unsigned threads = 3;

    wait_and_return() : operation_(this->tx_->reserve()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            if (operation_->poll(wakes_.waker())) return operation_.reset();
            const bool known = returned_.load(std::memory_order_acquire);
            const bool ready = operation_->poll(wakes_.waker()).has_value();
            expect(!known || ready, "the permit that was returned is the waiter's");
            operation_.reset();
        } else if (index == 1) {
            this->expect_value(Form::recv(*this->rx_), 1);
        } else if (auto made = this->tx_->try_reserve()) {
            {
                const auto unused = std::move(*made);
            }
            returned_.store(true, std::memory_order_release);
        }
    }

  private:
    counting_waker wakes_;
    std::optional<decltype(std::declval<typename full_channel<Target>::sender&>().reserve())> operation_;
    relacy_platform::atomic<bool> returned_{false};
};

/// A permit is returned, and then a reserve that still decides by what it saw before does not count the receives that
/// follow either. capacity() counts the return (25), so the reserve has to, when it looks again once it is queued (49).
template <class Target, class Form>
class wait_and_counter : public open_channel<Target, 3, 2> {
  public:
    static constexpr const char* name = "two_lines.wait_and_counter";
    static constexpr unsigned threads = 4;

    wait_and_counter() : permit_(this->one_permit()), operation_(this->tx_->reserve()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            waits_ = !operation_->poll(wakes_.waker());
        } else if (index == 1) {
            permit_.reset();
        } else if (index == 2) {
            if (auto two = this->tx_->try_reserve_many(2)) {
                two_ = true;
                if (auto one = two->next()) one_.emplace(std::move(*one));  // the other one is returned
            }
        } else {
            free_ = this->tx_->capacity();
            std::vector<parcel> got;
            expect(this->rx_->blocking_recv_many(got, 2) == 2, "two values are there");
            for (const parcel& p : got) (void)this->book_.received(p);
        }
    }
    void finish() override {
        expect(!waits_ || !two_ || free_ != 1, "from the return of the permit on, there was one free for the reserve");
        operation_.reset();
        one_.reset();
        open_channel<Target, 3, 2>::finish();
    }

  private:
    counting_waker wakes_;
    std::optional<typename open_channel<Target, 3, 2>::permit> permit_;
    std::optional<typename open_channel<Target, 3, 2>::permit> one_;
    std::optional<decltype(std::declval<typename open_channel<Target, 3, 2>::sender&>().reserve())> operation_;
    bool waits_ = false;
    bool two_ = false;
    std::size_t free_ = 0;
};

/// A third task counts a claim, and so it counts the receive that was before: the last look at `taken_` in (25).
template <class Target, class Form>
class claim_receive_and_observer : public half_full<Target> {
  public:
    static constexpr const char* name = "two_lines.claim_receive_and_observer";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            permit_.emplace(this->one_permit());
            return;
        }
        if (index == 1) this->expect_value(Form::recv(*this->rx_), 1);
        free_[index - 1] = this->tx_->capacity();
    }
    void finish() override {
        expect(free_[0] != 2 || free_[1] != 0, "the receive is before the claim, or the claim before the receive");
        permit_.reset();
        half_full<Target>::finish();
    }

  private:
    std::optional<typename half_full<Target>::permit> permit_;
    std::size_t free_[2] = {0, 0};
};

/// A claim knows of the receives only by what another claim, which failed, has seen: (42) and (43). Its second value
/// goes to the slot of the first value that was received.
template <class Target, class Form>
class seen_by_another : public open_channel<Target, 3, 3> {
  public:
    static constexpr const char* name = "two_lines.seen_by_another";
    static constexpr unsigned threads = 3;

    seen_by_another() {
        for (unsigned v = 1; v <= 3; ++v) this->expect_value(Form::recv(*this->rx_), v);
        for (unsigned v = 4; v <= 6; ++v) this->expect_sent(this->tx_->try_send(this->book_.make(v)), v);
    }
    void thread(unsigned index) override {
        if (index == 0) {
            for (unsigned v = 4; v <= 5; ++v) this->expect_value(Form::recv(*this->rx_), v);
        } else if (index == 1) {
            expect(!this->tx_->try_reserve_many(3), "one value stays");
        } else if (auto two = this->tx_->try_reserve_many(2)) {
            for (unsigned v = 7; auto p = two->next(); ++v) {
                p->send(this->book_.make(v));
                this->book_.sent(v);
            }
        }
    }
};

template <class Target>
bool enroll_all() {
    return enroll<send_and_receive, Target, driven>() && enroll<permit_and_receive, Target, driven>() &&
           enroll<permit_and_empty, Target, driven>() && enroll<resumed_send_and_receive, Target, driven>() &&
           enroll<cancel_and_claim, Target, driven>() && enroll<claim_and_receive, Target, driven>() &&
           enroll<two_ways_back_counted, Target, driven>() && enroll<two_ways_back_claimed, Target, driven>() &&
           enroll<two_ways_to_the_end, Target, driven>() && enroll<room_after_all, Target, driven>() &&
           enroll<grant_and_receive, Target, driven>() && enroll<cancel_and_receive, Target, driven>() &&
           enroll<wait_and_observer, Target, driven>() && enroll<wait_and_return, Target, driven>() &&
           enroll<wait_and_counter, Target, driven>() && enroll<claim_receive_and_observer, Target, driven>() &&
           enroll<seen_by_another, Target, driven>();
}

}  // namespace tailrace::relacy::two_lines
