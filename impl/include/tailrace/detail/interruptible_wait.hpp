// The wait for an operation or for something that interrupts it (a timer, a stop token), whichever comes first; and the plain wait in
// the same shape. Coroutine and blocking forms are made of these:
//
//     if (!wait.start(waker)) sleep until that waker is called, which happens once; then  wait.finish()
//
// Two others may come, from threads of their own, each once at most: the channel's wake-up and the interruption. The waker may be
// called only when neither of them touches the wait any more, for its owner then destroys it. Four bits, all changed by fetch_or,
// say who has been here:
//
//     set_up           the owner has left start(): until then the others leave everything to it
//     op_woke          the channel's wake-up has come; before that it has tried to disarm the source
//     source_came      the interruption has come; it then ends the operation's wait, unless the wake-up was here
//     source_over      the source touches nothing any more: disarmed in time, or done and a wake-up is still to come
//
//   goes on  | when
//   wake-up  | set_up, and the source is disarmed or over
//   source   | set_up, and either the wake-up was here (before, or while it ended the wait), or no wake-up will ever come
//   owner    | start() itself: the same for whoever came before set_up
//
// After a change here run: ctest -L impl && ctest -L stress
#pragma once

#include <atomic>
#include <cassert>
#include <optional>
#include <utility>

#include "tailrace/detail/permit_wait.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

/// What a source of interruptions says when it is armed: `due` and `never` have armed nothing.
enum class arming : unsigned char { armed, due, never };

template <class Operation>
[[nodiscard]] typename Operation::result_type result_of_woken(Operation& op) {
    auto result = op.poll({});
    assert(result && "an operation that was woken has finished");
    return std::move(*result);
}

template <class Operation>
class plain_wait {
  public:
    using result_type = typename Operation::result_type;

    explicit plain_wait(Operation&& op) : operation_(std::move(op)) {}

    /// True: finished. False: `done` will be called once, perhaps already.
    [[nodiscard]] bool start(const waker& done) {
        auto result = operation_.poll(done);
        if (!result) return false;  // and nothing here is touched any more
        result_.emplace(std::move(*result));
        return true;
    }
    [[nodiscard]] result_type finish() {
        if (result_) return std::move(*result_);
        return result_of_woken(operation_);
    }

  private:
    Operation operation_;
    std::optional<result_type> result_;
};

template <class Operation, class Source>
class interruptible_wait {
  public:
    using reason_type = typename Source::reason_type;
    using result_type = typename Operation::template interruptible<reason_type>;

    interruptible_wait(Operation&& op, Source&& source) : operation_(std::move(op)), source_(std::move(source)) {}

    [[nodiscard]] bool start(const waker& done) {
        done_ = done;
        const waker interruption = {[](void* self) noexcept { static_cast<interruptible_wait*>(self)->interrupt(); },
                                    this};
        const waker wake_up = {[](void* self) noexcept { static_cast<interruptible_wait*>(self)->wake(); }, this};
        const arming armed = source_.arm(interruption);
        if (armed != arming::armed) seen_.store(source_over, std::memory_order_relaxed);
        if (!poll(wake_up)) return leave(armed == arming::due);
        if (source_.disarm()) return true;
        return (add(set_up | op_woke) & source_came) != 0;  // else the interruption is on its way, and goes on
    }

    [[nodiscard]] result_type finish() {
        if (interrupted_) return operation_.interrupted(Source::reason);
        return Operation::template completed<reason_type>(result_ ? std::move(*result_)
                                                                  : result_of_woken(operation_));
    }

  private:
    using platform = typename Operation::platform_type;
    using bits = unsigned;
    static constexpr bits set_up = 1;
    static constexpr bits op_woke = 2;
    static constexpr bits source_came = 4;
    static constexpr bits source_over = 8;

    // (33) acq_rel: each hands over what it did to whoever goes on, and that one has it from all the others.
    bits add(bits which) noexcept { return seen_.fetch_or(which, std::memory_order_acq_rel); }

