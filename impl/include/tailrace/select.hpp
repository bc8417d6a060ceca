// Waiting for the first of several operations, on any channels.
//
//     auto first = co_await tailrace::select(orders.recv(), stops.recv(), out.reserve());
//     if (first.index() == 0) handle(std::get<0>(first));
//
// The result is a variant with the result of the operation that has won; its index says which one. The others are
// cancelled: they have received nothing, and what they were granted goes back. A select is a waiting operation like any
// other: awaited, blocking (`block_on`), polled, with a deadline or a stop token.
//
//     created ──attempt, wait──▶ waiting ──attempt──▶ finished
//        └─────────attempt──────────────────▶ finished
//
// Each arm has a waker of its own. The first that is called ends the other arms; one whose wake-up is under way cannot
// be silenced, so it is waited for. The last of these parties calls the waker of the select, and the owner may destroy
// it from then on.
//
// After a change here run: ci/test -L impl && ci/test -L relacy
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "tailrace/coroutine.hpp"
#include "tailrace/detail/lock.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

namespace detail {
template <class Operation>
class kept_arm;
}

/// An operation that stays pending, with its place in the queue, if it loses a select. It is given to each select as an
/// lvalue, until it has won once; restart() gives it the next operation.
///
///     tailrace::kept permit(tx.reserve());
///     for (;;) {
///         auto first = co_await tailrace::select(permit, rx.recv());
///         if (first.index() == 0) break;  // with the permit
///         handle(std::get<1>(first));     // `permit` is still waiting, where it was
///     }
///
/// Used by one thread at a time. It must outlive the selects that it is given to, and the receiver of a receive must
/// outlive it. It must not be destroyed inside of a move of a value that its own channel sends.
///
/// Cancel safety: as the operation; destroying it cancels it.
/// Clauses: select.losers-took-nothing.
template <class Operation>
class kept {
  public:
    static_assert(detail::polled_in_two_steps<Operation> && std::is_nothrow_move_constructible_v<Operation>,
                  "tailrace: a kept operation has no deadline or stop token");

    /// Takes the operation, which has not been polled.
    explicit kept(Operation&& op) noexcept : operation_(std::move(op)) {}
    kept(const kept&) = delete;
    kept& operator=(const kept&) = delete;
    /// Cancels the operation, if it has not finished.
    ~kept() { settle(); }

    /// True from when it has won until restart(): it must not be given to a select.
    [[nodiscard]] bool finished() const noexcept { return state_ == state::finished; }
    /// Goes on with `op`, after it has won.
    ///
    /// Throws: std::logic_error before that; to begin anew, destroy it and make another.
    void restart(Operation&& op) {
        if (!finished()) detail::misuse("tailrace: a kept operation was restarted before it had won");
        std::destroy_at(std::addressof(operation_));
        std::construct_at(std::addressof(operation_), std::move(op));
        state_ = state::created;
        const detail::scoped_lock guard(lock_);
        came_ = false;
    }

