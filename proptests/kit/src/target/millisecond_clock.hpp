// A manual clock whose tick is a millisecond: a timeout that is finer is rounded up.
// After a change here run: ci/test -L proptests -R forms
#pragma once

#include <chrono>

#include "tailrace/manual_clock.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::verify {

class millisecond_clock {
  public:
    using duration = std::chrono::milliseconds;
    using time_point = std::chrono::time_point<millisecond_clock, duration>;

    [[nodiscard]] time_point now() const noexcept {
        return time_point(std::chrono::floor<duration>(inner_.now().time_since_epoch()));
    }
    void advance(duration by) { inner_.advance(by); }

    class timer {
      public:
        void arm(millisecond_clock& clock, time_point when, const waker& w) {
            inner_.arm(clock.inner_, manual_clock::time_point(when.time_since_epoch()), w);
        }
        bool disarm() noexcept { return inner_.disarm(); }

      private:
        manual_clock::timer inner_;
    };

  private:
    manual_clock inner_;
};

}  // namespace tailrace::verify
