// What is special about coroutines: where they are resumed, and the wait in their frame that two may end. Many
// scenarios of other families have an awaited form besides.
//
// Clauses: wake.outside-locks, wake.all, cancel.driven.
// After a change here run: ctest -L relacy && ci/mutants -R scenarios
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

/// The coroutines of threads 0 and 1 want the only permit and give it back. The receive makes room for the first; what
/// that one gives back resumes the second, and not before the first has suspended itself or ended.
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
            bells_[index].sleep();
        }
    }

  private:
    detached reserve_and_return(unsigned started_by) {
        {
            auto made = co_await awaitable(this->tx_->reserve());
            expect(made.has_value(), "nobody closes");
            const unsigned here = rl::thread_index();
            expect(!resuming_[here], "a resumption does not run inside of another one");
            resuming_[here] = here != started_by;  // otherwise it has not been suspended
            {
                const auto dies_here = std::move(*made);
            }
            resuming_[here] = false;
        }
        bells_[started_by].waker()();
    }

    std::array<alarm, 2> bells_;
    std::array<bool, threads> resuming_{};
};

/// A send, the room for it, and the stop: whoever comes last resumes the frame in which the wait lies.
template <class Target, class Form>
class stopped : public full_channel<Target> {
  public:
    static constexpr const char* name = "coroutines.stopped";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = await_in_coroutine(with_stop(this->tx_->send(this->book_.make(2)), stop_.get_token()));
            expect(result || result.error().reason == stop_error::stopped, "nobody closes");
            expect(result || stop_.stop_requested(), "stopped is said only after the stop");
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

/// The reference has no stop tokens.
template <class Target>
bool enroll_all() {
    if constexpr (std::is_same_v<Target, optimized>) (void)enroll<stopped, Target, awaited>();
    return enroll<one_after_another, Target, awaited>();
}

}  // namespace tailrace::relacy::coroutines
