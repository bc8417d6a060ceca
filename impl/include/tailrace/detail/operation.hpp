// What the waiting operations have in common (operations.hpp, receive_operations.hpp).
// After a change here run: ci/test -L impl && ci/test -L conformance && ci/test -L relacy
#pragma once

#include <cassert>
#include <expected>
#include <optional>
#include <type_traits>
#include <utility>

#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/owed_call.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

enum class phase : unsigned char { created, waiting, finished };

/// How an operation stopped waiting.
enum class stopped : unsigned char {
    undecided,  // no result; no wake-up will come
    decided,    // the result is there; no wake-up will come
    woken       // the result is there; a wake-up has come or will come
};

/// An operation may be moved before its first poll. The moved-from operation must not be used.
[[nodiscard]] inline phase move_phase(phase& from) noexcept {
    assert(from != phase::waiting && "an operation may be moved only before its first poll");
    return std::exchange(from, phase::finished);
}

inline void require_unfinished(phase p) {
    if (p == phase::finished) misuse("tailrace: an operation was used after it had finished");
}

/// A poll in two steps, which every operation here has: attempt(owed_call&) gives the result if there is one, and
/// wait(w) arranges for `w` to be called, or says that an attempt has a result now. Foreign code runs when the owed
/// call is made, at the end, and no other thread may resume the owner before wait().
template <class Operation>
[[nodiscard]] std::optional<typename Operation::result_type> poll_in_two_steps(Operation& op, const waker& w) {
    for (;;) {
        owed_call last;
        if (auto result = op.attempt(last)) return result;
        if (op.wait(w)) return std::nullopt;  // the operation is not touched any more
    }
}

/// Whether an operation has these steps itself; one derived from such an operation may have another poll.
template <class Operation>
concept polled_in_two_steps = std::is_same_v<typename Operation::polled_in_two_steps, Operation>;

/// The part of an operation that follows from the rest: `Self` has attempt(owed_call&), and a member `wait_` that waits
/// and stops waiting, or these two itself.
template <class Self, class Core, class Result>
class operation {
  public:
    using platform_type = typename Core::platform_type;
    using owed_wakes = typename Core::owed_wakes;
    using result_type = Result;
    using polled_in_two_steps = Self;

    /// The result, or nothing: pending, and `w` will be called once. The first poll fixes the place in the queue. A
    /// later one may bring another waker, and is never lost against the wake-up.
    ///
    /// Throws: std::bad_alloc, and nothing has happened; std::logic_error once it has finished.
    [[nodiscard]] std::optional<Result> poll(const waker& w) { return poll_in_two_steps<Self>(self(), w); }

    [[nodiscard]] bool wait(const waker& w) { return self().wait_.wait(w); }
    /// False: an attempt may find nothing new, and would slow the other threads down.
    [[nodiscard]] bool worth_an_attempt() const noexcept { return true; }
    [[nodiscard]] stopped stop_waiting(owed_wakes& owed) noexcept { return self().wait_.stop_waiting(owed); }
    template <class E>
    [[nodiscard]] auto interrupted(E why) {
        return typename Self::template interruptible<E>(std::unexpected(why));
    }

  private:
    [[nodiscard]] Self& self() noexcept { return static_cast<Self&>(*this); }
};

}  // namespace tailrace::detail