  private:
    friend class detail::kept_arm<Operation>;
    using platform = typename Operation::platform_type;
    using result_type = typename Operation::result_type;
    enum class state : unsigned char {
        created,
        waiting,  // and its wake-up comes, or has come
        decided,  // and no wake-up will come
        finished
    };

    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call& last) {
        // What is decided is left alone until its wake-up has come.
        if (state_ == state::waiting && !has_come()) return std::nullopt;
        const state before = std::exchange(state_, state::finished);
        auto result = operation_.attempt(last);  // if there is one, nothing here is touched any more
        if (!result) state_ = before;
        return result;
    }
    [[nodiscard]] bool worth_an_attempt() const noexcept {
        return state_ != state::created || operation_.worth_an_attempt();
    }
    /// As that of an operation; true too if the wake-up has come or is coming.
    [[nodiscard]] bool wait(const waker& w) {
        {
            const detail::scoped_lock guard(lock_);
            if (came_) return false;
            target_ = w;
        }
        const bool queued = state_ == state::waiting;
        state_ = state::waiting;  // before it waits: afterwards its owner may run on another thread
        created_if_it_throws guard{queued ? nullptr : this};
        const bool waits = operation_.wait(waker{&wake_up, this});
        guard.self = nullptr;
        if (waits) return true;
        if (queued) {
            typename Operation::owed_wakes none;  // it is decided, so nothing is given up
            if (operation_.stop_waiting(none) == detail::stopped::woken) return true;
        }
        state_ = state::decided;
        (void)forget_target();
        return false;
    }
    struct created_if_it_throws {
        kept* self;
        ~created_if_it_throws() {
            if (self != nullptr) self->state_ = state::created;
        }
    };
    /// False: the target is being called, or has been.
    [[nodiscard]] bool forget_target() noexcept {
        const detail::scoped_lock guard(lock_);
        target_ = {};
        return !came_;
    }

    static void wake_up(void* self) noexcept {
        waker target;
        {
            auto& k = *static_cast<kept*>(self);
            const detail::scoped_lock guard(k.lock_);
            k.came_ = true;
            target = std::exchange(k.target_, {});
        }
        target();
    }
    [[nodiscard]] bool has_come() const noexcept {
        const detail::scoped_lock guard(lock_);
        return came_;
    }
    /// Ends the wait. No wake-up comes here any more.
    void settle() noexcept {
        if (state_ != state::waiting || has_come()) return;
        typename Operation::owed_wakes owed;
        if (operation_.stop_waiting(owed) != detail::stopped::woken) return;
        // The caller is between its last access to the operation and its call; no foreign code runs there.
        for (unsigned turn = 0; !has_come(); ++turn) platform::pause(turn);
    }

    Operation operation_;
    state state_ = state::created;
    mutable detail::mutex<platform> lock_;
    waker target_ TAILRACE_GUARDED_BY(lock_);  // of the select that waits for it
    bool came_ TAILRACE_GUARDED_BY(lock_) = false;
};

namespace detail {

/// An arm that ends with its select.
template <class Operation>
class owned_arm {
  public:
    static_assert(polled_in_two_steps<Operation>,
                  "tailrace: an arm of a select has no deadline or stop token of its own: give the select one");
    using platform_type = typename Operation::platform_type;
    using result_type = typename Operation::result_type;
    using owed_wakes = typename Operation::owed_wakes;

    explicit owned_arm(Operation&& op) : operation_(std::move(op)) {}

    [[nodiscard]] std::optional<result_type> attempt(owed_call& last) { return operation_.attempt(last); }
    [[nodiscard]] bool worth_an_attempt() const noexcept { return operation_.worth_an_attempt(); }
    [[nodiscard]] bool wait(const waker& w) { return operation_.wait(w); }
    [[nodiscard]] stopped stop_waiting(owed_wakes& owed) noexcept { return operation_.stop_waiting(owed); }

  private:
    Operation operation_;
};

/// An arm that survives its select.
template <class Operation>
class kept_arm {
  public:
    using platform_type = typename Operation::platform_type;
    using result_type = typename Operation::result_type;
    struct owed_wakes {};

    explicit kept_arm(kept<Operation>& k) noexcept : kept_(&k) {}

    [[nodiscard]] std::optional<result_type> attempt(owed_call& last) { return kept_->attempt(last); }
    [[nodiscard]] bool worth_an_attempt() const noexcept { return kept_->worth_an_attempt(); }
    [[nodiscard]] bool wait(const waker& w) { return kept_->wait(w); }
    /// It goes on waiting, for another select.
    [[nodiscard]] stopped stop_waiting(owed_wakes&) noexcept {
        return kept_->forget_target() ? stopped::undecided : stopped::woken;
    }

  private:
    kept<Operation>* kept_;
};

template <class Arm>
struct arm_of {
    static_assert(sizeof(Arm) == 0,
                  "tailrace: an arm of a select is an operation that is moved there, or a `kept` one");
};
template <class Operation>
    requires(!std::is_reference_v<Operation>)
struct arm_of<Operation> {
    using type = owned_arm<Operation>;
};
template <class Operation>
struct arm_of<kept<Operation>&> {
    using type = kept_arm<Operation>;
};

/// Where a fair select begins: a generator of numbers for each thread (xorshift32).
class draw {
  public:
    [[nodiscard]] std::uint32_t next() noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_;
    }

