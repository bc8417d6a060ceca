// The fixture of most scenarios: an open channel that contains values 1, 2 and so on. full_channel is the smallest full
// one.
//
// At the end the remaining values are received. Then all capacity is back, open or closed, the channel's invariants
// hold, and every value is accounted for.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <source_location>
#include <utility>

#include "kernel/parcel.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy {

template <class Target, unsigned Capacity, unsigned Values = 0>
class open_channel : public scenario {
  public:
    using handles = decltype(Target::template open<parcel>(1));
    using sender = typename handles::first_type;
    using receiver = typename handles::second_type;
    using permit = typename decltype(std::declval<sender&>().try_reserve())::value_type;
    using permits = typename decltype(std::declval<sender&>().try_reserve_many(1))::value_type;
    using where = std::source_location;

    open_channel() {
        auto [tx, rx] = Target::template open<parcel>(Capacity);
        tx_.emplace(std::move(tx));
        rx_.emplace(std::move(rx));
        for (unsigned v = 1; v <= Values; ++v) expect_sent(tx_->try_send(book_.make(v)), v);
    }

    void finish() override {
        const bool receiver_stayed = rx_.has_value();
        if (ended_ && receiver_stayed) {
            const auto more = rx_->try_recv();
            expect(!more && more.error() == try_recv_error::disconnected, "the end is permanent");
        }
        if (receiver_stayed) {
            while (const auto p = rx_->try_recv()) (void)book_.received(*p);
        }
        const auto all_is_back = [](const auto& half) {
            expect(half.capacity() == half.max_capacity(), "all capacity is back when nothing is left in the channel");
        };
        if (tx_) all_is_back(*tx_);
        if (rx_) all_is_back(*rx_);
        if (tx_) expect_invariants<Target>(*tx_);
        if (rx_) expect_invariants<Target>(*rx_);
        rx_.reset();
        tx_.reset();
        if (receiver_stayed) {
            book_.close_all_received();
        } else {
            book_.close();
        }
    }

  protected:
    /// Records the result of a send. True if it was Ok.
    template <class Result>
    bool settle(const Result& result, unsigned number, where at = where::current()) {
        if (result) {
            book_.sent(number);
        } else {
            book_.refused(result.error().value, number, at);
        }
        return result.has_value();
    }
    /// The same for a send with a deadline on a channel that stays open.
    template <class Result>
    void settle_timed(const Result& result, unsigned number, where at = where::current()) {
        if (result) {
            book_.sent(number);
        } else {
            expect(result.error().reason == timeout_error::timeout, "the channel stays open", at);
            expect_deadline_passed(at);
            book_.refused(result.error().value, number, at);
        }
    }
    template <class Result>
    void expect_sent(const Result& result, unsigned number, where at = where::current()) {
        expect(settle(result, number, at), "the channel stays open, so a send ends with Ok", at);
    }
    unsigned take_value(const std::optional<parcel>& p, where at = where::current()) {
        expect(p.has_value(), "the channel is open: a receive ends with a value", at);
        return book_.received(*p);
    }
    void expect_value(const std::optional<parcel>& p, unsigned number, where at = where::current()) {
        expect(take_value(p, at) == number, "the value that is first in the queue", at);
    }
    /// Starts a send for which there never is capacity, polls it once and cancels it.
    void give_up_a_send(unsigned number, counting_waker& wakes, where at = where::current()) {
        auto operation = tx_->send(book_.make(number));
        if (const auto result = operation.poll(wakes.waker()))
            expect(!settle(*result, number, at), "there never was capacity for it", at);
    }
    /// Receives until the end.
    template <class Form>
    void take_all() {
        while (const auto p = Form::recv(*rx_)) (void)book_.received(*p);
        ended_ = true;
    }
    permit one_permit() {
        auto made = tx_->try_reserve();
        expect(made.has_value(), "there is capacity for it");
        return std::move(*made);
    }
    permits some_permits(unsigned n) {
        auto made = tx_->try_reserve_many(n);
        expect(made.has_value(), "there is capacity for them");
        return std::move(*made);
    }
    void expect_end(const std::optional<parcel>& p, where at = where::current()) {
        expect(!p.has_value(), "closed, and nothing is left: none", at);
        ended_ = true;
    }

    ledger book_;
    std::optional<sender> tx_;
    std::optional<receiver> rx_;

  private:
    bool ended_ = false;
};

template <class Target>
using full_channel = open_channel<Target, 1, 1>;

}  // namespace tailrace::relacy
