// Scenarios of sends in batches: a row of tickets that is claimed in one step, and written from the end, against a
// receiver that parks in its first slot, waits for capacity, and goes.
//
// Clauses: recv.order, recv.woken, send.waits, recv.none, send.err-after-drop, conservation. The optimised channel
// only: the reference has no send_many.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::send_many {

template <class Target, class Form, unsigned Capacity>
class start : public open_channel<Target, Capacity> {
  protected:
    /// Sends values 1 to N, in as many batches as it takes. What does not go is refused.
    template <unsigned N>
    void send_all() {
        auto values = made(std::make_integer_sequence<unsigned, N>());
        std::span<parcel> rest(values);
        while (!rest.empty()) {
            const std::size_t before = rest.size();
            const auto sent = send(rest);
            if (!sent) break;
            expect(*sent >= 1 && *sent == before - rest.size(), "a batch has at least one value, and the rest is left");
        }
        const auto gone = static_cast<unsigned>(values.size() - rest.size());
        for (unsigned v = 1; v <= gone; ++v) this->book_.sent(v);
        for (const parcel& p : rest) this->book_.refused(p, p.number());
    }

  private:
    template <unsigned... I>
    std::array<parcel, sizeof...(I)> made(std::integer_sequence<unsigned, I...>) {
        return {this->book_.make(I + 1)...};
    }
    auto send(std::span<parcel>& rest) {
        if constexpr (std::is_same_v<Form, blocking>) {
            return this->tx_->blocking_send_many(rest);
        } else {
            counting_waker wakes;
            return drive(this->tx_->send_many(rest), wakes);
        }
    }
};

/// The receiver looks, parks, is woken once for a batch, and finds the values in their order.
template <class Target, class Form>
class to_a_receive : public start<Target, Form, 2> {
  public:
    static constexpr const char* name = "send_many.to_a_receive";

    void thread(unsigned index) override {
        if (index == 0) return this->template send_all<3>();
        for (unsigned v = 1; v <= 3; ++v) {
            if (const parcel* const next = this->rx_->try_peek())
                expect(next->number() == v, "the value that is first");
            this->expect_value(Form::recv(*this->rx_), v);
        }
    }
};

/// Another send is before, behind, or between two batches, and never within one.
template <class Target, class Form>
class beside_a_send : public start<Target, Form, 2> {
  public:
    static constexpr const char* name = "send_many.beside_a_send";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) return this->template send_all<2>();
        if (index == 1) return this->expect_sent(Form::send(*this->tx_, this->book_.make(11)), 11);
        unsigned next = 1;
        for (int i = 0; i < 3; ++i) {
            const unsigned number = this->take_value(Form::recv(*this->rx_));
            if (number != 11) expect(number == next++, "the values of a batch come in their order");
        }
    }
};

/// The last sender goes after its batch: the end is behind all of it.
template <class Target, class Form>
class then_gone : public start<Target, Form, 2> {
  public:
    static constexpr const char* name = "send_many.then_gone";

    void thread(unsigned index) override {
        if (index == 0) {
            this->template send_all<2>();
            this->tx_.reset();
        } else {
            this->template take_all<Form>();
            expect(this->book_.was_received(2), "what was sent before the end is received");
        }
    }
};

/// The receiver goes: what has gone is destroyed, by the one or by the other, and the rest is still there.
template <class Target, class Form>
class against_receiver_drop : public start<Target, Form, 2> {
  public:
    static constexpr const char* name = "send_many.against_receiver_drop";

    void thread(unsigned index) override {
        if (index == 0) return this->template send_all<3>();
        this->rx_.reset();
    }
};

template <class Target>
bool enroll_all() {
    return enroll<to_a_receive, Target, blocking>() && enroll<to_a_receive, Target, driven>() &&
           enroll<beside_a_send, Target, blocking>() && enroll<beside_a_send, Target, driven>() &&
           enroll<then_gone, Target, blocking>() && enroll<then_gone, Target, driven>() &&
           enroll<against_receiver_drop, Target, driven>();
}

}  // namespace tailrace::relacy::send_many
