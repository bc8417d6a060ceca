// Where the tasks of W5 to W8 run: each form of running is a class with
//     task            the type of its coroutines
//     start(task)     begins a coroutine, or queues its begin
//     on(make)        what a task awaits: the operation that make() returns, resumed where this form resumes. It is
//                     made here, because an operation that is passed is moved once more than where there is one form
//     run()           returns when all tasks have ended
// Another form is one more class here, and a line in tasks.cpp.
// After a change here run: ci/bench --rows 'W[5-8]' --contestants tailrace
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/asio.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/run_queue.hpp"
#include "tailrace/task.hpp"
#include "tailrace/thread_pool.hpp"

namespace bench {

/// A coroutine that starts when it is resumed, and frees itself at its end.
struct task {
    struct promise_type {
        task get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };

    [[nodiscard]] tailrace::waker starter() const noexcept {
        return {[](void* address) noexcept { std::coroutine_handle<>::from_address(address).resume(); },
                frame.address()};
    }

    std::coroutine_handle<> frame;
};

/// Resumed by the call that completes the operation. The tasks start on one thread.
class inline_form {
  public:
    using task = bench::task;
    void start(task t) { t.frame.resume(); }
    template <class Make>
    auto on(Make make) {
        return make();
    }
    void run() {}
};

/// The same, but the tasks start on two threads, in turn; the first of them, the receiver's, on the first.
class inline_form_on_two_threads : public inline_form {
  public:
    void start(task t) {
        tasks_[next_].push_back(t);
        next_ = 1 - next_;
    }
    void run() {
        std::jthread other([this] { start_all(tasks_[1]); });
        start_all(tasks_[0]);
    }

  private:
    static void start_all(const std::vector<task>& tasks) {
        for (const task& t : tasks) t.frame.resume();
    }

    std::vector<task> tasks_[2];
    std::size_t next_ = 0;
};

template <class Self>
class executor_form {
  public:
    using task = bench::task;
    void start(task t) { static_cast<Self*>(this)->execute(t.starter()); }
    template <class Make>
    auto on(Make make) {
        return tailrace::resume_on(*static_cast<Self*>(this), make());
    }
};

/// The library's own run queue, on one thread.
class run_queue_form {
  public:
    using task = tailrace::task;

    void start(task t) { queue_.spawn(std::move(t)); }
    template <class Make>
    auto on(Make make) {
        return make();
    }
    void run() { queue_.run(); }

  private:
    tailrace::run_queue queue_;
};

/// The library's own pool, of two threads.
class pool_form {
  public:
    using task = tailrace::task;

    void start(task t) { pool_.spawn(std::move(t)); }
    template <class Make>
    auto on(Make make) {
        return make();
    }
    void run() { pool_.wait(); }

  private:
    tailrace::thread_pool pool_{2};
};

/// A plain run queue: a ring of wakers, on one thread, without a lock. It stands for the loop of an application.
class plain_queue : public executor_form<plain_queue> {
  public:
    void execute(const tailrace::waker& w) noexcept {
        if (size_ == ring_.size()) grow();
        ring_[(first_ + size_++) & (ring_.size() - 1)] = w;
    }
    void run() {
        while (size_ > 0) {
            const tailrace::waker w = ring_[first_];
            first_ = (first_ + 1) & (ring_.size() - 1);
            --size_;
            w();
        }
    }

  private:
    void grow() {
        std::vector<tailrace::waker> larger(2 * ring_.size());
        for (std::size_t k = 0; k < size_; ++k) larger[k] = ring_[(first_ + k) & (ring_.size() - 1)];
        ring_.swap(larger);
        first_ = 0;
    }

    std::vector<tailrace::waker> ring_ = std::vector<tailrace::waker>(64);
    std::size_t first_ = 0, size_ = 0;
};

/// The same run queue for operations that only can be polled: those of the reference channel.
class polling_queue : public plain_queue {
  public:
    template <class Operation>
    class polled {
      public:
        template <class Make>
        polled(Make& make, polling_queue& queue) : op_(make()), queue_(&queue) {}
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> frame) {
            frame_ = frame;
            result_ = op_.poll(wakes_this());
            return !result_;
        }
        auto await_resume() {
            if (!result_) result_ = op_.poll(wakes_this());
            return std::move(*result_);
        }

      private:
        tailrace::waker wakes_this() noexcept {
            return {[](void* p) noexcept {
                        auto& self = *static_cast<polled*>(p);
                        self.queue_->execute(task{self.frame_}.starter());
                    },
                    this};
        }

        Operation op_;
        polling_queue* queue_;
        std::coroutine_handle<> frame_;
        decltype(std::declval<Operation&>().poll(std::declval<tailrace::waker>())) result_;
    };

    template <class Make>
    auto on(Make make) {
        return polled<decltype(make())>(make, *this);
    }
};

/// Boost.Asio's io_context, run by that many threads.
template <int Threads>
class on_io_context {
  public:
    void run() {
        std::vector<std::jthread> others;
        for (int n = 1; n < Threads; ++n) others.emplace_back([this] { context.run(); });
        context.run();
    }

  protected:
    boost::asio::io_context context{Threads};
};

/// An executor for coroutines that are not Asio's.
template <int Threads>
class asio_form : public executor_form<asio_form<Threads>>, public on_io_context<Threads> {
  public:
    void execute(const tailrace::waker& w) noexcept {
        boost::asio::post(this->context, [w] { w(); });
    }
};

/// Asio's own coroutines, which await by tailrace/asio.hpp.
template <int Threads>
class awaitable_form : public on_io_context<Threads> {
  public:
    using task = boost::asio::awaitable<void>;

    void start(task t) { boost::asio::co_spawn(this->context, std::move(t), boost::asio::detached); }
    template <class Make>
    auto on(Make make) {
        return tailrace::async(make(), boost::asio::use_awaitable);
    }
};

}  // namespace bench
