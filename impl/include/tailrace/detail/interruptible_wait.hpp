// The wait for an operation or for an interruption (a clock, a stop token), whichever comes first; and the plain wait
// with the same interface. The coroutine and blocking forms are built on these:
//
//     if (!wait.start(waker, over)) sleep until that waker is called, which happens once; then  wait.finish()
//
// Foreign code that runs in start() may destroy the wait. Then `over` is true, and start() has not touched the wait
// since.
//
// The wake-up of the channel and one interruption for each source come from different threads, each at most once. The
// waker may be called only when none of these parties touches the wait any more, because the owner then destroys it.
// One word, changed by fetch_or only, records the progress of each party:
//
//     set_up        the owner has left start(): until then the others only set their bits
//     ending        the wait is being ended by its ender: the first to come after set_up, or the owner if one came
//                   before
//     ended         the ender is done: it has stopped the wait of the operation and disarmed the sources
//     left          one bit for the operation and one for each source: this party touches nothing any more. The party
//                   sets it when it has come; the ender sets it for the parties that it has silenced
//     came          one bit for each source, the reason of an interruption
//
// The party whose bits complete set_up, ended and every `left` calls the waker; if that is the owner in start(), it
// continues instead.
//
// After a change here run: ci/test -L impl && ci/test -L stress && ci/test -L relacy
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tailrace/detail/permit_wait.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

/// The result of arming a source of interruptions: with `due` and `never` nothing was armed.
enum class arming : unsigned char { armed, due, never };

template <class Operation>
[[nodiscard, gnu::noinline]] typename Operation::result_type result_of_woken(Operation& op) {
    auto result = op.poll({});
    assert(result && "an operation that was woken has finished");
    return std::move(*result);
}

/// A scope in which foreign code may destroy the owner of `flag`: the owner's destructor then sets `over`, if `flag`
/// points to it.
class exposure {
  public:
    exposure(bool*& flag, bool& over) noexcept : flag_(flag), over_(over) { flag_ = &over_; }
    exposure(const exposure&) = delete;
    exposure& operator=(const exposure&) = delete;
    ~exposure() {
        if (!over_) flag_ = nullptr;
    }

  private:
    bool*& flag_;
    bool& over_;
};

/// What the attempts have found that an operation makes while its owner runs: a result, or none yet. Perhaps something
/// has to follow when the owner is suspended, for it may destroy the owner: a call that is owed, then an exception.
template <class Operation>
class first_attempt {
  public:
    using result_type = typename Operation::result_type;

    first_attempt() noexcept {}
    first_attempt(const first_attempt&) = delete;
    first_attempt& operator=(const first_attempt&) = delete;
    ~first_attempt() {
        if (has_result()) std::destroy_at(std::addressof(result_));
        if (follows()) [[unlikely]]
            drop_next();
    }

    /// Attempts what has no result yet. True: there is a result, and nothing follows.
    [[nodiscard, gnu::always_inline]] bool make(Operation& op) {
        if constexpr (polled_in_two_steps<Operation>) {
            owed_call last;
#if defined(__cpp_exceptions)
            try {
                if (attempted(op, last)) [[likely]]
                    return true;
            } catch (...) {
                if (!last.owed()) throw;
                const auto owed = last.release();
                (void)made_or_postponed(owed.call, owed.next, std::current_exception());
            }
#else
            if (attempted(op, last)) return true;
#endif
            if (last.owed()) {
                const auto owed = last.release();
                return made_or_postponed(owed.call, owed.next, nullptr);
            }
        }
        return false;
    }
    /// Of an operation that was woken.
    void make_last(Operation& op) {
        owed_call last;
        auto result = op.attempt(last);
        assert(result && "an operation that was woken has finished");
        keep(std::move(*result));
    }
    [[nodiscard]] bool follows() const noexcept { return found_ == found::more; }
    /// Foreign code. `over`: it has destroyed this.
    void follow(bool& over) {
        next_.over = &over;
        {
            const owed_call now = std::move(next_.owed);
        }
        if (over) return;
        next_.over = nullptr;
        if (next_.failure) std::rethrow_exception(std::exchange(next_.failure, nullptr));
    }

