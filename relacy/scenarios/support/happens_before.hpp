// Scenarios of happens-before (model/README.md, section 4): one thread writes plain data before a close, or before it
// returns a permit, and another thread reads it after the response that follows from that. A missing order is a data
// race.
//
// Clauses: order.closed, order.permit, order.none. Each scenario names the order by its number in impl/DESIGN.md.
// After a change here run: ci/test -L relacy && ci/order-audit
#pragma once

#include <optional>
#include <utility>

#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy::orders {

using note = relacy_platform::plain<unsigned>;

/// The receiver writes why it stops, and closes; a sender whose response is closed reads it: (21), with the acquire on
/// the path of that response.
template <class Target, class Form, class Ask>
class close_tells_why_to : public open_channel<Target, 1, 0> {
  public:
    static constexpr const char* name = Ask::name;

    void thread(unsigned index) override {
        if (index == 0) {
            why_.store(1);
            if (Ask::by_drop) {
                this->rx_.reset();
            } else {
                this->rx_->close();
            }
        } else if (Ask::template answers_closed<Form>(*this->tx_, this->book_)) {
            expect(why_.load() == 1, "a sender whose response is closed sees what came before the close");
        }
    }

  private:
    note why_{0};
};

template <bool Drop>
struct closing {
    static constexpr bool by_drop = Drop;
};
template <bool Drop>
struct by_try_send : closing<Drop> {
    static constexpr const char* name =
        Drop ? "orders.close_tells_why.try_send_after_a_drop" : "orders.close_tells_why.try_send";
    template <class Form, class Sender>
    static bool answers_closed(Sender& tx, ledger& book) {
        const auto answer = tx.try_send(book.make(0));
        if (answer) {
            book.sent(0);
            return false;
        }
        book.refused(answer.error().value, 0);
        return answer.error().reason == try_error::closed;
    }
};
template <bool Drop>
struct by_try_reserve : closing<Drop> {
    static constexpr const char* name =
        Drop ? "orders.close_tells_why.try_reserve_after_a_drop" : "orders.close_tells_why.try_reserve";
    template <class Form, class Sender>
    static bool answers_closed(Sender& tx, ledger& /*book*/) {
        const auto answer = tx.try_reserve();
        return !answer && answer.error() == try_error::closed;
    }
};
template <bool Drop>
struct by_is_closed : closing<Drop> {
    static constexpr const char* name =
        Drop ? "orders.close_tells_why.is_closed_after_a_drop" : "orders.close_tells_why.is_closed";
    template <class Form, class Sender>
    static bool answers_closed(Sender& tx, ledger& /*book*/) {
        return tx.is_closed();
    }
};
template <bool Drop>
struct by_reserve : closing<Drop> {
    static constexpr const char* name =
        Drop ? "orders.close_tells_why.reserve_after_a_drop" : "orders.close_tells_why.reserve";
    template <class Form, class Sender>
    static bool answers_closed(Sender& tx, ledger& /*book*/) {
        return !Form::reserve(tx);
    }
};

template <class Target, class Form>
using close_tells_try_send = close_tells_why_to<Target, Form, by_try_send<false>>;
template <class Target, class Form>
using drop_tells_try_send = close_tells_why_to<Target, Form, by_try_send<true>>;
template <class Target, class Form>
using close_tells_try_reserve = close_tells_why_to<Target, Form, by_try_reserve<false>>;
template <class Target, class Form>
using drop_tells_try_reserve = close_tells_why_to<Target, Form, by_try_reserve<true>>;
template <class Target, class Form>
using close_tells_is_closed = close_tells_why_to<Target, Form, by_is_closed<false>>;
template <class Target, class Form>
using drop_tells_is_closed = close_tells_why_to<Target, Form, by_is_closed<true>>;
template <class Target, class Form>
using close_tells_reserve = close_tells_why_to<Target, Form, by_reserve<false>>;
template <class Target, class Form>
using drop_tells_reserve = close_tells_why_to<Target, Form, by_reserve<true>>;

/// The same for a sender that has waited: a receive grants it a permit, or the close fails it; closed is checked first.
/// (35), (36), (19).
template <class Target, class Form>
class close_tells_waiting_send : public full_channel<Target> {
  public:
    static constexpr const char* name = "orders.close_tells_why.waiting_send";

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_value(Form::recv(*this->rx_), 1);
            why_.store(1);
            this->rx_->close();
        } else if (!this->settle(Form::send(*this->tx_, this->book_.make(2)), 2)) {
            expect(why_.load() == 1, "a send that failed sees what came before the close");
        }
    }

  private:
    note why_{0};
};
template <class Target, class Form>
class close_tells_waiting_reserve : public full_channel<Target> {
  public:
    static constexpr const char* name = "orders.close_tells_why.waiting_reserve";

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_value(Form::recv(*this->rx_), 1);
            why_.store(1);
            this->rx_->close();
        } else if (!Form::reserve(*this->tx_)) {
            expect(why_.load() == 1, "a reserve that failed sees what came before the close");
        }
    }

  private:
    note why_{0};
};

