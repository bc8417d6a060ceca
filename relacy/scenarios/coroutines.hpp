// Scenarios of coroutines: where they are resumed, and a wait in their frame that two events may end. Many scenarios of
// other families have an awaited form as well.
//
// Clauses: wake.outside-locks, wake.all, cancel.driven.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "kernel/optimized.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/awaited.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/stop.hpp"

namespace tailrace::relacy::coroutines {

/// The coroutines of threads 0 and 1 take the only permit and return it. The receive frees it for the first; its return
/// resumes the second, but not before the first one has suspended or ended.
template <class Target, class Form>
class one_after_another : public full_channel<Target> {
  public:
    static constexpr const char* name = "coroutines.one_after_another";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 2) {
            this->expect_value(driven::recv(*this->rx_), 1);
        } else {
            reserve_and_return(index);
            wakes_[index].sleep();
        }
    }

  private:
    detached reserve_and_return(unsigned started_by) {
        {
            auto made = co_await awaitable(this->tx_->reserve());
            expect(made.has_value(), "the channel stays open");
            const unsigned here = rl::thread_index();
            expect(!resuming_[here], "a resumption does not run inside of another one");
            resuming_[here] = here != started_by;  // otherwise it has not been suspended
            {
                const auto dies_here = std::move(*made);
            }
            resuming_[here] = false;
        }
        wakes_[started_by].waker()();
    }

    std::array<counting_waker, 2> wakes_;
    std::array<bool, threads> resuming_{};
};

/// A send, the receive that frees capacity for it, and the stop request: the last event resumes the frame that contains
/// the wait.
template <class Target, class Form>
class stopped : public full_channel<Target> {
  public:
    static constexpr const char* name = "coroutines.stopped";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = await_in_coroutine(with_stop(this->tx_->send(this->book_.make(2)), stop_.get_token()));
            expect(result || result.error().reason == stop_error::stopped, "the channel stays open");
            expect(result || stop_.stop_requested(), "stopped is reported only after the stop request");
            (void)this->settle(result, 2);
        } else if (index == 1) {
            stop_.request_stop();
        } else {
            this->expect_value(driven::recv(*this->rx_), 1);
        }
    }

  private:
    std::stop_source stop_;
};

/// The reference channel has no stop tokens.
template <class Target>
bool enroll_all() {
    if constexpr (std::is_same_v<Target, optimized>) (void)enroll<stopped, Target, awaited>();
    return enroll<one_after_another, Target, awaited>();
}

}  // namespace tailrace::relacy::coroutines
