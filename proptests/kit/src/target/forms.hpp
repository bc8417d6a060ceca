// The forms of a waiting operation, behind the interface of one that is polled: a program takes the same steps, and the
// specification says the same of each form.
//
// The number of an operation selects its form: polled; with a stop token; with a stop token inside and a deadline
// outside, or the other way round; awaited in a coroutine that an executor resumes. Where a program drops an operation
// that waits, its stop is requested, or its deadline comes, or its coroutine is destroyed: with the effects of a drop.
// Each poll brings another waker than the one before. An operation that has finished lives on for a while; it must
// borrow nothing, and must not be woken any more.
//
// In a session of tasks, on threads, an operation that is dropped may finish before it is interrupted; then it has been
// polled, not dropped (task_session::interrupt). A coroutine is always awaited to its end there: one thread must not
// destroy it while another is about to resume it.
// After a change here run: ci/test -L proptests -R forms
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

#include "tailrace/coroutine.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/verify/target.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::verify {

namespace in_forms {

// The result of an operation, from that of a form that may be interrupted; nothing if it was interrupted.

template <class Result>
std::optional<Result> plain(std::type_identity<Result>, Result&& r) {
    return std::forward<Result>(r);
}
inline std::optional<std::monostate> plain(std::type_identity<std::monostate>, bool closed) {
    if (!closed) return std::nullopt;
    return std::monostate{};
}
template <class E>
std::optional<std::size_t> plain(std::type_identity<std::size_t>, std::expected<std::size_t, E>&& r) {
    if (!r) return std::nullopt;
    return *r;
}
template <class T, class E>
std::optional<std::optional<T>> plain(std::type_identity<std::optional<T>>, std::expected<T, E>&& r) {
    if (r) return std::optional<std::optional<T>>(std::in_place, std::move(*r));
    if (r.error() != E::closed) return std::nullopt;
    return std::optional<std::optional<T>>(std::in_place);
}
template <class T, class E>
std::optional<std::expected<void, send_error<T>>> plain(std::type_identity<std::expected<void, send_error<T>>>,
                                                        std::expected<void, unsent<T, E>>&& r) {
    if (r) return std::expected<void, send_error<T>>();
    if (r.error().reason != E::closed) return std::nullopt;
    return std::unexpected(send_error<T>{std::move(r.error().value)});
}
template <class Handle, class E>
    requires requires { E::closed; }
std::optional<std::expected<Handle, closed_error>> plain(std::type_identity<std::expected<Handle, closed_error>>,
                                                         std::expected<Handle, E>&& r) {
    if (r) return std::expected<Handle, closed_error>(std::move(*r));
    if (r.error() != E::closed) return std::nullopt;
    return std::unexpected(closed_error{});
}
inline timeout_error not_stopped(interrupt_error why) {
    return why == interrupt_error::timeout ? timeout_error::timeout : timeout_error::closed;
}
template <class T>
std::optional<std::expected<void, send_timeout_error<T>>> plain(
    std::type_identity<std::expected<void, send_timeout_error<T>>>, std::expected<void, send_interrupt_error<T>>&& r) {
    if (r) return std::expected<void, send_timeout_error<T>>();
    if (r.error().reason == interrupt_error::stopped) return std::nullopt;
    return std::unexpected(send_timeout_error<T>{not_stopped(r.error().reason), std::move(r.error().value)});
}
template <class T>
std::optional<std::expected<T, timeout_error>> plain(std::type_identity<std::expected<T, timeout_error>>,
                                                     std::expected<T, interrupt_error>&& r) {
    if (r) return std::expected<T, timeout_error>(std::move(*r));
    if (r.error() == interrupt_error::stopped) return std::nullopt;
    return std::unexpected(not_stopped(r.error()));
}

/// What can end the wait of one operation, besides the channel.
struct interruption {
    std::stop_source stop;
    manual_clock clock;
    bool by_clock = false;