    [[nodiscard]] bool has_result() const noexcept {
        return found_ == found::result || (found_ == found::more && next_.after_a_result);
    }
    void keep(result_type&& result) {
        ::new (static_cast<void*>(std::addressof(result_))) result_type(in_parts(std::move(result)));
        found_ = found::result;
    }
    /// Precondition: has_result().
    [[nodiscard]] result_type take() { return in_parts(std::move(result_)); }

  private:
    using resumption = inline_resumption<typename Operation::platform_type>;
    enum class found : unsigned char { nothing, result, more };
    struct next {
        owed_call owed;
        std::exception_ptr failure;
        bool after_a_result;
        bool* over = nullptr;
    };
    [[nodiscard, gnu::always_inline]] bool attempted(Operation& op, owed_call& last) {
        auto result = op.attempt(last);
        if (!result) return false;
        keep(std::move(*result));
        return !last.owed();
    }
    /// True: the call was a wake-up in which no foreign code runs, and nothing else follows.
    [[nodiscard, gnu::noinline]] bool made_or_postponed(waker call, waker then, std::exception_ptr failure) noexcept {
        if (found_ == found::result && then.wake == nullptr && resumption::only_lists(call)) {
            call();
            return true;
        }
        ::new (static_cast<void*>(std::addressof(next_)))
            next{owed_call(call, then), std::move(failure), found_ == found::result};
        found_ = found::more;
        return false;
    }
    [[gnu::noinline]] void drop_next() noexcept {
        if (next_.over != nullptr) *next_.over = true;
        std::destroy_at(std::addressof(next_));
    }

    // Moved part by part: what was just written in parts is slow to read as a whole.
    template <class R>
    [[nodiscard]] static R in_parts(R&& r) {
        return std::forward<R>(r);
    }
    template <class V>
    [[nodiscard]] static std::optional<V> in_parts(std::optional<V>&& r) {
        if (r) return std::optional<V>(std::in_place, *std::move(r));
        return std::nullopt;
    }
    template <class E>
    [[nodiscard]] static std::expected<void, E> in_parts(std::expected<void, E>&& r) {
        if (r) return {};
        return std::unexpected(std::move(r).error());
    }

    found found_ = found::nothing;
    union {
        result_type result_;
    };
    union {
        next next_;
    };
};

/// `First`: its first attempts, or a reference to those that the owner has made and keeps.
template <class Operation, class First = first_attempt<Operation>>
class plain_wait {
  public:
    using result_type = typename Operation::result_type;

    explicit plain_wait(Operation&& op) : operation_(std::move(op)) {}
    plain_wait(Operation&& op, First first) noexcept : operation_(std::move(op)), first_(first) {
        static_assert(std::is_nothrow_move_constructible_v<Operation>);
    }
    plain_wait(const plain_wait&) = delete;
    plain_wait& operator=(const plain_wait&) = delete;

    /// Before start(). True: finished, and nothing is left to do. No foreign code can destroy this here.
    [[nodiscard]] bool try_at_once() { return first_.make(operation_); }
    /// No further attempt may be made: start() comes next.
    [[nodiscard]] bool follows() const noexcept { return first_.follows(); }
    /// True: finished, or over. False: `done` will be called once, perhaps already.
    [[nodiscard]] bool start(const waker& done, bool& over) {
        if constexpr (polled_in_two_steps<Operation>) {
            while (!first_.has_result() && !first_.follows()) {
                if (operation_.wait(done)) return false;  // nothing here is touched any more
                (void)try_at_once();
            }
            if (first_.follows()) first_.follow(over);
        } else {
            auto result = operation_.poll(done);
            if (!result) return false;  // nothing here is touched any more
            first_.keep(std::move(*result));
        }
        return true;
    }
    [[nodiscard]] result_type finish() {
        if (first_.has_result()) return first_.take();
        return result_of_woken(operation_);
    }
    /// finish(), with the result where another one might be.
    [[gnu::noinline]] void finish_into(first_attempt<Operation>& first) {
        if (!first.has_result()) first.make_last(operation_);
    }

  private:
    Operation operation_;
    First first_;
};

/// The reason type of a wait that several sources may interrupt.
template <class... Reasons>
struct joined_reason {
    using type = interrupt_error;
};
template <class Reason, class... Same>
    requires(std::is_same_v<Reason, Same> && ...)
struct joined_reason<Reason, Same...> {
    using type = Reason;
};
template <class... Sources>
using reason_of = typename joined_reason<typename Sources::reason_type...>::type;