  private:
    std::uint32_t state_ = 2463534242;
};

enum class preference : bool { none, first };

}  // namespace detail

/// The wait for the first of several operations. Made by select and select_biased.
///
/// Movable until it is first polled. Destroying it unfinished cancels all arms. When it has finished, it should be
/// destroyed, as in `co_await select(...)`: permits that a loser was granted at the same moment go back then.
template <class... Arms>
class [[nodiscard]] select_operation {
    static_assert(sizeof...(Arms) > 0 && sizeof...(Arms) <= 32, "tailrace: a select has 1 to 32 arms");

  public:
    /// That of the arms.
    using platform_type = std::tuple_element_t<0, std::tuple<typename Arms::platform_type...>>;
    static_assert((std::is_same_v<platform_type, typename Arms::platform_type> && ...));
    /// The result of the arm that has won; its index says which.
    using result_type = std::variant<typename Arms::result_type...>;
    // ---- For the other forms (detail/operation.hpp)
    using owed_wakes = std::tuple<typename Arms::owed_wakes...>;
    using polled_in_two_steps = select_operation;
    template <class E>
    using interruptible = std::expected<result_type, E>;

    explicit select_operation(detail::preference p, Arms&&... arms) : prefers_(p), arms_(std::move(arms)...) {}
    select_operation(select_operation&& other) noexcept
        : prefers_(other.prefers_), phase_(detail::move_phase(other.phase_)), arms_(std::move(other.arms_)) {}
    select_operation& operator=(select_operation&&) = delete;
    ~select_operation() {
        if (has_waited_) abandon();
    }

    // ---- Polling

    /// The result, or nothing: pending, and `w` will be called once.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) { return detail::poll_in_two_steps(*this, w); }