    bool poll(const waker& wake_up) {
        struct disarmed_if_it_throws {
            interruptible_wait* wait;
            ~disarmed_if_it_throws() {
                if (wait == nullptr || wait->source_.disarm()) return;
                // Not set up: it comes, leaves that bit and nothing else. (34) acquire, from (33): then it has read done_.
                for (unsigned turn = 0; (wait->seen_.load(std::memory_order_acquire) & source_came) == 0; ++turn) {
                    platform::pause(turn);
                }
            }
        } guard{this};
        auto result = operation_.poll(wake_up);
        guard.wait = nullptr;
        if (!result) return false;
        result_.emplace(std::move(*result));
        return true;
    }

    /// The operation is pending. Until set_up nobody goes on, so this may still be touched.
    bool leave(bool due) noexcept {
        if (due) return end_wait(set_up);
        const bits before = add(set_up);
        if ((before & op_woke) != 0) return (before & (source_over | source_came)) != 0;
        return (before & source_came) != 0 && end_wait(source_over);
    }

    /// True: go on. False: the wake-up has been sent and will.
    bool end_wait(bits then) noexcept {
        const stopped how = operation_.stop_waiting();
        interrupted_ = how == stopped::undecided;
        return how != stopped::woken || (add(then) & op_woke) != 0;
    }

    void interrupt() noexcept {
        const waker done = done_;
        const bits before = add(source_came);
        if ((before & set_up) == 0) return;
        if ((before & op_woke) != 0 || end_wait(source_over)) done();
    }

    void wake() noexcept {
        const waker done = done_;
        const bool disarmed = source_.disarm();
        const bits before = add(disarmed ? op_woke | source_over : op_woke);
        if ((before & set_up) == 0) return;
        if (disarmed || (before & source_over) != 0) done();
    }

    Operation operation_;
    Source source_;
    // Not `plain`: what a source orders (a stop token, its registration before its callback), no simulation sees.
    waker done_;
    std::optional<typename Operation::result_type> result_;
    bool interrupted_ = false;
    typename platform::template atomic<bits> seen_{bits{0}};
};

/// An operation that something may interrupt, in driven form.
template <class Operation, class Source>
class [[nodiscard]] interruptible_operation {
  public:
    using platform_type = typename Operation::platform_type;
    using result_type = typename Operation::template interruptible<typename Source::reason_type>;
    using wait_type = interruptible_wait<Operation, Source>;

    interruptible_operation(Operation&& op, Source&& source) : operation_(std::move(op)), source_(std::move(source)) {}

    /// Nothing: pending, and `w` will be called, by the channel and by the interruption.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        using reason_type = typename Source::reason_type;
        const bool due = source_.arm(w) == arming::due;
        // Once the operation waits with `w` its owner may be running elsewhere: nothing here is touched then.
        if (auto result = operation_.poll(due ? waker{} : w)) {
            (void)source_.disarm();
            return Operation::template completed<reason_type>(std::move(*result));
        }
        if (!due) return std::nullopt;
        (void)source_.disarm();
        if (operation_.stop_waiting() != stopped::undecided) {  // at the last moment
            return Operation::template completed<reason_type>(std::move(*operation_.poll({})));
        }
        return operation_.interrupted(Source::reason);
    }

    [[nodiscard]] wait_type start_waiting() && { return wait_type(std::move(operation_), std::move(source_)); }

  private:
    Operation operation_;
    Source source_;  // disarmed first
};

/// The wait that any of the operations becomes.
template <class Operation>
[[nodiscard]] plain_wait<Operation> wait_of(Operation&& op) {
    return plain_wait<Operation>(std::move(op));
}
template <class Operation, class Source>
[[nodiscard]] interruptible_wait<Operation, Source> wait_of(interruptible_operation<Operation, Source>&& op) {
    return std::move(op).start_waiting();
}

}  // namespace tailrace::detail