    static constexpr std::chrono::hours long_time{1};
    void come() {
        if (by_clock) {
            clock.advance(long_time);
        } else {
            stop.request_stop();
        }
    }
};

// How an operation is wrapped.
inline constexpr auto as_it_is = [](auto&& op, interruption&) { return std::forward<decltype(op)>(op); };
inline constexpr auto stoppable = [](auto&& op, interruption& i) {
    return with_stop(std::forward<decltype(op)>(op), i.stop.get_token());
};
inline constexpr auto stop_in_deadline = [](auto&& op, interruption& i) {
    return with_timeout(stoppable(std::forward<decltype(op)>(op), i), interruption::long_time, i.clock);
};
inline constexpr auto deadline_in_stop = [](auto&& op, interruption& i) {
    return stoppable(with_timeout(std::forward<decltype(op)>(op), interruption::long_time, i.clock), i);
};

/// Operations of one session may be with several tasks.
class event_counter {
  public:
    void count(form_event what) { counts_[static_cast<std::size_t>(what)].fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] form_counts counts() const {
        form_counts now{};
        std::ranges::transform(counts_, now.begin(), [](const auto& c) { return c.load(std::memory_order_relaxed); });
        return now;
    }

  private:
    std::array<std::atomic<std::uint64_t>, form_event_count> counts_{};
};

/// What an interruption has made of a wait.
enum class ending : unsigned char { interrupted, finished, still_waits };

template <class Result>
struct form {
    form() = default;
    form(const form&) = delete;
    form& operator=(const form&) = delete;
    virtual ~form() = default;

    /// Nothing: pending. It may be destroyed by code that runs in here.
    [[nodiscard]] virtual std::optional<Result> poll(const waker& w) = 0;
    /// How it can be interrupted; nothing if this form has no interruption.
    [[nodiscard]] virtual std::optional<form_event> interruption_kind() const = 0;
    /// Interrupts the wait, which nothing has ended so far. `result`: if it has finished all the same. Precondition: it
    /// can be interrupted, and nothing destroys it meanwhile.
    [[nodiscard]] virtual ending interrupt(std::optional<Result>& result) = 0;
    /// The same, where other threads may be about to wake it: waits until that has happened.
    [[nodiscard]] virtual ending interrupt_among_others(std::optional<Result>& result) { return interrupt(result); }
    /// A poll cannot finish it before it is woken.
    [[nodiscard]] virtual bool has_to_be_woken() const { return false; }
};

/// An operation, wrapped, with what interrupts it.
template <class Operation, class Wrap>
class wrapped_form : public form<typename Operation::result_type> {
  public:
    wrapped_form(Operation&& op, Wrap wrap, bool by_clock) : operation_(wrap(std::move(op), interruption_)) {
        interruption_.by_clock = by_clock;
    }
    [[nodiscard]] std::optional<form_event> interruption_kind() const final {
        if constexpr (std::is_same_v<Wrap, std::remove_const_t<decltype(as_it_is)>>) return std::nullopt;
        return interruption_.by_clock ? form_event::timed_out : form_event::stopped;
    }

  protected:
    [[noreturn]] static void complain_of_interruption() {
        throw std::logic_error("an operation that nothing had interrupted said that it was");
    }

    interruption interruption_;
    decltype(std::declval<Wrap&>()(std::declval<Operation>(), std::declval<interruption&>())) operation_;
};

template <class Operation, class Wrap>
class polled_form final : public wrapped_form<Operation, Wrap> {
    using result_type = typename Operation::result_type;

  public:
    using wrapped_form<Operation, Wrap>::wrapped_form;