/// The form of a result without the last source of its wait.
template <class Operation, class... Sources>
struct form_without_last {
    template <std::size_t... I>
    static reason_of<std::tuple_element_t<I, std::tuple<Sources...>>...> reason(std::index_sequence<I...>);
    using reason_type = decltype(reason(std::make_index_sequence<sizeof...(Sources) - 1>()));
    using type = typename Operation::template interruptible<reason_type>;
};
template <class Operation, class Source>
struct form_without_last<Operation, Source> {
    using type = typename Operation::result_type;
};

template <class Operation, class... Sources>
class interruptible_wait {
  public:
    using reason_type = reason_of<Sources...>;
    using result_type = typename Operation::template interruptible<reason_type>;

    interruptible_wait(Operation&& op, std::tuple<Sources...>&& sources)
        : operation_(std::move(op)), sources_(std::move(sources)) {}
    interruptible_wait(const interruptible_wait&) = delete;
    interruptible_wait& operator=(const interruptible_wait&) = delete;
    ~interruptible_wait() {
        if (over_ == nullptr) return;
        *over_ = true;
        silence();
    }

    /// As that of plain_wait. What finishes at once arms nothing.
    [[nodiscard]] bool try_at_once() { return first_.make(operation_); }
    /// No further attempt may be made: start() comes next.
    [[nodiscard]] bool follows() const noexcept { return first_.follows(); }
    [[nodiscard]] bool start(const waker& done, bool& over) {
        if (first_.follows()) {
            first_.follow(over);
            return true;
        }
        done_ = done;
        bool due = false;
        {
            const silenced_if_it_throws guard{this, over};
            const exposure foreign(over_, over);
            for_each_source([&](auto& source, auto i) {
                const arming how = source.arm(waker{&interruption<decltype(i)::value>, this});
                if (how == arming::armed) unarmed_ &= ~left(i);
                if (how == arming::due) unarmed_ |= came(i) | ending;
            });
            due = (unarmed_ & ending) != 0;
            poll(due, over);
            if (over) return true;
        }
        // Until set_up no other party resumes the owner.
        if (first_.has_result()) return leave();
        const bits mine = set_up | unarmed_;
        const bits seen = add(mine) | mine;
        if ((seen & ending) == 0) return false;
        std::optional<exposure> foreign;
        owed_wakes owed;  // sent at the end of this scope: if the owner continues, they may destroy this first
        const bool finished = end(seen, 0, owed);
        if (finished) foreign.emplace(over_, over);
        return finished;
    }

    [[nodiscard]] result_type finish() {
        if (interruption_) return operation_.interrupted(*interruption_);
        return Operation::template completed<reason_type>(result());
    }

    /// Where the last source is the owner's and not the operation's: whether it has ended the wait.
    [[nodiscard]] bool ended_by_last() const noexcept { return ender_ == sizeof...(Sources) - 1; }
    /// If it has not: finish(), in the form that the operation has without that source.
    [[nodiscard]] typename form_without_last<Operation, Sources...>::type finish_without_last() {
        if constexpr (sizeof...(Sources) == 1) {
            return result();
        } else {
            using own = typename form_without_last<Operation, Sources...>::reason_type;
            if (!interruption_) return Operation::template completed<own>(result());
            if constexpr (std::is_same_v<own, reason_type>) {
                return operation_.interrupted(*interruption_);
            } else {  // all others are of one kind
                return operation_.interrupted(std::get<0>(sources_).template reason<own>);
            }
        }
    }

  private:
    using platform = typename Operation::platform_type;
    using owed_wakes = typename Operation::owed_wakes;
    using bits = unsigned;
    static constexpr bits set_up = 1;
    static constexpr bits ending = 2;
    static constexpr bits ended = 4;
    static constexpr bits operation_left = 8;
    [[nodiscard]] static constexpr bits left(std::size_t source) noexcept { return bits{16} << 2 * source; }
    [[nodiscard]] static constexpr bits came(std::size_t source) noexcept { return bits{32} << 2 * source; }
    [[nodiscard]] static constexpr bits every_source_left() noexcept {
        bits b = 0;
        for (std::size_t i = 0; i < sizeof...(Sources); ++i) b |= left(i);
        return b;
    }
    [[nodiscard]] static constexpr bool complete(bits seen) noexcept {
        constexpr bits all = set_up | ended | operation_left | every_source_left();
        return (seen & all) == all;
    }