    // ---- For the other forms (detail/operation.hpp)
    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call& last) {
        detail::require_unfinished(phase_);
        if (phase_ == detail::phase::waiting) {
            if (!is_over()) return std::nullopt;
            phase_ = detail::phase::finished;
            auto result = attempt_one(winner(), last);
            assert(result && "an operation that was woken has finished");
            return result;
        }
        phase_ = detail::phase::finished;  // also if it throws; nothing here is touched after an attempt with a result
        const std::size_t first = prefers_ == detail::preference::first
                                      ? 0
                                      : platform_type::template of_this_thread<detail::draw>().next() % sizeof...(Arms);
        for (std::size_t i = 0; i < sizeof...(Arms); ++i) {
            if (auto result = attempt_one((first + i) % sizeof...(Arms), last)) return result;
        }
        phase_ = detail::phase::created;
        return std::nullopt;
    }
    [[nodiscard]] bool worth_an_attempt() const noexcept {
        return std::apply([](const Arms&... a) { return (a.worth_an_attempt() || ...); }, arms_);
    }

    /// True: `w` will be called, or was called in here; nothing here is touched any more.
    [[nodiscard]] bool wait(const waker& w) {
        if (phase_ == detail::phase::waiting) {
            const detail::scoped_lock guard(lock_);
            if (complete()) return false;
            done_ = w;
            return true;
        }
        has_waited_ = true;
        // If an arm throws, the select has finished. The arms are cancelled when it is destroyed, and not here: what
        // they owe to other waiters is foreign code, which may destroy the owner before the exception has reached it.
        phase_ = detail::phase::finished;
        arm(w, indices{});
        phase_ = detail::phase::waiting;
        bits came = 0;
        {
            const detail::scoped_lock guard(lock_);
            is_set_up_ = true;
            if (winner_ == none) return true;
            (void)begin_to_end(came);
        }
        owed_wakes owed;  // sent last, when the owner may already be gone
        waker done;
        (void)end(came, owed, done, indices{});
        done();  // not `false`: the owner would go on before what is owed
        return true;
    }

    [[nodiscard]] detail::stopped stop_waiting(owed_wakes& owed) noexcept {
        if (phase_ == detail::phase::waiting) {
            bits came = 0;
            {
                const detail::scoped_lock guard(lock_);
                if (!begin_to_end(came)) return detail::stopped::woken;
            }
            waker done;  // is called only if a wake-up is still to come
            const bool over = end(came, owed, done, indices{});
            if (winner() != none) return over ? detail::stopped::decided : detail::stopped::woken;
        }
        phase_ = detail::phase::finished;
        return detail::stopped::undecided;
    }
    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        return std::move(r);
    }
    template <class E>
    [[nodiscard]] interruptible<E> interrupted(E why) {
        return std::unexpected(why);
    }

  private:
    using indices = std::index_sequence_for<Arms...>;
    using bits = std::uint64_t;
    static constexpr std::size_t none = sizeof...(Arms);
    static constexpr bits all = (bits{1} << sizeof...(Arms)) - 1;
    [[nodiscard]] static constexpr bits bit(std::size_t arm) noexcept { return bits{1} << arm; }

    [[nodiscard]] std::optional<result_type> attempt_one(std::size_t arm, detail::owed_call& last) {
        std::optional<result_type> result;
        with(arm, indices{}, [&](auto i) {
            if (auto found = std::get<i>(arms_).attempt(last)) {
                result.emplace(std::in_place_index<i>, std::move(*found));
            }
        });
        return result;
    }
    template <std::size_t... I, class F>
    static void with(std::size_t arm, std::index_sequence<I...>, F f) {
        (void)((arm == I && (f(std::integral_constant<std::size_t, I>{}), true)) || ...);
    }

    /// Lets the arms wait, up to the first that is decided at once.
    template <std::size_t... I>
    void arm(const waker& w, std::index_sequence<I...>) {
        {
            const detail::scoped_lock guard(lock_);
            done_ = w;
            silent_ = 0;
        }
        (void)(arm_one<I>() && ...);
    }
    template <std::size_t I>
    [[nodiscard]] bool arm_one() {
        if (std::get<I>(arms_).wait(waker{&woken<I>, this})) return true;
        const detail::scoped_lock guard(lock_);
        note(I);
        silent_ |= all << (I + 1) & all;
        return false;
    }

    template <std::size_t I>
    static void woken(void* self) noexcept {
        static_cast<select_operation*>(self)->arrive(I);
    }
    /// The wake-up of an arm.
    void arrive(std::size_t arm) noexcept {
        owed_wakes owed;  // sent last, when the owner may already be gone
        waker done;
        bits came = 0;
        bool is_first = false;
        {
            const detail::scoped_lock guard(lock_);
            note(arm);
            if (!is_set_up_) return;
            is_first = begin_to_end(came);
            if (complete()) done = done_;
        }
        if (is_first) (void)end(came, owed, done, indices{});
        done();
    }
    void note(std::size_t arm) noexcept TAILRACE_REQUIRES(lock_) {
        silent_ |= bit(arm);
        if (winner_ == none) winner_ = arm;
    }
    /// True: the caller is the first, and has to end the arms but for those that came.
    [[nodiscard]] bool begin_to_end(bits& came) noexcept TAILRACE_REQUIRES(lock_) {
        came = silent_;
        return !std::exchange(ending_, true);
    }
    /// By the first: ends the waits of the arms that had not come. Without the lock, for storage may go back to
    /// operator delete. Without a winner until now, the first arm that is decided is it. True: no wake-up is still to
    /// come, and `done` is what the owner waits for. Then nothing here is touched any more.
    template <std::size_t... I>
    [[nodiscard]] bool end(bits silent, owed_wakes& owed, waker& done, std::index_sequence<I...>) noexcept {
        std::size_t first = none;
        (end_one<I>(silent, first, std::get<I>(owed)), ...);
        const detail::scoped_lock guard(lock_);
        silent_ |= silent;
        if (winner_ == none) winner_ = first;
        has_ended_ = true;
        if (complete()) done = done_;
        return complete();
    }
    template <std::size_t I>
    void end_one(bits& silent, std::size_t& first, auto& owed) noexcept {
        if ((silent & bit(I)) != 0) return;
        const detail::stopped how = std::get<I>(arms_).stop_waiting(owed);
        if (how != detail::stopped::woken) silent |= bit(I);
        if (how != detail::stopped::undecided && first == none) first = I;
    }
    /// The arms have been ended, and no wake-up comes any more.
    [[nodiscard]] bool complete() const noexcept TAILRACE_REQUIRES(lock_) { return has_ended_ && silent_ == all; }
    [[nodiscard]] bool is_over() const noexcept {
        const detail::scoped_lock guard(lock_);
        return complete();
    }
    [[nodiscard]] std::size_t winner() const noexcept {
        const detail::scoped_lock guard(lock_);
        return winner_;
    }

    /// In the destructor: ends the arms, and does not call the waker.
    void abandon() noexcept {
        owed_wakes owed;
        waker none_waits;
        bits came = 0;
        bool is_first = false;
        {
            const detail::scoped_lock guard(lock_);
            done_ = {};
            is_first = begin_to_end(came);
        }
        if (is_first) (void)end(came, owed, none_waits, indices{});
        // A wake-up that is under way is between its last access to its arm and its call; no foreign code runs there.
        for (unsigned turn = 0; !is_over(); ++turn) platform_type::pause(turn);
    }

    const detail::preference prefers_;
    detail::phase phase_ = detail::phase::created;
    bool has_waited_ = false;  // so arms may still wait
    std::tuple<Arms...> arms_;
    mutable detail::mutex<platform_type> lock_;
    waker done_ TAILRACE_GUARDED_BY(lock_);
    bits silent_ TAILRACE_GUARDED_BY(lock_) = all;          // arms whose waker is not, or no longer, to be called
    std::size_t winner_ TAILRACE_GUARDED_BY(lock_) = none;  // the first arm with a result
    bool is_set_up_ TAILRACE_GUARDED_BY(lock_) = false;     // until then the wake-ups are only noted
    bool ending_ TAILRACE_GUARDED_BY(lock_) = false;        // one party ends the arms that have not come
    bool has_ended_ TAILRACE_GUARDED_BY(lock_) = false;     // it has
};

