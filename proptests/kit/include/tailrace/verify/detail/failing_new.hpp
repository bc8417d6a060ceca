// Allocations that fail on purpose: within a scope on this thread, the n-th throws std::bad_alloc. So can a move of a
// value.
//
// Programs that link this library are linked with --wrap for the allocation functions (src/target/failing_new.cpp), so
// that the calls of a channel in them come here.
// After a change here run: ci/test -L proptests -R forms
#pragma once

#include <utility>

namespace tailrace::verify {

struct failing_new {
    static constexpr unsigned never = ~0U;
    unsigned before = never;  // the failure: so many allocations succeed
    bool moves_too = false;   // count as allocations
    bool has_failed = false;

    /// Of this thread.
    static failing_new& here() noexcept {
        thread_local failing_new state;
        return state;
    }

    /// At an allocation: whether it has to fail.
    [[nodiscard]] bool fails() noexcept {
        if (before == never) return false;
        if (before > 0) {
            --before;
            return false;
        }
        before = never;
        return has_failed = true;
    }
};

/// Code that a channel calls allocates as usual.
class never_failing_new {
  public:
    never_failing_new() noexcept : was_(std::exchange(failing_new::here().before, failing_new::never)) {}
    never_failing_new(const never_failing_new&) = delete;
    never_failing_new& operator=(const never_failing_new&) = delete;
    ~never_failing_new() { failing_new::here().before = was_; }

  private:
    unsigned was_;
};

}  // namespace tailrace::verify
