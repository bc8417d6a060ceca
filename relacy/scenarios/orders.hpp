// Scenarios that fail if one memory order of the channel is a step weaker, where no scenario of another family does.
// Each names the order by its number in impl/DESIGN.md.
//
// Clauses: recv.none, permit.send, reserve_many.waits, recv.order.
// After a change here run: ci/test -L relacy && ci/order-audit
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "kernel/optimized.hpp"
#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/interruption.hpp"
#include "scenarios/storage.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/happens_before.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::relacy::orders {

/// What the senders wrote before they were dropped may be read by a receiver that got none: the release of (7), and
/// both halves of (23).
template <class Target, class Form>
class none_tells : public storage::start<Target, 1> {
  public:
    static constexpr const char* name = "orders.none_tells";
    static constexpr unsigned threads = 3;

    none_tells() : other_(this->tx_) {}
    void thread(unsigned index) override {
        if (index == 0) {
            expect(!Form::recv(*this->rx_), "nothing was sent: none");
            expect(notes_[0].load() == 1 && notes_[1].load() == 1,
                   "a receiver that gets none sees what the senders wrote before they were dropped");
        } else {
            notes_.at(index - 1).store(1);
            (index == 1 ? this->tx_ : other_).reset();
        }
    }
    void finish() override {
        this->rx_.reset();
        this->book_.close_all_received();
    }

  private:
    std::optional<typename storage::start<Target, 1>::handles::first_type> other_;
    std::array<relacy_platform::plain<unsigned>, 2> notes_{relacy_platform::plain<unsigned>(0),
                                                           relacy_platform::plain<unsigned>(0)};
};

/// What the receiver did before a receive may be read by the sender that gets the freed permit: (15), with (1) if the
/// send finds the permit, also while it queues, and with (19) if it is woken.
template <class Target, class Form>
class room_tells : public storage::start<Target, 1> {
  public:
    static constexpr const char* name = "orders.room_tells";

    room_tells() { this->sent(this->tx_->try_send(this->book_.make(0)), 0); }
    void thread(unsigned index) override {
        if (index == 0) {
            this->sent(Form::send(*this->tx_, this->book_.make(1)), 1);
            expect(note_.load() == 1, "the receiver wrote it before the receive that freed the permit");
        } else {
            note_.store(1);
            this->take();
        }
    }

  private:
    relacy_platform::plain<unsigned> note_{0};
};

/// The capacity is two more than the outstanding permits. The permit of thread 2 is returned, which recycles nothing,
/// so that no lock of the storage orders the blocks of a wait before another thread.
template <class Target, unsigned Capacity>
class wait_for_three : public storage::start<Target, Capacity> {
  protected:
    using permit = typename decltype(std::declval<typename storage::start<Target, Capacity>::handles::first_type&>()
                                         .try_reserve())::value_type;

    wait_for_three() { reserve(returned_); }
    void reserve(std::optional<permit>& where) {
        auto made = this->tx_->try_reserve();
        expect(made.has_value(), "there is capacity for it");
        where.emplace(std::move(*made));
    }
    void send(permit& p, unsigned number) {
        p.send(this->book_.make(number));
        this->book_.sent(number);
    }
    void send_three() {
        counting_waker wakes;
        auto three = drive(this->tx_->reserve_many(3), wakes);
        expect(three.has_value(), "the channel stays open");
        this->send_all(*three);
    }

    std::optional<permit> returned_;
};

/// Two tasks wait, and one of them sends into a block that the other has made and that it knows of only by the limit:
/// (27) in has_all.
template <class Target, class Form>
class block_of_another : public wait_for_three<Target, 3> {
  public:
    static constexpr const char* name = "orders.block_of_another";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            auto operation = this->tx_->reserve_many(3);
            (void)operation.poll(wakes_.waker());  // and is cancelled
        } else if (index == 1) {
            this->send_three();
        } else {
            this->returned_.reset();
        }
    }

  private:
    counting_waker wakes_;
};

/// A wait finds free capacity when it is about to queue. Then an older permit is used to send into the block that the
/// wait has made: the release of (5).
template <class Target, class Form>
class room_after_all : public wait_for_three<Target, 4> {
  public:
    static constexpr const char* name = "orders.room_after_all";
    static constexpr unsigned threads = 3;

    room_after_all() { this->reserve(old_); }
    void thread(unsigned index) override {
        if (index == 0) {
            this->send(*old_, 3);
        } else if (index == 1) {
            this->send_three();
        } else {
            this->returned_.reset();
        }
    }

  private:
    std::optional<typename wait_for_three<Target, 4>::permit> old_;
};

