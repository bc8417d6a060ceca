// Scenarios of storage that the receiver releases and that is reused at the far end, as in channels of large capacity:
// each receive frees a block of one slot. The reference channel has no such storage.
//
// Clauses: recv.order, permit.send, alloc.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "kernel/optimized.hpp"
#include "kernel/parcel.hpp"
#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/ring.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy::storage {

/// The optimised channel with blocks of the given number of slots. An empty block is reused; an idle channel keeps one.
template <std::uint64_t Slots>
struct blocks_of : optimized {
    struct platform : recycling_platform {
        static constexpr std::uint64_t block_slots = Slots;
    };
    template <class T>
    static auto open(std::size_t capacity) {
        return channel<T, platform>(capacity);
    }
};
using recycling = blocks_of<1>;
using pairs = blocks_of<2>;
using fours = blocks_of<4>;

/// Blocks of two slots, and an idle channel keeps two of them: a claim of one slot relies only on what is kept, so it
/// is not counted (37).
struct two_kept : optimized {
    struct platform : pairs::platform {
        static constexpr std::uint64_t kept_bytes = 2 * sizeof(detail::slot<detail::carried<parcel>, pairs::platform>);
    };
    template <class T>
    static auto open(std::size_t capacity) {
        return channel<T, platform>(capacity);
    }
};

template <class Target, unsigned Capacity>
class start : public scenario {
  public:
    using handles = decltype(Target::template open<parcel>(1));

    start() {
        auto [tx, rx] = Target::template open<parcel>(Capacity);
        tx_.emplace(std::move(tx));
        rx_.emplace(std::move(rx));
    }
    void finish() override {
        while (const auto p = rx_->try_recv()) (void)book_.received(*p);
        expect(tx_->capacity() == tx_->max_capacity(), "all capacity is back when nothing is left in the channel");
        expect_invariants<Target>(*tx_);
        rx_.reset();
        tx_.reset();
        book_.close_all_received();
    }

  protected:
    using permits = typename decltype(std::declval<typename handles::first_type&>().try_reserve_many(1))::value_type;

    /// Sends a value with every permit, numbered from `number`.
    void send_all(permits& several, unsigned number = 0) {
        for (; auto p = several.next(); ++number) {
            p->send(book_.make(number));
            book_.sent(number);
        }
    }
    template <class Result>
    void sent(const Result& result, unsigned number) {
        expect(result.has_value(), "the channel stays open, so a send ends with Ok");
        book_.sent(number);
    }
    void take() {
        const auto p = rx_->blocking_recv();
        expect(p.has_value(), "the channel is open");
        (void)book_.received(*p);
    }

    ledger book_;
    std::optional<typename handles::first_type> tx_;
    std::optional<typename handles::second_type> rx_;
};

/// Two tasks send while the receiver takes values and recycles blocks, and the number of blocks grows.
template <class Target, class Form>
class grows_while_used : public start<Target, 2> {
  public:
    static constexpr const char* name = "storage.grows_while_used";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index < 2) {
            this->sent(Form::send(*this->tx_, this->book_.make(2 * index)), 2 * index);
            this->sent(Form::send(*this->tx_, this->book_.make(2 * index + 1)), 2 * index + 1);
        } else {
            for (int i = 0; i < 4; ++i) this->take();
        }
    }
};

/// Blocks that one task makes for a large claim are used by another task before that claim.
template <class Target, class Form>
class large_claim : public start<Target, 6> {
  public:
    static constexpr const char* name = "storage.large_claim";

    void thread(unsigned index) override {
        if (index == 0) {
            const auto several = this->tx_->try_reserve_many(5);
            expect(several || several.error() == try_error::full, "the channel stays open");
        } else {
            for (unsigned v = 0; v < 2; ++v) {
                if (const auto result = this->tx_->try_send(this->book_.make(v))) {
                    this->book_.sent(v);
                } else {
                    this->book_.refused(result.error().value, v);
                }
            }
        }
    }
};

/// A permit's value goes to a block that was recycled after the permit was acquired.
template <class Target, class Form>
class late_send : public start<Target, 2> {
  public:
    static constexpr const char* name = "storage.late_send";
    static constexpr unsigned threads = 3;

    late_send() {
        auto made = this->tx_->try_reserve();
        expect(made.has_value(), "there is capacity for it");
        permit_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_->send(this->book_.make(4));
            this->book_.sent(4);
        } else if (index == 1) {
            for (unsigned v = 0; v < 3; ++v) this->sent(Form::send(*this->tx_, this->book_.make(v)), v);
        } else {
            for (int i = 0; i < 4; ++i) this->take();
        }
    }

  private:
    using permit =
        typename decltype(std::declval<typename start<Target, 2>::handles::first_type&>().try_reserve())::value_type;
    std::optional<permit> permit_;
};

