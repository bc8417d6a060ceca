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

/// Wake-ups that are sent when this is destroyed: they may end the handle or the operation that caused them.
class owed_wakes {
  public:
    explicit owed_wakes(std::vector<waker> wakers = {}) noexcept : wakers_(std::move(wakers)) {}
    owed_wakes(owed_wakes&&) noexcept = default;
    owed_wakes& operator=(owed_wakes&&) = delete;
    ~owed_wakes() {
        for (const waker& w : wakers_) w();
    }

  private:
    std::vector<waker> wakers_;
};

/// The effects of a step, for the caller that took it. Their destructor calls the wakers of the step, and then destroys
/// the values that the channel destroyed. Both are foreign code: the caller does this last.
template <class T>
struct effects {
    model::answer answer;
    std::map<value_id, std::unique_ptr<T>> leaving;  // received or handed back
    std::vector<std::pair<value_id, std::unique_ptr<T>>> destroyed;
    owed_wakes wakes;

    [[nodiscard]] T value() { return std::move(*leaving.at(*answer.value)); }
};

template <class T, class Platform>
class reference_core {
  public:
    using lock_type = std::unique_lock<typename Platform::mutex>;
    using time_point = typename Platform::clock::time_point;

    explicit reference_core(std::uint64_t capacity) : spec_(capacity) {}

    /// Takes a step. `value` goes with it, under the number that the specification gives the next value.
    effects<T> take(step s, std::unique_ptr<T> value = nullptr) {
        lock_type lock(mutex_);
        return finish(lock, take_locked(s, std::move(value)));
    }

    /// Creates an operation; its number is in `s.operation` afterwards.
    void create(step& s, std::unique_ptr<T> value = nullptr) {
        const lock_type lock(mutex_);
        s.operation = spec_.next_operation;
        (void)take_locked(s, std::move(value));
    }

    /// Polls a poll-based operation. Nothing: pending, and `w` will be called; otherwise the effects of finishing.
    std::optional<effects<T>> poll(std::uint32_t number, const waker& w) {
        lock_type lock(mutex_);
        wakers_[number] = w;
        outcome out = take_locked(poll_of(number));
        if (out.answer.status == status::pending) return std::nullopt;
        wakers_.erase(number);
        return finish(lock, std::move(out));
    }

    void cancel(std::uint32_t number) {
        lock_type lock(mutex_);
        wakers_.erase(number);
        (void)finish(lock, take_locked(drop_of(number)));
    }

    /// Polls and blocks until the operation finishes or the deadline comes. At the deadline it is withdrawn, the result
    /// is `timeout`, and the value is returned. A grant or a close at the last moment beats the deadline.
    effects<T> block(std::uint32_t number, std::optional<time_point> deadline = std::nullopt) {
        lock_type lock(mutex_);
        sleeper self;
        for (;;) {
            outcome out = take_locked(poll_of(number));
            if (out.answer.status != status::pending) return finish(lock, std::move(out));
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
            if (!self.woken) return finish(lock, time_out(number));
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

    /// Under the mutex, as all functions below. Throws std::logic_error for a step that is not legal, and has done
    /// nothing then.
    outcome take_locked(step s, std::unique_ptr<T> value = nullptr) {
        if (value) s.value = spec_.next_value;
        if (const auto why = spec_.refusal(s)) throw std::logic_error("tailrace: " + *why);
        if (value) values_.emplace(s.value, std::move(value));
        return spec_.apply(s);
    }

    /// Withdraws an operation whose deadline has come; its value is handed back instead of destroyed.
    outcome time_out(std::uint32_t number) {
        outcome out = take_locked(drop_of(number));
        out.answer = {};
        out.answer.status = status::timeout;
        if (!out.destroyed.empty()) {
            out.answer.value = out.destroyed.front();
            out.destroyed.clear();
        }
        return out;
    }

    /// Carries out what a step did: wakes threads under the mutex; the caller calls the wakers, without it.
    effects<T> finish(lock_type& lock, outcome&& out) {
        std::vector<waker> wakers;
        for (const handle& f : out.woken) {
            if (const auto blocked = sleepers_.find(f.number); blocked != sleepers_.end()) {
                blocked->second->woken = true;
                blocked->second->condition.notify_one();
            } else if (const auto w = wakers_.find(f.number); w != wakers_.end()) {
                wakers.push_back(w->second);
            }
        }
        effects<T> done{
            .answer = std::move(out.answer), .leaving = {}, .destroyed = {}, .wakes = owed_wakes(std::move(wakers))};
        if (done.answer.value) leave(*done.answer.value, done);
        for (const value_id v : done.answer.values) leave(v, done);
        for (const value_id v : out.destroyed) {
            auto node = values_.extract(v);
            done.destroyed.emplace_back(v, std::move(node.mapped()));
        }
        lock.unlock();
        return done;
    }

    void leave(value_id v, effects<T>& done) {
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
