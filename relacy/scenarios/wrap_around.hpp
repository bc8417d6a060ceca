// Scenarios with the smallest storage, two slots for a capacity of one: every other value, and the end, gets a slot of
// the previous lap.
//
// Clauses: recv.order, send.waits, recv.none, conservation.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::wrap_around {

/// Five values, two and a half laps.
template <class Target, class Form>
class laps : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "wrap_around.laps";

    void thread(unsigned index) override {
        for (unsigned v = 1; v <= 5; ++v) {
            if (index == 0) {
                this->expect_sent(Form::send(*this->tx_, this->book_.make(v)), v);
            } else {
                this->expect_value(Form::recv(*this->rx_), v);
            }
        }
    }
};

/// Two tasks send two values each: the values of each arrive in its order.
template <class Target, class Form>
class two_producers : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "wrap_around.two_producers";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index < 2) {
            const unsigned first = 1 + 2 * index;
            this->expect_sent(Form::send(*this->tx_, this->book_.make(first)), first);
            this->expect_sent(Form::send(*this->tx_, this->book_.make(first + 1)), first + 1);
        } else {
            unsigned next[] = {1, 3};
            for (int i = 0; i < 4; ++i) {
                const unsigned number = this->take_value(Form::recv(*this->rx_));
                expect(number == next[number > 2]++, "the values of one sender come in its order");
            }
        }
    }
};

/// The last sender is dropped after the third value: the end uses the slot of the second one.
template <class Target, class Form>
class end_of_a_lap : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "wrap_around.end_of_a_lap";

    void thread(unsigned index) override {
        if (index == 0) {
            for (unsigned v = 1; v <= 3; ++v) this->expect_sent(Form::send(*this->tx_, this->book_.make(v)), v);
            this->tx_.reset();
        } else {
            for (unsigned v = 1; v <= 3; ++v) this->expect_value(Form::recv(*this->rx_), v);
            this->expect_end(Form::recv(*this->rx_));
        }
    }
};

/// The channel is closed after two values, and the return of a permit is the end.
template <class Target, class Form>
class end_by_a_permit : public full_channel<Target> {
  public:
    static constexpr const char* name = "wrap_around.end_by_a_permit";

    void thread(unsigned index) override {
        if (index == 0) {
            if (!this->settle(Form::send(*this->tx_, this->book_.make(2)), 2)) return;
            const auto unused = Form::reserve(*this->tx_);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            const auto second = Form::recv(*this->rx_);
            this->expect_value(second, 2);
            this->rx_->close();
            this->expect_end(Form::recv(*this->rx_));
        }
    }
};

template <class Target>
bool enroll_all() {
    return enroll<laps, Target, blocking>() && enroll<laps, Target, driven>() &&
           enroll<two_producers, Target, driven>() && enroll<end_of_a_lap, Target, blocking>() &&
           enroll<end_of_a_lap, Target, driven>() && enroll<end_by_a_permit, Target, blocking>() &&
           enroll<end_by_a_permit, Target, driven>();
}

}  // namespace tailrace::relacy::wrap_around
