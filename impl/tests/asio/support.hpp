// What the tests of the adapter share: one Asio under one name, counted values and allocators, and operations that a
// test starts and cancels.
// After a change here run: ci/test -L asio
#pragma once

#include "tailrace/asio.hpp"

#if defined(TAILRACE_ASIO_BOOST)
#include <boost/asio.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#else
#include <asio.hpp>
#include <asio/experimental/parallel_group.hpp>
#if TAILRACE_ASIO_VERSION < 102600
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#endif
#endif

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace tailrace::asio_test {

namespace net = detail::net;

#if TAILRACE_ASIO_VERSION >= 102600
using net::as_tuple;
using net::deferred;
#else
using net::experimental::as_tuple;
using net::experimental::deferred;
#endif

/// A value that is counted while it has its number.
class counted {
  public:
    explicit counted(int number) : number_(number) { ++alive(); }
    counted(counted&& other) noexcept : number_(std::exchange(other.number_, gone)) {}
    counted& operator=(counted&& other) noexcept {
        counted old = std::move(*this);
        number_ = std::exchange(other.number_, gone);
        return *this;
    }
    ~counted() {
        if (number_ != gone) --alive();
    }
    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] static std::atomic<int>& alive() noexcept {
        static std::atomic<int> count{0};
        return count;
    }

  private:
    static constexpr int gone = -1;
    int number_;
};

struct storage_count {
    std::atomic<int> allocations{0};
    std::atomic<int> live{0};
};

/// The allocator of a handler, counted.
template <class T>
class counting_allocator {
  public:
    using value_type = T;

    explicit counting_allocator(storage_count& count) noexcept : count_(&count) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) noexcept : count_(other.count_) {}

    [[nodiscard]] T* allocate(std::size_t n) {
        ++count_->allocations;
        ++count_->live;
        return static_cast<T*>(::operator new(n * sizeof(T)));
    }
    void deallocate(T* p, std::size_t) noexcept {
        --count_->live;
        ::operator delete(p);
    }
    template <class U>
    friend bool operator==(const counting_allocator& a, const counting_allocator<U>& b) noexcept {
        return a.count_ == b.count_;
    }

  private:
    template <class>
    friend class counting_allocator;
    storage_count* count_;
};

/// A token with everything associated that a handler may have.
template <class Executor, class Handler>
[[nodiscard]] auto associated(const Executor& ex, net::cancellation_signal& signal, storage_count& count, Handler h) {
    return net::bind_executor(
        ex, net::bind_cancellation_slot(signal.slot(),
                                        net::bind_allocator(counting_allocator<std::byte>(count), std::move(h))));
}

/// What a handler has got.
template <class Result>
struct outcome {
    int calls = 0;
    std::exception_ptr failure;
    std::optional<Result> result;

    [[nodiscard]] auto handler() {
        return [this](std::exception_ptr e, Result r) {
            ++calls;
            failure = std::move(e);
            result.emplace(std::move(r));
        };
    }
};
template <class Operation>
using outcome_of = outcome<async_result_of<Operation>>;

/// An operation that a test starts, on its context, and may cancel.
template <class Operation>
class started {
  public:
    started(net::io_context& context, Operation op) {
        async(std::move(op), associated(context.get_executor(), signal, storage, got.handler()));
    }
    started(const started&) = delete;
    started& operator=(const started&) = delete;

    [[nodiscard]] bool done() const noexcept { return got.calls == 1; }
    void cancel(net::cancellation_type how = net::cancellation_type::total) { signal.emit(how); }

    net::cancellation_signal signal;
    storage_count storage;
    outcome_of<Operation> got;
};

/// Everything that is ready.
inline std::size_t run(net::io_context& context) {
    context.restart();
    return context.poll();
}

/// A coroutine, to its end. Its exception is thrown here.
template <class Coroutine>
void run_coroutine(net::io_context& context, Coroutine body) {
    std::exception_ptr failure;
    bool ended = false;
    net::co_spawn(context, std::move(body), [&](std::exception_ptr e) {
        failure = std::move(e);
        ended = true;
    });
    context.restart();
    context.run();
    ASSERT_TRUE(ended);
    if (failure) std::rethrow_exception(failure);
}

}  // namespace tailrace::asio_test