/// The return of a permit posts the end, in a block that no task has written to.
template <class Target, class Form>
class end_in_new_block : public start<Target, 2> {
  public:
    static constexpr const char* name = "storage.end_in_new_block";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            if (auto permit = this->tx_->try_reserve()) {
                if constexpr (std::is_same_v<Form, blocking>) return;
                permit->send(this->book_.make(0));
                this->book_.sent(0);
            }
        } else if (index == 1) {
            if (this->tx_->try_send(this->book_.make(1))) this->book_.sent(1);
        } else {
            this->rx_->close();
            while (const auto p = Form::recv(*this->rx_)) (void)this->book_.received(*p);
        }
    }
    void finish() override {
        const auto more = this->rx_->try_recv();
        expect(!more && more.error() == try_recv_error::disconnected, "the end is permanent");
        start<Target, 2>::finish();
    }
};

/// A channel that becomes idle releases its blocks while another task claims, which has read the storage's state before
/// or after the release.
template <class Target, class Form>
class given_back : public start<Target, 4> {
  public:
    static constexpr const char* name = "storage.given_back";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            for (int i = 0; i < 2; ++i) (void)this->tx_->try_reserve_many(3);
        } else if (index == 1) {
            if (auto two = this->tx_->try_reserve_many(2)) this->send_all(*two);
        } else if (const auto p = this->rx_->try_recv()) {
            (void)this->book_.received(*p);
        }
    }
};

/// The same with a value that is sent and received in the block that is kept.
template <class Target>
class beside_a_value : public start<Target, 6> {
  public:
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            become_idle();
        } else if (index == 1) {
            if (this->tx_->try_send(this->book_.make(0))) this->book_.sent(0);
        } else if (const auto p = this->rx_->try_recv()) {
            (void)this->book_.received(*p);
        }
    }

  private:
    virtual void become_idle() = 0;
};

/// The sender may have read the address of the directory that is released. Or the receiver already has its value, so
/// that the channel is idle again.
template <class Target, class Form>
class given_back_beside_a_send : public beside_a_value<Target> {
  public:
    static constexpr const char* name = "storage.given_back_beside_a_send";

  private:
    void become_idle() override { (void)this->tx_->try_reserve_many(5); }
};

/// The same where the send is a claim that is not counted.
template <class Target, class Form>
class given_back_beside_a_small_claim : public beside_a_value<Target> {
  public:
    static constexpr const char* name = "storage.given_back_beside_a_small_claim";

  private:
    void become_idle() override { (void)this->tx_->try_reserve_many(5); }
};

/// The last value is received, and before the hand-off of its permit the wait for it is cancelled: the task that makes
/// the channel idle is ordered after the sender only by the packed state word (37).
template <class Target, class Form>
class given_back_by_a_cancel : public beside_a_value<Target> {
  public:
    static constexpr const char* name = "storage.given_back_by_a_cancel";

  private:
    void become_idle() override {
        auto all = this->tx_->reserve_many(6);
        (void)all.poll(wakes_.waker());
    }

    counting_waker wakes_;
};

/// A wait has prepared storage, and before it queues the channel becomes idle and releases that storage.
template <class Target, class Form>
class given_back_before_a_wait : public start<Target, 3> {
  public:
    static constexpr const char* name = "storage.given_back_before_a_wait";

    given_back_before_a_wait() {
        auto made = this->tx_->try_reserve_many(2);
        expect(made.has_value(), "there is capacity for two");
        burst_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            burst_.reset();
        } else {
            counting_waker wakes;
            auto three = drive(this->tx_->reserve_many(3), wakes);
            expect(three.has_value(), "the channel stays open");
            this->send_all(*three);
        }
    }

  private:
    std::optional<typename start<Target, 3>::permits> burst_;
};

/// An idle channel finds that a claim relies on its storage, and restores the limit. That claim goes by the limit to a
/// block that a third task has made, for a claim that it has not made yet: the release of (27) in give_back.
template <class Target, class Form>
class given_back_in_vain : public start<Target, 7> {
  public:
    static constexpr const char* name = "storage.given_back_in_vain";
    static constexpr unsigned threads = 3;

    given_back_in_vain() {
        auto made = this->tx_->try_reserve_many(1);
        expect(made.has_value(), "there is capacity for it");
        last_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            last_.reset();
        } else if (index == 1) {
            (void)this->tx_->try_reserve_many(3);
        } else if (auto three = this->tx_->try_reserve_many(3)) {
            this->send_all(*three);
        }
    }

  private:
    std::optional<typename start<Target, 7>::permits> last_;
};

template <class>
bool enroll_all() {
    using target = recycling;
    return enroll<grows_while_used, target, blocking>() && enroll<grows_while_used, target, driven>() &&
           enroll<large_claim, target, driven>() && enroll<late_send, target, blocking>() &&
           enroll<late_send, target, driven>() && enroll<end_in_new_block, target, blocking>() &&
           enroll<end_in_new_block, target, driven>() && enroll<given_back, target, driven>() &&
           enroll<given_back_before_a_wait, target, driven>() && enroll<given_back_beside_a_send, pairs, driven>() &&
           enroll<given_back_by_a_cancel, pairs, driven>() &&
           enroll<given_back_beside_a_small_claim, two_kept, driven>() && enroll<given_back_in_vain, target, driven>();
}

}  // namespace tailrace::relacy::storage
