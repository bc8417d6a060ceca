// A foreign bounded queue with a selectable bug, and its adapter, written as README describes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tailrace/verify/channel_session.hpp"

namespace tailrace::verify::foreign {

enum class mistake : unsigned char {
    none,
    look_then_push,   // try_push checks for space under one lock and pushes under the next: overfull
    newest_first,     // pop takes the wrong end
    forgets_to_wake,  // pop does not wake a push that waits for space
    crashes,          // try_pop on an empty queue
    hangs,
    throws  // push
};

template <class T, mistake M>
class queue {
  public:
    explicit queue(std::size_t capacity) : capacity_(capacity) {}

    bool try_push(T& value) {
        std::unique_lock lock(mutex_);
        if (items_.size() >= capacity_) return false;
        if constexpr (M == mistake::look_then_push) {
            lock.unlock();
            lock.lock();
        }
        items_.push_back(std::move(value));
        lock.unlock();
        not_empty_.notify_one();
        return true;
    }
    std::optional<T> try_pop() {
        std::unique_lock lock(mutex_);
        if (items_.empty()) {
            if constexpr (M == mistake::crashes) __builtin_trap();
            while (M == mistake::hangs) lock.unlock(), lock.lock();
            return std::nullopt;
        }
        return take(lock);
    }
    void push(T value) {
        if constexpr (M == mistake::throws) throw std::runtime_error("not here");
        std::unique_lock lock(mutex_);
        not_full_.wait(lock, [this] { return items_.size() < capacity_; });
        items_.push_back(std::move(value));
        lock.unlock();
        not_empty_.notify_one();
    }
    T pop() {
        std::unique_lock lock(mutex_);
        not_empty_.wait(lock, [this] { return !items_.empty(); });
        return *take(lock);
    }

  private:
    std::optional<T> take(std::unique_lock<std::mutex>& lock) {
        std::optional<T> value;
        if constexpr (M == mistake::newest_first) {
            value.emplace(std::move(items_.back()));
            items_.pop_back();
        } else {
            value.emplace(std::move(items_.front()));
            items_.pop_front();
        }
        lock.unlock();
        if constexpr (M != mistake::forgets_to_wake) not_full_.notify_one();
        return value;
    }

    const std::size_t capacity_;
    std::mutex mutex_;
    std::condition_variable not_full_;
    std::condition_variable not_empty_;
    std::deque<T> items_;
};

template <class T, mistake M>
struct sender {
    std::shared_ptr<queue<T, M>> to;

    std::expected<void, try_send_error<T>> try_send(T value) {
        if (to->try_push(value)) return {};
        return std::unexpected(try_send_error<T>{try_error::full, std::move(value)});
    }
    std::expected<void, send_error<T>> blocking_send(T value) {
        to->push(std::move(value));
        return {};
    }
};

template <class T, mistake M>
struct receiver {
    std::shared_ptr<queue<T, M>> from;

    std::expected<T, try_recv_error> try_recv() {
        if (std::optional<T> value = from->try_pop()) return std::move(*value);
        return std::unexpected(try_recv_error::empty);
    }
    std::optional<T> blocking_recv() { return from->pop(); }
};

template <mistake M>
struct api {
    static constexpr capabilities supports = {capability::try_send, capability::try_recv};
    template <class T>
    static auto open(std::size_t capacity) {
        const auto shared = std::make_shared<queue<T, M>>(capacity);
        return std::pair(sender<T, M>{shared}, receiver<T, M>{shared});
    }
};

template <mistake M>
struct blocking_api : api<M> {
    static constexpr capabilities supports = {capability::try_send, capability::try_recv, capability::blocking};
};

template <mistake M>
struct one_thread_api : api<M> {
    static constexpr bool thread_safe = false;
};

/// 2^n - 1 values, as boost.fiber's buffered_channel has room for.
struct rounding_api : api<mistake::none> {
    static std::size_t capacity_for(std::size_t asked) {
        std::size_t size = 2;
        while (size < asked) size *= 2;
        return size - 1;
    }
    template <class T>
    static auto open(std::size_t asked) {
        return api<mistake::none>::open<T>(capacity_for(asked));
    }
};

/// The same, but it says nothing of it.
struct silent_rounding_api : api<mistake::none> {
    template <class T>
    static auto open(std::size_t asked) {
        return rounding_api::open<T>(asked);
    }
};

}  // namespace tailrace::verify::foreign