/// The end goes into a block that was used before: the value that was taken last is not counted yet.
template <class Target, class Form>
class end_in_old_block : public storage::start<Target, 3> {
  public:
    static constexpr const char* name = "orders.end_in_old_block";

    end_in_old_block() {
        this->sent(this->tx_->try_send(this->book_.make(0)), 0);
        this->take();
        this->sent(this->tx_->try_send(this->book_.make(1)), 1);
    }
    void thread(unsigned index) override {
        if (index == 0) {
            {
                auto two = this->tx_->try_reserve_many(2);
                expect(two.has_value(), "there is capacity for two");
                this->send_all(*two, 2);
            }
            this->tx_.reset();
        } else {
            for (int i = 0; i < 3; ++i) this->take();
            expect(!Form::recv(*this->rx_), "all senders are gone and nothing is left: none");
        }
    }
    void finish() override {
        this->rx_.reset();
        this->book_.close_all_received();
    }
};

/// A value goes into such a block, of which its sender knows only by the limit: the release of (27) in recycle. A claim
/// covers more than it uses, because of the end and of values not counted yet, so this needs larger blocks.
template <class Target, class Form>
class value_in_old_block : public storage::start<Target, 8> {
  public:
    static constexpr const char* name = "orders.value_in_old_block";

    value_in_old_block() {
        for (unsigned v = 0; v < 3; ++v) {
            this->sent(this->tx_->try_send(this->book_.make(v)), v);
            this->take();
        }
        this->sent(this->tx_->try_send(this->book_.make(3)), 3);
    }
    void thread(unsigned index) override {
        if (index == 0) {
            auto five = this->tx_->try_reserve_many(5);
            expect(five.has_value(), "there is capacity for five");
            this->send_all(*five, 4);
        } else {
            this->take();
        }
    }
};

/// The receiver and the sender are dropped at once, and the last of them deletes what both have used: the shares.
template <class Target, class Form>
class last_one_deletes : public storage::start<Target, 1> {
  public:
    static constexpr const char* name = "orders.last_one_deletes";

    last_one_deletes() { this->sent(this->tx_->try_send(this->book_.make(0)), 0); }
    void thread(unsigned index) override {
        if (index == 0) {
            this->rx_.reset();
        } else {
            this->tx_.reset();
        }
    }
    void finish() override { this->book_.close(); }
};

/// An operation that throws an exception at its first poll.
struct failing_operation {
    struct failure {};
    using platform_type = relacy_platform;
    using result_type = bool;
    struct owed_wakes {};
    template <class Reason>
    using interruptible = bool;

    [[nodiscard]] std::optional<bool> poll(const waker& /*w*/) { throw failure{}; }
    [[nodiscard]] detail::stopped stop_waiting(owed_wakes& /*owed*/) noexcept { return detail::stopped::undecided; }
};

/// The wait is destroyed as soon as its start has thrown, and the deadline expires at any moment: the load of the
/// sources' bits in interruptible_wait.
template <class Target, class Form>
class start_throws : public scenario {
  public:
    static constexpr const char* name = "orders.start_throws";

    void thread(unsigned index) override {
        if (index == 1) return clock_.advance(std::chrono::milliseconds(5));
        using source = detail::deadline_source<interruption::simulated_clock>;
        using wait = detail::interruptible_wait<failing_operation, source>;
        const auto on_the_heap = std::unique_ptr<wait>(
            new wait(failing_operation{}, std::tuple<source>(source(std::chrono::milliseconds(5), clock_))));
        bool over = false;
        try {
            (void)on_the_heap->start(wakes_.waker(), over);
        } catch (const failing_operation::failure&) {
            has_thrown_ = true;
        }
    }
    void finish() override {
        expect(has_thrown_, "the exception of the operation is propagated");
        expect(wakes_.count() == 0, "a wait that has thrown calls no waker");
    }

  private:
    interruption::simulated_clock clock_;
    counting_waker wakes_;
    bool has_thrown_ = false;
};

/// The reference channel uses a lock and no memory orders. The happens-before clauses apply to both channels.
template <class Target>
bool enroll_all() {
    if constexpr (std::is_same_v<Target, optimized>) {
        (void)(enroll<none_tells, Target, driven>() && enroll<room_tells, Target, driven>() &&
               enroll<last_one_deletes, Target, driven>() && enroll<start_throws, Target, driven>() &&
               enroll<end_in_old_block, storage::pairs, driven>() &&
               enroll<value_in_old_block, storage::fours, driven>() &&
               enroll<block_of_another, storage::recycling, driven>() &&
               enroll<room_after_all, storage::recycling, driven>());
    }
    return enroll_happens_before<Target>();
}

}  // namespace tailrace::relacy::orders