    [[nodiscard]] std::optional<result_type> poll(const waker& w) override {
        auto result = this->operation_.poll(w);
        if (!result) return std::nullopt;
        auto finished = plain(std::type_identity<result_type>{}, std::move(*result));
        if (!finished) this->complain_of_interruption();
        return finished;
    }
    [[nodiscard]] ending interrupt(std::optional<result_type>& result) override {
        this->interruption_.come();
        auto ended = this->operation_.poll({});
        if (!ended) return ending::still_waits;
        result = plain(std::type_identity<result_type>{}, std::move(*ended));
        return result ? ending::finished : ending::interrupted;
    }
};

/// Awaited in a coroutine of its own. The executor keeps the resumption until the next poll.
template <class Operation, class Wrap>
class awaited_form final : public wrapped_form<Operation, Wrap> {
    using result_type = typename Operation::result_type;

  public:
    awaited_form(Operation&& op, Wrap wrap, bool by_clock, event_counter& counts)
        : wrapped_form<Operation, Wrap>(std::move(op), wrap, by_clock), counts_(&counts) {}
    ~awaited_form() override {
        if (!frame_) return;
        if (!frame_.done()) {
            count(executor_.has_resumption() ? form_event::destroyed_woken : form_event::destroyed_asleep);
        }
        frame_.destroy();
    }
    [[nodiscard]] std::optional<result_type> poll(const waker& w) override {
        go_on(w);
        if (frame_.done() && !result_) this->complain_of_interruption();
        return std::exchange(result_, std::nullopt);
    }
    [[nodiscard]] ending interrupt(std::optional<result_type>& result) override {
        this->interruption_.come();
        go_on({});
        return ending_of(result);
    }
    [[nodiscard]] ending interrupt_among_others(std::optional<result_type>& result) override {
        this->interruption_.come();
        for (go_on({}); !frame_.done(); go_on({})) std::this_thread::yield();  // a resumption is on its way
        return ending_of(result);
    }
    [[nodiscard]] bool has_to_be_woken() const override { return true; }

  private:
    ending ending_of(std::optional<result_type>& result) {
        if (!frame_.done()) return ending::still_waits;
        result = std::exchange(result_, std::nullopt);
        return result ? ending::finished : ending::interrupted;
    }
    void go_on(const waker& w) {
        if (!frame_) {
            (void)executor_.take(w);
            frame_ = await().handle;
            frame_.resume();
        } else if (const std::optional<waker> resume = executor_.take(w)) {
            (*resume)();
            count(form_event::resumed);
        }
        if (frame_.promise().error) std::rethrow_exception(std::exchange(frame_.promise().error, nullptr));
    }

    struct coroutine {
        struct promise_type {
            coroutine get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
            static std::suspend_always initial_suspend() noexcept { return {}; }
            static std::suspend_always final_suspend() noexcept { return {}; }
            static void return_void() noexcept {}
            void unhandled_exception() noexcept { error = std::current_exception(); }
            std::exception_ptr error;
        };
        std::coroutine_handle<promise_type> handle;
    };
    class executor {
      public:
        void execute(const waker& w) noexcept {
            std::unique_lock guard(mutex_);
            resumption_ = w;
            const waker then = on_resumption_;
            guard.unlock();
            then();
        }
        /// The resumption, if there is one; the next one calls `w`.
        [[nodiscard]] std::optional<waker> take(const waker& w) {
            const std::lock_guard guard(mutex_);
            on_resumption_ = w;
            return std::exchange(resumption_, std::nullopt);
        }
        [[nodiscard]] bool has_resumption() const {
            const std::lock_guard guard(mutex_);
            return resumption_.has_value();
        }

      private:
        mutable std::mutex mutex_;
        std::optional<waker> resumption_;
        waker on_resumption_;
    };

    void count(form_event what) { counts_->count(what); }

    coroutine await() {
        auto result = co_await resume_on(executor_, std::move(this->operation_));
        result_ = plain(std::type_identity<result_type>{}, std::move(result));
    }

    event_counter* counts_;
    executor executor_;
    std::optional<result_type> result_;
    std::coroutine_handle<typename coroutine::promise_type> frame_;
};

}  // namespace in_forms

/// The forms of the operations of one session.
class forms {
    template <class Result>
    using form = in_forms::form<Result>;