/// The first of several operations: each is an operation, or a `kept` one. Its result is a variant; the index says
/// which has won.
///
/// Waits: until one of them has a result, be it a value, a permit, closed or the end. If several have one, each is as
/// likely to win. A select that has waited is won by the arm that was woken first.
/// A receiver must outlive the selects with a receive of it.
///
/// Cancel safety: destroying it cancels all. A loser has received nothing, and what it was granted goes back; a send
/// that loses destroys its value: select on reserve() to keep it.
/// Throws: std::bad_alloc, or what the move of T throws; then it has finished without a result, and all arms are
/// cancelled when it is destroyed.
/// Progress: a wake-up takes one lock of the select, for a few steps.
/// Clauses: select.one-winner, select.losers-took-nothing, select.fair.
///
///     auto first = tailrace::block_on(tailrace::select(rx.recv(), other_rx.recv()));
///     if (first.index() == 0) use(std::get<0>(first));
template <class... Arms>
[[nodiscard]] select_operation<typename detail::arm_of<Arms>::type...> select(Arms&&... arms) {
    return select_operation<typename detail::arm_of<Arms>::type...>(
        detail::preference::none, typename detail::arm_of<Arms>::type(std::forward<Arms>(arms))...);
}

/// The same; if several have a result at first, the first of them in this order wins.
///
/// Clauses: select.fair.
///
///     auto first = co_await tailrace::select_biased(urgent.recv(), rx.recv());
template <class... Arms>
[[nodiscard]] select_operation<typename detail::arm_of<Arms>::type...> select_biased(Arms&&... arms) {
    return select_operation<typename detail::arm_of<Arms>::type...>(
        detail::preference::first, typename detail::arm_of<Arms>::type(std::forward<Arms>(arms))...);
}

/// Without waiting: the result of one that has one now, or nothing. The others are cancelled.
///
/// Waits: never.
/// Throws: as select().
///
///     if (auto now = tailrace::try_select(rx.recv(), other_rx.recv())) use(*now); else idle();
template <class... Arms>
[[nodiscard]] auto try_select(Arms&&... arms) {
    auto all = select(std::forward<Arms>(arms)...);
    detail::owed_call last;
    return all.attempt(last);
}

}  // namespace tailrace
