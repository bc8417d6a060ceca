// The shared state of the reference channel: the specification behind one mutex, the values, and the sleeping tasks.
//
// Every operation is one step of the specification, executed under the mutex; the caller carries out its effects. Each
// blocked thread has its own condition variable, so a notification always reaches the right thread. Wakers of
// poll-based operations, and destructors of values, run after the mutex is released.
// After a change here run: ci/test -L model && ci/test -L stress
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tailrace/async_context.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::model {

struct std_platform {
    using mutex = std::mutex;
    using condition_variable = std::condition_variable;
    using clock = std::chrono::steady_clock;
    [[nodiscard]] static bool in_async_context() noexcept { return async_context::active(); }
};

template <class T, class Platform>
class reference_core;

/// The effects of a step, for the caller that took it. The destructor calls the wakers and destroys the values that the
/// channel destroyed, stage by stage. Both are foreign code: the caller does this last, and the core lives until then.
template <class T, class Platform>
class effects {
  public:
    model::answer answer;
    std::map<value_id, std::unique_ptr<T>> leaving;  // received or handed back

    effects() = default;
    effects(effects&&) noexcept = default;
    effects& operator=(effects&&) = delete;
    ~effects() {
        if (core_) core_->deliver(std::move(stage_), std::move(rest_), step_);
    }

    [[nodiscard]] T value() { return std::move(*leaving.at(*answer.value)); }

  private:
    friend class reference_core<T, Platform>;

    /// What foreign code sees of a stage.
    struct foreign {
        std::vector<std::uint32_t> woken;  // poll-based operations
        std::vector<std::unique_ptr<T>> destroyed;
    };

    std::shared_ptr<reference_core<T, Platform>> core_;  // nothing if no foreign code is to run
    foreign stage_;
    machine::remainders rest_;
    verb step_ = verb::poll;
};

template <class T, class Platform>
class reference_core : public std::enable_shared_from_this<reference_core<T, Platform>> {
  public:
    using effects = model::effects<T, Platform>;
    using lock_type = std::unique_lock<typename Platform::mutex>;
    using time_point = typename Platform::clock::time_point;

    explicit reference_core(std::uint64_t capacity) : spec_(capacity) {}

    /// Takes a step. `value` goes with it, under the number that the specification gives the next value.
    effects take(step s, std::unique_ptr<T> value = nullptr) {
        const lock_type lock(mutex_);
        return finish(take_locked(s, std::move(value)));
    }

    /// Creates an operation; its number is in `s.operation` afterwards.
    void create(step& s, std::unique_ptr<T> value = nullptr) {
        const lock_type lock(mutex_);
        s.operation = spec_.next_operation;
        (void)take_locked(s, std::move(value));
    }

    /// Polls a poll-based operation. Nothing: pending, and `w` will be called; otherwise the effects of finishing.
    std::optional<effects> poll(std::uint32_t number, const waker& w) {
        const lock_type lock(mutex_);
        wakers_[number] = w;
        taken polled = take_locked(poll_of(number));
        if (polled.out.answer.status == status::pending) return std::nullopt;
        wakers_.erase(number);
        return finish(std::move(polled));
    }

    void cancel(std::uint32_t number) {
        lock_type lock(mutex_);
        wakers_.erase(number);
        const effects last = finish(take_locked(drop_of(number)));
        lock.unlock();
    }

    /// Withdraws an operation that has been polled, as block() does at its deadline. Nothing if it has been woken: then
    /// a poll finishes it.
    std::optional<effects> withdraw(std::uint32_t number) {
        const lock_type lock(mutex_);
        const bool pending = machine(spec_).apply(poll_of(number)).answer.status == status::pending;
        if (!pending && spec_.is_to_be_woken(number, verb::drop)) return std::nullopt;
        wakers_.erase(number);
        return finish(time_out(number));
    }

    /// Polls and blocks until the operation finishes or the deadline comes. At the deadline it is withdrawn, the result
    /// is `timeout`, and the value is returned. A grant or a close at the last moment beats the deadline.
    effects block(std::uint32_t number, std::optional<time_point> deadline = std::nullopt) {
        lock_type lock(mutex_);
        sleeper self;
        for (;;) {
            taken polled = take_locked(poll_of(number));
            if (polled.out.answer.status != status::pending) return finish(std::move(polled));
            self.woken = false;
            sleepers_[number] = &self;
            while (!self.woken && !(deadline && Platform::clock::now() >= *deadline)) {
                if (deadline) {
                    (void)self.condition.wait_until(lock, *deadline);
                } else {
                    self.condition.wait(lock);
                }
            }
            sleepers_.erase(number);
            if (!self.woken) return finish(time_out(number));
        }
    }

    /// Reads from the state.
    template <class Read>
    auto observe(Read read) const {
        const lock_type lock(mutex_);
        return read(spec_);
    }

    static void refuse_in_async_context() {
        if (Platform::in_async_context()) {
            throw std::logic_error("tailrace: a blocking operation inside an asynchronous context");
        }
    }

  private:
    friend effects;
    using foreign = typename effects::foreign;

    /// A step after its first stage.
    struct taken {
        verb what = verb::poll;
        outcome out;
        machine::remainders rest;
    };
    struct sleeper {
        typename Platform::condition_variable condition;
        bool woken = false;
    };

    static step poll_of(std::uint32_t number) {
        step s;
        s.what = verb::poll;
        s.subject = {handle_kind::operation, number};
        return s;
    }
    static step drop_of(std::uint32_t number) {
        step s = poll_of(number);
        s.what = verb::drop;
        return s;
    }

    /// Under the mutex, as all functions below but `deliver`. Throws std::logic_error for a step that is not legal, and
    /// has done nothing then.
    taken take_locked(step s, std::unique_ptr<T> value = nullptr) {
        if (value) s.value = spec_.next_value;
        if (const auto why = spec_.refusal(s)) throw std::logic_error("tailrace: " + *why);
        if (value) values_.emplace(s.value, std::move(value));
        taken t{.what = s.what, .out = {}, .rest = {}};
        t.rest = spec_.begin(s, t.out);
        spec_.end(s);  // an operation of this channel has no name once it has finished
        if (spec_.idle()) give_back();
        return t;
    }

    /// The vectors of the specification keep the storage that a burst has needed; the maps do not.
    void give_back() {
        spec_.buffer.shrink_to_fit();
        spec_.grants.shrink_to_fit();
        spec_.queue.shrink_to_fit();
        spec_.operations.shrink_to_fit();
    }

    /// Withdraws an operation whose deadline has come; its value is handed back instead of destroyed.
    taken time_out(std::uint32_t number) {
        taken t = take_locked(drop_of(number));
        t.out.answer = {};
        t.out.answer.status = status::timeout;
        if (!t.out.destroyed.empty()) {
            t.out.answer.value = t.out.destroyed.front();
            t.out.destroyed.clear();
        }
        return t;
    }

    /// Carries out what a stage did: wakes threads, and says what is left for foreign code.
    foreign carry_out(const outcome& stage) {
        foreign left;
        for (const handle& f : stage.woken) {
            if (const auto blocked = sleepers_.find(f.number); blocked != sleepers_.end()) {
                blocked->second->woken = true;
                blocked->second->condition.notify_one();
            } else if (wakers_.contains(f.number)) {
                left.woken.push_back(f.number);
            }
        }
        for (const value_id v : stage.destroyed) left.destroyed.push_back(std::move(values_.extract(v).mapped()));
        return left;
    }

    effects finish(taken&& t) {
        effects done;
        done.answer = std::move(t.out.answer);
        if (done.answer.value) leave(*done.answer.value, done);
        for (const value_id v : done.answer.values) leave(v, done);
        done.stage_ = carry_out(t.out);
        done.rest_ = std::move(t.rest);
        done.step_ = t.what;
        const bool ends_here = done.stage_.woken.empty() && done.stage_.destroyed.empty() && done.rest_.empty();
        if (!ends_here) done.core_ = this->shared_from_this();
        return done;
    }

    /// Without the mutex: calls the wakers, destroys the values, and goes on with the next stage. An operation that was
    /// finished or dropped meanwhile is not woken.
    void deliver(foreign&& stage, machine::remainders&& rest, verb by) {
        for (;;) {
            for (const std::uint32_t f : stage.woken) {
                if (const std::optional<waker> w = waker_of(f, by)) (*w)();
            }
            for (std::unique_ptr<T>& v : stage.destroyed) v.reset();
            const lock_type lock(mutex_);
            outcome next;
            if (!spec_.proceed(rest, next)) return;
            stage = carry_out(next);
        }
    }
    [[nodiscard]] std::optional<waker> waker_of(std::uint32_t operation, verb by) const {
        const lock_type lock(mutex_);
        const auto at = wakers_.find(operation);
        if (at == wakers_.end() || !spec_.is_to_be_woken(operation, by)) return std::nullopt;
        return at->second;
    }

    void leave(value_id v, effects& done) {
        if (auto node = values_.extract(v)) done.leaving.insert(std::move(node));
    }

    mutable typename Platform::mutex mutex_;
    machine spec_;
    std::map<value_id, std::unique_ptr<T>> values_;  // all values that the channel or an operation owns
    std::map<std::uint32_t, waker> wakers_;          // of poll-based operations
    std::map<std::uint32_t, sleeper*> sleepers_;     // of blocked ones
};

/// Milliseconds, rounded up, short enough that the specification's clock cannot overflow.
template <class Rep, class Period>
[[nodiscard]] duration clamp(std::chrono::duration<Rep, Period> timeout) {
    constexpr duration most = std::chrono::years(1'000'000);
    if (timeout <= timeout.zero()) return duration{0};
    if (std::chrono::duration<double>(timeout) >= std::chrono::duration<double>(most)) return most;
    return std::chrono::ceil<duration>(timeout);
}

/// The time point in `timeout` from now; nothing if the clock cannot represent it.
template <class Platform, class Rep, class Period>
[[nodiscard]] std::optional<typename Platform::clock::time_point> deadline_of(
    std::chrono::duration<Rep, Period> timeout) {
    using time_point = typename Platform::clock::time_point;
    const auto now = Platform::clock::now();
    if (timeout <= timeout.zero()) return now;
    if (std::chrono::duration<double>(timeout) >= std::chrono::duration<double>(time_point::max() - now)) {
        return std::nullopt;
    }
    return now + std::chrono::ceil<typename time_point::duration>(timeout);
}

}  // namespace tailrace::model