    /// The waker of one poll.
    struct call {
        forms* all;
        waker then;
        bool come = false;
        bool replaced = false;     // by that of a later poll
        bool is_expected = false;  // the kit has interrupted the operation
        bool is_later = false;     // not that of the first poll

        void wake() noexcept {
            come = true;
            if (is_later) all->count(form_event::other_waker);
            if (replaced) all->complain("an operation was woken through the waker of an earlier poll");
            if (!is_expected) then();
        }
        [[nodiscard]] waker as_waker() noexcept {
            return {[](void* self) noexcept { static_cast<call*>(self)->wake(); }, this};
        }
    };

  public:
    /// An operation in one of the forms.
    template <class Operation>
    class formed {
      public:
        using result_type = typename Operation::result_type;

        formed(forms& all, Operation&& op, std::uint32_t number, bool receives)
            : all_(&all), form_(all.in_form(std::move(op), number, receives)), receives_(receives) {}
        formed(formed&& other) noexcept : all_(other.all_), form_(std::move(other.form_)), receives_(other.receives_) {}
        formed& operator=(formed&&) = delete;
        ~formed() {
            if (over_ != nullptr) *over_ = true;
            if (all_->among_others_) return;
            if (finished_) {
                all_->keep(std::move(form_));
                return;
            }
            // Inside of other calls it may be ready although its wake has not come yet.
            if (last_ == nullptr || last_->come || !all_->alone_ || has_lost_its_receiver()) return;
            last_->is_expected = true;
            std::optional<result_type> result;
            const std::optional<form_event> how = form_->interruption_kind();
            if (!how) return;
            all_->count(*how);
            const in_forms::ending end = form_->interrupt(result);
            if (!last_->come) all_->complain("an interrupted operation was not woken");
            if (end == in_forms::ending::finished) all_->complain("an interrupted operation finished all the same");
            if (end == in_forms::ending::still_waits) {
                all_->complain("an interrupted operation goes on waiting");
                return;
            }
            all_->keep(std::move(form_));
        }

        /// Among other tasks: before it is dropped. Its result, if it has finished first.
        [[nodiscard]] std::optional<result_type> interrupt() {
            std::optional<result_type> result;
            const std::optional<form_event> how = form_->interruption_kind();
            if (!how || !was_polled_ || finished_) return result;
            const in_forms::ending end = form_->interrupt_among_others(result);
            if (end == in_forms::ending::still_waits) all_->complain("an interrupted operation goes on waiting");
            all_->count(end == in_forms::ending::finished ? form_event::finished_first : *how);
            finished_ = true;
            return result;
        }

        [[nodiscard]] std::optional<result_type> poll(const waker& w) {
            was_polled_ = true;
            if (all_->among_others_) {
                auto result = form_->poll(w);
                finished_ = result.has_value();
                return result;
            }
            if (last_ != nullptr && !last_->come && has_lost_its_receiver() && form_->has_to_be_woken()) {
                last_->is_expected = finished_ = true;
                std::optional<result_type> result;
                (void)form_->interrupt(result);
                return result;
            }
            const bool is_later = last_ != nullptr;
            if (is_later) last_->replaced = true;
            last_ = &all_->calls_.emplace_back(all_, w);
            last_->is_later = is_later;
            bool over = false;
            const detail::exposure foreign(over_, over);
            auto result = form_->poll(last_->as_waker());
            if (!over) finished_ = result.has_value();
            return result;
        }

      private:
        /// Then it is ready, and is not woken (borrow.receiver).
        [[nodiscard]] bool has_lost_its_receiver() const { return receives_ && all_->receiver_gone_; }

        forms* all_;
        std::unique_ptr<form<result_type>> form_;
        bool receives_;
        call* last_ = nullptr;
        bool was_polled_ = false;
        bool finished_ = false;
        bool* over_ = nullptr;
    };

    forms() = default;
    forms(const forms&) = delete;
    forms& operator=(const forms&) = delete;

