// Queues for threads that block: oneTBB's, moodycamel's, and a ring with a mutex and condition variables.
// After a change here run: ci/bench --contestants 'moodycamel|mutex'
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/lightweightsemaphore.h>
#include <tbb/concurrent_queue.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "common/contestant.hpp"
#include "common/shared_queue.hpp"
#include "peers.hpp"

namespace bench {

namespace {

template <class T>
class mutex_queue {
  public:
    explicit mutex_queue(std::size_t capacity) : ring_(capacity) {}

    bool try_send(const T& value) {
        {
            const std::lock_guard lock(mutex_);
            if (size_ == ring_.size()) return false;
            put(value);
        }
        not_empty_.notify_one();
        return true;
    }
    bool try_recv(T& value) {
        {
            const std::lock_guard lock(mutex_);
            if (size_ == 0) return false;
            take(value);
        }
        not_full_.notify_one();
        return true;
    }
    void send(const T& value) {
        {
            std::unique_lock lock(mutex_);
            not_full_.wait(lock, [this] { return size_ < ring_.size(); });
            put(value);
        }
        not_empty_.notify_one();
    }
    void recv(T& value) {
        {
            std::unique_lock lock(mutex_);
            not_empty_.wait(lock, [this] { return size_ > 0; });
            take(value);
        }
        not_full_.notify_one();
    }

  private:
    void put(const T& value) {
        const std::size_t end = first_ + size_++;
        ring_[end < ring_.size() ? end : end - ring_.size()] = value;
    }
    void take(T& value) {
        value = ring_[first_];
        if (++first_ == ring_.size()) first_ = 0;
        --size_;
    }

    std::vector<T> ring_;
    std::size_t first_ = 0, size_ = 0;
    std::mutex mutex_;
    std::condition_variable not_empty_, not_full_;
};

template <class T>
class tbb_queue {
  public:
    explicit tbb_queue(std::size_t capacity) { queue_.set_capacity(static_cast<std::ptrdiff_t>(capacity)); }
    bool try_send(const T& value) { return queue_.try_push(value); }
    bool try_recv(T& value) { return queue_.try_pop(value); }
    void send(const T& value) { queue_.push(value); }
    void recv(T& value) { queue_.pop(value); }

  private:
    tbb::concurrent_bounded_queue<T> queue_;
};

/// It has no bound of its own: a semaphore counts the free slots.
template <class T>
class moodycamel_queue {
  public:
    explicit moodycamel_queue(std::size_t capacity)
        : queue_(capacity), free_(static_cast<moodycamel::LightweightSemaphore::ssize_t>(capacity)) {}
    bool try_send(const T& value) { return free_.tryWait() && queue_.enqueue(value); }
    bool try_recv(T& value) {
        if (!queue_.try_dequeue(value)) return false;
        free_.signal();
        return true;
    }
    void send(const T& value) {
        while (!free_.wait()) {
        }
        require(queue_.enqueue(value), "the queue could not grow");
    }
    void recv(T& value) {
        queue_.wait_dequeue(value);
        free_.signal();
    }

  private:
    moodycamel::BlockingConcurrentQueue<T> queue_;
    moodycamel::LightweightSemaphore free_;
};

template <class Kind>
contestant with_memory(contestant c) {
    c += memory_workloads<Kind>();
    return c;
}

template <template <class> class Queue>
contestant blocking_contestant(const char* name) {
    using kind = shared_queue<Queue>;
    contestant c{name, one_thread_workloads<kind>()};
    c += thread_workloads<kind>();
    return c;
}

}  // namespace

contestant mutex_contestant() {
    return with_memory<shared_queue<mutex_queue>>(blocking_contestant<mutex_queue>("mutex"));
}
/// Without the rows of memory: it has an allocator of its own, which malloc does not know of.
contestant tbb_contestant() { return blocking_contestant<tbb_queue>("tbb"); }
contestant moodycamel_contestant() {
    return with_memory<shared_queue<moodycamel_queue>>(blocking_contestant<moodycamel_queue>("moodycamel"));
}

}  // namespace bench