/// A channel as a mutex, with the permit as the lock. (6), with (2) if the next owner finds the permit free, and (36)
/// if it gets it by a direct hand-off or while it queues.
template <class Target, class Form>
class permit_is_a_mutex : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.mutex";

    permit_is_a_mutex() { held_.emplace(this->one_permit()); }
    void thread(unsigned index) override {
        if (index == 0) {
            data_.store(data_.load() + 1);
            held_.reset();
        } else {
            const auto mine = Form::reserve(*this->tx_);
            expect(mine.has_value(), "the channel stays open");
            expect(data_.load() == 1, "the next owner of a permit sees what came before its return");
            data_.store(2);
        }
    }

  private:
    std::optional<typename open_channel<Target, 1>::permit> held_;
    note data_{0};
};
/// The same with try_reserve: (6) and (2).
template <class Target, class Form>
class permit_is_a_mutex_that_is_tried : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.try_reserve";

    permit_is_a_mutex_that_is_tried() { held_.emplace(this->one_permit()); }
    void thread(unsigned index) override {
        if (index == 0) {
            data_.store(1);
            held_.reset();
        } else if (const auto mine = this->tx_->try_reserve()) {
            expect(data_.load() == 1, "the next owner of a permit sees what came before its return");
        }
    }

  private:
    std::optional<typename open_channel<Target, 1>::permit> held_;
    note data_{0};
};

/// Two permits are returned at once, and a wait gets both: one of them by a hand-off from the thread that returned the
/// other. (36)
template <class Target, class Form>
class permits_of_two : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.of_another";
    static constexpr unsigned threads = 3;

    permits_of_two() {
        held_[0].emplace(this->one_permit());
        held_[1].emplace(this->one_permit());
    }
    void thread(unsigned index) override {
        if (index < 2) {
            data_[index].store(1);
            held_[index].reset();
        } else {
            const auto both = drive(this->tx_->reserve_many(2), wakes_);
            expect(both.has_value(), "the channel stays open");
            expect(data_[0].load() == 1 && data_[1].load() == 1,
                   "the owner of both permits sees what came before each return");
        }
    }

  private:
    std::optional<typename open_channel<Target, 2>::permit> held_[2];
    note data_[2] = {note(0), note(0)};
    counting_waker wakes_;
};

/// The receiver writes, and takes a value; the next owner of the freed permit sees the write: (15).
template <class Target, class Form>
class receive_is_a_release : public full_channel<Target> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.received";

    void thread(unsigned index) override {
        if (index == 0) {
            data_.store(1);
            this->expect_value(Form::recv(*this->rx_), 1);
        } else {
            const auto mine = Form::reserve(*this->tx_);
            expect(mine.has_value(), "the channel stays open");
            expect(data_.load() == 1, "the owner of the permit that a receive freed sees what came before");
        }
    }

  private:
    note data_{0};
};

/// The same with try_reserve, which knows of the receive only by what another claim, which failed, has seen: (42) and
/// (43).
template <class Target, class Form>
class receive_seen_by_another : public open_channel<Target, 2, 2> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.received_and_seen_by_another";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            data_.store(1);
            this->expect_value(Form::recv(*this->rx_), 1);
        } else if (index == 1) {
            expect(!this->tx_->try_reserve_many(2), "one value stays");
        } else if (const auto mine = this->tx_->try_reserve()) {
            expect(data_.load() == 1, "the owner of the permit that a receive freed sees what came before");
        }
    }

  private:
    note data_{0};
};

/// A receive and a returned permit free two, and a wait gets both by one hand-over: (49).
template <class Target, class Form>
class received_and_returned : public open_channel<Target, 2, 1> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.received_and_returned";
    static constexpr unsigned threads = 3;

    received_and_returned() : held_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            data_[0].store(1);
            this->expect_value(Form::recv(*this->rx_), 1);
        } else if (index == 1) {
            data_[1].store(1);
            held_.reset();
        } else {
            const auto both = drive(this->tx_->reserve_many(2), wakes_);
            expect(both.has_value(), "the channel stays open");
            expect(data_[0].load() == 1 && data_[1].load() == 1,
                   "the owner of both permits sees what came before each was free");
        }
    }

  private:
    std::optional<typename open_channel<Target, 2, 1>::permit> held_;
    note data_[2] = {note(0), note(0)};
    counting_waker wakes_;
};