    template <class Operation>
    [[nodiscard]] formed<Operation> of(Operation&& op, std::uint32_t number, bool receives) {
        return {*this, std::forward<Operation>(op), number, receives};
    }

    /// For concurrent tasks.
    void be_among_others() {
        among_others_ = true;
        reacting_ = false;
    }
    /// Whether steps are taken inside the calls of others.
    void expect_reactions(bool some) { reacting_ = some; }
    /// A step begins or ends. `alone`: no other is under way.
    void begin_step(bool alone) { alone_ = alone; }
    void end_step() { alone_ = false; }
    /// A sender or the receiver goes.
    void handle_goes(bool is_receiver) {
        receiver_gone_ |= is_receiver;
        if (!kept_.empty()) count(form_event::outlived);
    }
    [[nodiscard]] form_counts counts() const { return counts_.counts(); }
    /// What an operation has done that none may do; null if nothing.
    [[nodiscard]] const char* complaint() const { return complaint_; }

  private:
    template <class Operation>
    std::unique_ptr<form<typename Operation::result_type>> in_form(Operation&& op, std::uint32_t number,
                                                                   bool receives) {
        using namespace in_forms;
        constexpr bool has_deadline = requires { typename Operation::reason_type; };
        const auto polled = [&](auto wrap, bool by_clock) -> std::unique_ptr<form<typename Operation::result_type>> {
            return std::make_unique<polled_form<Operation, decltype(wrap)>>(std::forward<Operation>(op), wrap,
                                                                            by_clock);
        };
        const auto awaited = [&](auto wrap, bool by_clock) -> std::unique_ptr<form<typename Operation::result_type>> {
            return std::make_unique<awaited_form<Operation, decltype(wrap)>>(std::forward<Operation>(op), wrap,
                                                                             by_clock, counts_);
        };
        constexpr std::uint32_t number_of_forms = 5;
        const std::uint32_t which = number % number_of_forms;
        constexpr std::uint32_t names_per_task = 100;  // those of one task differ little
        const bool by_clock = (number / number_of_forms + number / names_per_task) % 2 == 1;
        // One with a deadline of its own that is awaited is off the queue when that comes, not when it is polled. One
        // that reactions poll may be ready before its coroutine can be resumed.
        if constexpr (has_deadline) {
            return which % 2 == 0 ? polled(as_it_is, false) : polled(stoppable, false);
        } else {
            switch (which) {
                case 0: return polled(as_it_is, false);
                case 1: return polled(stoppable, false);
                case 2: return counted(form_event::stop_inside_deadline, polled(stop_in_deadline, by_clock));
                case 3:
                    if (reacting_) return polled(stoppable, false);
                    // Among others it must be possible to end its wait.
                    if (!receives && !among_others_) return awaited(as_it_is, false);
                    [[fallthrough]];
                default:
                    if (reacting_) return counted(form_event::stop_inside_deadline, polled(stop_in_deadline, by_clock));
                    return counted(form_event::deadline_inside_stop, awaited(deadline_in_stop, by_clock));
            }
        }
    }

    void count(form_event what) { counts_.count(what); }
    template <class Form>
    Form counted(form_event what, Form made) {
        count(what);
        return made;
    }
    void complain(const char* what) {
        if (complaint_ == nullptr) complaint_ = what;
    }

    template <class Result>
    void keep(std::unique_ptr<form<Result>> finished) {
        constexpr std::size_t most = 3;
        kept_.push_back(std::shared_ptr<form<Result>>(std::move(finished)));
        if (kept_.size() > most) kept_.pop_front();
    }

    bool among_others_ = false;
    bool reacting_ = true;
    bool alone_ = false;
    bool receiver_gone_ = false;
    const char* complaint_ = nullptr;
    in_forms::event_counter counts_;
    std::deque<call> calls_;  // for good: a wake may come late
    std::deque<std::shared_ptr<void>> kept_;
};

}  // namespace tailrace::verify
