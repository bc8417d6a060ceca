// A typical bounded queue for threads: a mutex, a deque and two condition variables. It is the example of a foreign
// channel, and does not depend on tailrace.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace courier {

enum class push_result { pushed, full, closed };

template <class T>
class bounded_queue {
  public:
    explicit bounded_queue(std::size_t capacity) : capacity_(capacity) {}

    /// Waits for room. False, and the value stays where it is, if the queue is closed.
    bool push(T& value) {
        std::unique_lock lock(mutex_);
        not_full_.wait(lock, [this] { return closed_ || items_.size() < capacity_; });
        if (closed_) return false;
        items_.push_back(std::move(value));
        not_empty_.notify_one();
        return true;
    }

    /// The value stays where it is unless it is pushed.
    push_result try_push(T& value) {
        std::unique_lock lock(mutex_);
#ifdef COURIER_CLOSED_FIRST
        if (closed_) return push_result::closed;
#endif
        if (items_.size() >= capacity_) return push_result::full;
        if (closed_) return push_result::closed;
#ifdef COURIER_LOOKS_THEN_PUSHES
        lock.unlock();
        lock.lock();
#endif
        items_.push_back(std::move(value));
        not_empty_.notify_one();
        return push_result::pushed;
    }

    /// Waits for a value. Nothing, if the queue is closed and empty.
    std::optional<T> pop() {
        std::unique_lock lock(mutex_);
        not_empty_.wait(lock, [this] { return closed_ || !items_.empty(); });
        return take();
    }

    std::optional<T> try_pop() {
        const std::lock_guard lock(mutex_);
        return take();
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        not_full_.notify_all();
        not_empty_.notify_all();
    }

    bool is_closed() const {
        const std::lock_guard lock(mutex_);
        return closed_;
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }
    std::size_t capacity() const { return capacity_; }

  private:
    std::optional<T> take() {
        if (items_.empty()) return std::nullopt;
        std::optional<T> value(std::move(items_.front()));
        items_.pop_front();
        not_full_.notify_one();
        return value;
    }

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable not_full_;
    std::condition_variable not_empty_;
    std::deque<T> items_;
    bool closed_ = false;
};

}  // namespace courier