    template <class F>
    void for_each_source(F f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(std::get<I>(sources_), std::integral_constant<std::size_t, I>{}), ...);
        }(std::index_sequence_for<Sources...>{});
    }
    [[nodiscard]] static interruptible_wait& of(void* self) noexcept { return *static_cast<interruptible_wait*>(self); }
    static void wake_up(void* self) noexcept { of(self).arrive(operation_left, 0); }
    template <std::size_t I>
    static void interruption(void* self) noexcept {
        of(self).arrive(left(I), came(I));
    }

    [[nodiscard]] typename Operation::result_type result() {
        return first_.has_result() ? first_.take() : result_of_woken(operation_);
    }

    // (33) acq_rel: the last party, which continues, sees what all the others did.
    bits add(bits which) noexcept { return seen_.fetch_or(which, std::memory_order_acq_rel); }

    /// Polls for the first time; if a source is due already, without waiting.
    void poll(bool due, const bool& over) {
        const waker w = {&wake_up, this};
        if constexpr (polled_in_two_steps<Operation>) {
            do {
                owed_call last;
                if (auto result = operation_.attempt(last); over) {
                    return;
                } else if (result) {
                    first_.keep(std::move(*result));
                    return;
                }
            } while (!due && !operation_.wait(w));
        } else if (auto result = operation_.poll(w)) {
            first_.keep(std::move(*result));
        }
    }

    /// The operation has finished at once. True unless an interruption is under way: then that leaves last and resumes
    /// the owner.
    bool leave() noexcept {
        const bits silent = unarmed_ | disarm(unarmed_);
        const bits mine = silent | set_up | ending | ended | operation_left;
        return complete(mine) || complete(add(mine) | mine);
    }

    /// The channel's wake-up, or an interruption, has come.
    void arrive(bits own, bits reason) noexcept {
        const waker done = done_;
        const bits seen = add(ending | reason) | reason;
        if ((seen & (set_up | ending)) == set_up) {
            owed_wakes owed;  // sent last, when the owner may already be gone
            if (end(seen, own, owed)) done();
        } else if (complete(add(own) | own)) {
            done();
        }
    }

    /// By the ender; `own` is its own bit, none for the owner. True: every party has left.
    bool end(bits seen, bits own, owed_wakes& owed) noexcept {
        bits silent = own;
        if (((seen | own) & operation_left) == 0) {
            const stopped how = operation_.stop_waiting(owed);
            if (how != stopped::woken) silent |= operation_left;
            if (how == stopped::undecided) {
                for_each_source([&](auto& source, auto i) {
                    if (interruption_ || (seen & came(i)) == 0) return;
                    interruption_ = source.template reason<reason_type>;
                    ender_ = i;
                });
            }
        }
        silent |= disarm(seen | own);
        return complete(add(silent | ended) | silent | ended);
    }

    /// Disarms the sources except some, and returns the `left` bits of those that were disarmed in time.
    bits disarm(bits but_for) noexcept {
        bits silent = 0;
        for_each_source([&](auto& source, auto i) {
            if ((but_for & left(i)) == 0 && source.disarm()) silent |= left(i);
        });
        return silent;
    }

    /// Before set_up: no source touches this any more.
    void silence() noexcept {
        for_each_source([this](auto& source, auto i) {
            if ((unarmed_ & left(i)) != 0 || source.disarm()) return;
            // The interruption comes, sets its `left` bit, and does nothing else. (34) acquire, from (33): then it has
            // read done_.
            for (unsigned turn = 0; (seen_.load(std::memory_order_acquire) & left(i)) == 0; ++turn)
                platform::pause(turn);
        });
    }
    struct silenced_if_it_throws {
        interruptible_wait* wait;
        const bool& over;
        const int exceptions = std::uncaught_exceptions();
        ~silenced_if_it_throws() {
            if (!over && std::uncaught_exceptions() > exceptions) wait->silence();
        }
    };

    Operation operation_;
    std::tuple<Sources...> sources_;
    // Not `plain`: the order that a source provides (a stop token: registration before callback) is invisible to the
    // simulation.
    waker done_;
    std::optional<reason_type> interruption_;
    std::size_t ender_ = sizeof...(Sources);  // the number of its source
    first_attempt<Operation> first_;
    bool* over_ = nullptr;
    bits unarmed_ = every_source_left();  // `left` of these, and `came` of those that were due
    typename platform::template atomic<bits> seen_{bits{0}};
};

