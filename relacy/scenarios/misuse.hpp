// Scenarios of misuse: it throws an exception in the thread that misuses the channel, whatever other threads do.
//
// They also test the simulation itself: a thread is preempted while it handles an exception, by a thread that throws
// one.
// Clauses: blocking_send.refuses-async.
// After a change here run: ci/test -L relacy
#pragma once

#include <optional>
#include <stdexcept>
#include <utility>

#include "kernel/parcel.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"

namespace tailrace::relacy::misuse {

/// Both threads misuse the channel, and use it correctly while they handle the exception.
template <class Target, class Form>
class async_context : public scenario {
  public:
    static constexpr const char* name = "misuse.async_context";

    async_context() {
        auto [tx, rx] = Target::template open<parcel>(1);
        tx_.emplace(std::move(tx));
        rx_.emplace(std::move(rx));
    }
    void thread(unsigned index) override {
        bool refused = false;
        try {
            misbehave_and_work(index);
        } catch (const std::logic_error&) {
            refused = true;
        }
        expect(refused, "the exception that was rethrown arrives");
    }
    void finish() override {
        expect(!rx_->try_recv(), "nothing is left");
        rx_.reset();
        tx_.reset();
        book_.close();
        expect(book_.was_sent(0) && book_.is_destroyed(1), "one value was sent, the other refused");
    }

  private:
    void misbehave_and_work(unsigned index) {
        try {
            const simulated_async_context here;
            if (index == 0) {
                (void)tx_->blocking_send(book_.make(1));
            } else {
                (void)rx_->blocking_recv();
            }
            expect(false, "a blocking form refuses to run in an asynchronous context");
        } catch (const std::logic_error&) {
            expect(!relacy_platform::in_async_context(), "the context has ended, here and in no other thread");
            if (index == 0) {
                expect(Form::send(*tx_, book_.make(0)).has_value(), "there is capacity for it");
                book_.sent(0);
            } else {
                const auto p = Form::recv(*rx_);
                expect(p && book_.received(*p) == 0, "what was sent arrives");
            }
            throw;
        }
    }

    ledger book_;
    std::optional<typename decltype(Target::template open<parcel>(1))::first_type> tx_;
    std::optional<typename decltype(Target::template open<parcel>(1))::second_type> rx_;
};

template <class Target>
bool enroll_all() {
    return enroll<async_context, Target, blocking>() && enroll<async_context, Target, driven>();
}

}  // namespace tailrace::relacy::misuse
