// Scenarios of a permit that is used long after it was acquired: its slot was emptied or even allocated in the
// meantime, by threads that its owner has not synchronised with since.
//
// The channel has capacity three, in a ring of four slots. A block has two slots.
// Clauses: permit.send, recv.order, send.waits.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "kernel/parcel.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"

namespace tailrace::relacy::old_permit {

template <class Target>
class start : public scenario {
  public:
    using handles = decltype(Target::template open<parcel>(1));
    using sender = typename handles::first_type;
    using receiver = typename handles::second_type;
    using permit = typename decltype(std::declval<sender&>().try_reserve())::value_type;

    /// A channel that contains values 0, 1 and so on.
    explicit start(unsigned values) {
        auto [tx, rx] = Target::template open<parcel>(3);
        tx_.emplace(std::move(tx));
        rx_.emplace(std::move(rx));
        for (unsigned v = 0; v < values; ++v) expect_sent(tx_->try_send(book_.make(v)), v);
    }
    void finish() override {
        expect(tx_->capacity() == tx_->max_capacity(), "all capacity is back when nothing is left in the channel");
        rx_.reset();
        tx_.reset();
        book_.close_all_received();
    }

  protected:
    template <class Result>
    void expect_sent(const Result& result, unsigned number) {
        expect(result.has_value(), "the channel stays open, so a send ends with Ok");
        book_.sent(number);
    }
    /// Receives values 0 up to `end`, in order except for `stray`.
    template <class Form>
    void receive(unsigned end, unsigned stray) {
        unsigned next = 0;
        for (unsigned i = 0; i < end; ++i) {
            const auto p = Form::recv(*rx_);
            expect(p.has_value(), "the channel is open: a receive ends with a value");
            const unsigned number = book_.received(*p);
            if (number == stray) continue;
            if (next == stray) ++next;
            expect(number == next++, "the values of one sender come in its order");
        }
    }

    ledger book_;
    std::optional<sender> tx_;
    std::optional<receiver> rx_;
};

/// A permit is outstanding and values 0 and 1 are buffered. If its value is sent last, its ticket is 4, which has the
/// same slot as ticket 0.
template <class Target, class Form>
class late_send : public start<Target> {
  public:
    static constexpr const char* name = "old_permit.late_send";
    static constexpr unsigned threads = 3;

    late_send() : start<Target>(2) {
        auto made = this->tx_->try_reserve();
        expect(made.has_value(), "there is capacity for it");
        permit_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_->send(this->book_.make(4));
            this->book_.sent(4);
        } else if (index == 1) {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(2)), 2);
            this->expect_sent(Form::send(*this->tx_, this->book_.make(3)), 3);
        } else {
            this->template receive<Form>(5, 4);
        }
    }

  private:
    std::optional<typename start<Target>::permit> permit_;
};

/// The permit was granted to a waiting send, which uses it only when it is polled again: tickets 3 to 5, slots 3, 0
/// and 1.
template <class Target, class Form>
class late_resume : public start<Target> {
  public:
    static constexpr const char* name = "old_permit.late_resume";
    static constexpr unsigned threads = 3;

    late_resume() : start<Target>(3) {}
    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(5)), 5);
        } else if (index == 1) {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(3)), 3);
            this->expect_sent(Form::send(*this->tx_, this->book_.make(4)), 4);
        } else {
            this->template receive<Form>(6, 5);
        }
    }
};

/// The permit's value goes to storage that other threads have allocated since.
template <class Target, class Form>
class new_storage : public start<Target> {
  public:
    static constexpr const char* name = "old_permit.new_storage";

    new_storage() : start<Target>(0) {
        auto made = this->tx_->try_reserve();
        expect(made.has_value(), "there is capacity for it");
        permit_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_->send(this->book_.make(2));
            this->book_.sent(2);
        } else {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(0)), 0);
            this->expect_sent(Form::send(*this->tx_, this->book_.make(1)), 1);
        }
    }
    void finish() override {
        this->template receive<Form>(3, 2);
        start<Target>::finish();
    }

  private:
    std::optional<typename start<Target>::permit> permit_;
};

template <class Target>
bool enroll_all() {
    return enroll<late_send, Target, blocking>() && enroll<late_send, Target, driven>() &&
           enroll<late_resume, Target, blocking>() && enroll<late_resume, Target, driven>() &&
           enroll<new_storage, Target, blocking>() && enroll<new_storage, Target, driven>();
}

}  // namespace tailrace::relacy::old_permit