/// An operation that may be interrupted, in poll-based form.
template <class Operation, class... Sources>
class [[nodiscard]] interruptible_operation {
  public:
    using platform_type = typename Operation::platform_type;
    using reason_type = reason_of<Sources...>;
    using result_type = typename Operation::template interruptible<reason_type>;
    using wait_type = interruptible_wait<Operation, Sources...>;

    interruptible_operation(Operation&& op, std::tuple<Sources...>&& sources)
        : operation_(std::move(op)), sources_(std::move(sources)) {}
    /// Before its first poll.
    interruptible_operation(interruptible_operation&& other) noexcept
        : operation_(std::move(other.operation_)), sources_(std::move(other.sources_)) {}
    interruptible_operation& operator=(interruptible_operation&&) = delete;
    ~interruptible_operation() {
        if (over_ != nullptr) *over_ = true;
    }

    /// Nothing: pending, and `w` will be called, once by the channel and once by each interruption.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        for (;;) {
            bool over = false;
            std::optional<reason_type> due;
            auto result = attempt(w, due, over);
            if (!over && (result || due)) std::apply([](auto&... source) { (..., (void)source.disarm()); }, sources_);
            if (result) return Operation::template completed<reason_type>(std::move(*result));
            if (due) return interrupt(*due);
            if constexpr (!polled_in_two_steps<Operation>) {
                return std::nullopt;
            } else {
                if (operation_.wait(w))
                    return std::nullopt;  // its owner may run on another thread: nothing here is touched
            }
        }
    }

    /// One more source.
    template <class Source>
    [[nodiscard]] interruptible_operation<Operation, Sources..., Source> also(Source&& source) && {
        return {std::move(operation_),
                std::tuple_cat(std::move(sources_), std::tuple<Source>(std::forward<Source>(source)))};
    }
    [[nodiscard]] wait_type start_waiting() && { return wait_type(std::move(operation_), std::move(sources_)); }

  private:
    template <class Source>
    static void arm(Source& source, const waker& w, std::optional<reason_type>& due) {
        if (source.arm(w) == arming::due && !due) due = Source::template reason<reason_type>;
    }
    /// Arms the sources and polls. Foreign code runs here: `over` is set if it has destroyed this.
    [[nodiscard]] std::optional<typename Operation::result_type> attempt(const waker& w,
                                                                         std::optional<reason_type>& due, bool& over) {
        const exposure foreign(over_, over);
        std::apply([&](auto&... source) { (..., arm(source, w, due)); }, sources_);
        if constexpr (polled_in_two_steps<Operation>) {
            owed_call last;
            return operation_.attempt(last);
        } else {
            return operation_.poll(due ? waker{} : w);
        }
    }
    [[nodiscard]] result_type interrupt(reason_type why) {
        typename Operation::owed_wakes owed;  // sent after the result is built
        if (operation_.stop_waiting(owed) == stopped::undecided) return operation_.interrupted(why);
        return Operation::template completed<reason_type>(
            std::move(*operation_.poll({})));  // decided at the last moment
    }

    Operation operation_;
    std::tuple<Sources...> sources_;  // disarmed first
    bool* over_ = nullptr;
};

/// An operation, with one more source of interruptions.
template <class Operation, class Source>
[[nodiscard]] interruptible_operation<Operation, Source> interruptible(Operation&& op, Source&& source) {
    return {std::forward<Operation>(op), std::tuple<Source>(std::forward<Source>(source))};
}
template <class Operation, class... Sources, class Source>
[[nodiscard]] auto interruptible(interruptible_operation<Operation, Sources...>&& op, Source&& source) {
    return std::move(op).also(std::forward<Source>(source));
}

/// The wait that any of the operations becomes.
template <class Operation>
[[nodiscard]] plain_wait<Operation> wait_of(Operation&& op) {
    return plain_wait<Operation>(std::forward<Operation>(op));
}
template <class Operation, class... Sources>
[[nodiscard]] interruptible_wait<Operation, Sources...> wait_of(interruptible_operation<Operation, Sources...>&& op) {
    return std::move(op).start_waiting();
}

}  // namespace tailrace::detail