/// A wait that holds one of two permits is cancelled. The permit goes to the next claim: (30); with waiters behind it:
/// (31).
template <class Target, class Form>
class cancelled_hold : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.cancelled_hold";

    cancelled_hold() {
        out_.emplace(this->one_permit());
        waiting_.emplace(this->tx_->reserve_many(2));
        expect(!waiting_->poll(wakes_.waker()), "it holds one and waits for the other");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            data_.store(1);
            waiting_.reset();
        } else if (const auto mine = this->tx_->try_reserve()) {
            expect(data_.load() == 1,
                   "the owner of the permit sees what came before the cancellation of the wait that held it");
        }
    }
    void finish() override {
        out_.reset();
        open_channel<Target, 2>::finish();
    }

  private:
    using sender = typename open_channel<Target, 2>::sender;
    std::optional<typename open_channel<Target, 2>::permit> out_;
    counting_waker wakes_;
    std::optional<decltype(std::declval<sender&>().reserve_many(2))> waiting_;
    note data_{0};
};
template <class Target, class Form>
class cancelled_hold_with_one_behind : public open_channel<Target, 3> {
  public:
    static constexpr const char* name = "orders.permit_is_a_semaphore.cancelled_hold_with_one_behind";

    cancelled_hold_with_one_behind() {
        out_.emplace(this->one_permit());
        waiting_.emplace(this->tx_->reserve_many(3));
        expect(!waiting_->poll(wakes_[0].waker()), "it holds two and waits for the third");
        behind_.emplace(this->tx_->reserve());
        expect(!behind_->poll(wakes_[1].waker()), "it waits behind");
    }
    void thread(unsigned index) override {
        if (index == 0) {
            data_.store(1);
            waiting_.reset();
        } else if (const auto mine = this->tx_->try_reserve()) {
            expect(data_.load() == 1,
                   "the owner of the permit sees what came before the cancellation of the wait that held it");
        }
    }
    void finish() override {
        behind_.reset();
        out_.reset();
        open_channel<Target, 3>::finish();
    }

  private:
    using sender = typename open_channel<Target, 3>::sender;
    std::optional<typename open_channel<Target, 3>::permit> out_;
    counting_waker wakes_[2];
    std::optional<decltype(std::declval<sender&>().reserve_many(3))> waiting_;
    std::optional<decltype(std::declval<sender&>().reserve())> behind_;
    note data_{0};
};

/// The channel is closed, before or meanwhile, and the last permit is returned unused: a receiver whose response is
/// none sees what the owner of the permit did before, also if it sees the end by the packed state word alone: (6) and
/// (17), or with its close (21).
template <class Target, bool ClosedBefore>
class unused_permit_tells_if : public open_channel<Target, 1> {
  public:
    static constexpr const char* name =
        ClosedBefore ? "orders.unused_permit_tells" : "orders.unused_permit_tells_the_closer";

    unused_permit_tells_if() {
        held_.emplace(this->one_permit());
        if (ClosedBefore) this->rx_->close();
    }
    void thread(unsigned index) override {
        if (index == 0) {
            data_.store(1);
            held_.reset();
        } else {
            if (!ClosedBefore) this->rx_->close();
            const auto answer = this->rx_->try_recv();
            if (!answer && answer.error() == try_recv_error::disconnected)
                expect(data_.load() == 1,
                       "a receiver whose response is none sees what came before the return of the last permit");
        }
    }

  private:
    std::optional<typename open_channel<Target, 1>::permit> held_;
    note data_{0};
};
template <class Target, class Form>
using unused_permit_tells = unused_permit_tells_if<Target, true>;
template <class Target, class Form>
using unused_permit_tells_the_closer = unused_permit_tells_if<Target, false>;

template <class Target>
bool enroll_happens_before() {
    return enroll<close_tells_try_send, Target, driven>() && enroll<drop_tells_try_send, Target, driven>() &&
           enroll<close_tells_try_reserve, Target, driven>() && enroll<drop_tells_try_reserve, Target, driven>() &&
           enroll<close_tells_is_closed, Target, driven>() && enroll<drop_tells_is_closed, Target, driven>() &&
           enroll<close_tells_reserve, Target, driven>() && enroll<drop_tells_reserve, Target, driven>() &&
           enroll<close_tells_waiting_send, Target, driven>() &&
           enroll<close_tells_waiting_reserve, Target, driven>() && enroll<permit_is_a_mutex, Target, driven>() &&
           enroll<permit_is_a_mutex, Target, blocking>() && enroll<permit_is_a_mutex_that_is_tried, Target, driven>() &&
           enroll<permits_of_two, Target, driven>() && enroll<receive_is_a_release, Target, driven>() &&
           enroll<receive_seen_by_another, Target, driven>() && enroll<received_and_returned, Target, driven>() &&
           enroll<cancelled_hold, Target, driven>() && enroll<cancelled_hold_with_one_behind, Target, driven>() &&
           enroll<unused_permit_tells, Target, driven>() && enroll<unused_permit_tells_the_closer, Target, driven>();
}

}  // namespace tailrace::relacy::orders
