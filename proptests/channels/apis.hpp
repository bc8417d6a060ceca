// The two channels as C++ types, for tests that no script can express: handles, value types, wakers, threads.
// Each test is written once, over the Api.
// After a change here run: ci/test -L conformance
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tailrace/async_context.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/model/reference_channel.hpp"

namespace tailrace::verify {

struct reference_api {
    static constexpr const char* name = "reference";

    template <class T>
    static auto open(std::size_t capacity) {
        return model::reference_channel<T>(capacity);
    }
    template <class Sender>
    static auto clock_of(const Sender& tx) {
        return tx.clock();
    }
};

struct optimized_api {
    static constexpr const char* name = "optimized";

    template <class T>
    static auto open(std::size_t capacity) {
        return channel<T>(capacity);
    }
    template <class Sender>
    static manual_clock clock_of(const Sender&) {
        return {};
    }
};

// A mutant of one channel does not need the other.
#if defined(TAILRACE_ONLY_OPTIMIZED)
using apis = ::testing::Types<optimized_api>;
#elif defined(TAILRACE_ONLY_REFERENCE)
using apis = ::testing::Types<reference_api>;
#else
using apis = ::testing::Types<reference_api, optimized_api>;
#endif

struct api_names {
    template <class Api>
    static std::string GetName(int) {
        return Api::name;
    }
};

template <class Api, class T>
using sender_of = typename decltype(Api::template open<T>(1))::first_type;
template <class Api, class T>
using receiver_of = typename decltype(Api::template open<T>(1))::second_type;

/// Counts the wake-ups of the operations that are polled with it.
class counting_waker {
  public:
    counting_waker() = default;
    counting_waker(const counting_waker&) = delete;
    counting_waker& operator=(const counting_waker&) = delete;

    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* self) noexcept { ++static_cast<counting_waker*>(self)->wakes_; }, this};
    }
    [[nodiscard]] int wakes() const noexcept { return wakes_; }

  private:
    int wakes_ = 0;
};

/// A waker that does nothing: for a poll whose wake-up the test does not look at.
[[nodiscard]] inline waker no_waker() noexcept {
    return {[](void*) noexcept {}, nullptr};
}

/// The result of an operation that has to be ready by now.
template <class Operation>
[[nodiscard]] auto finished(Operation&& op) {
    auto result = op.poll(no_waker());
    if (!result) throw std::runtime_error("the operation was expected to be finished, and is pending");
    return std::move(*result);
}

/// The error of a result that has to be one.
template <class Result>
[[nodiscard]] auto error_of(Result result) {
    if (result) throw std::runtime_error("an error was expected, and this is a success");
    return std::move(result.error());
}

template <class Operation>
[[nodiscard]] bool pending(Operation& op, const waker& w) {
    return !op.poll(w).has_value();
}

/// The ids of the destroyed values, in order.
class destruction_log {
  public:
    using list = std::vector<int>;

    void add(int id) { ids_.push_back(id); }
    [[nodiscard]] const list& ids() const noexcept { return ids_; }

  private:
    list ids_;
};

/// A value that logs its destruction, once: a moved-from one logs nothing.
class tracked_value {
  public:
    tracked_value(destruction_log& destroyed, int id) : log_(&destroyed), id_(id) {}
    tracked_value(tracked_value&& other) noexcept : log_(std::exchange(other.log_, nullptr)), id_(other.id_) {}
    tracked_value& operator=(tracked_value&&) = delete;
    ~tracked_value() {
        if (log_ != nullptr) log_->add(id_);
    }

    [[nodiscard]] int id() const noexcept { return id_; }

  private:
    destruction_log* log_;
    int id_;
};

/// A value that calls a function when it is destroyed.
class on_destroy {
  public:
    explicit on_destroy(std::function<void()> call) : call_(std::make_unique<std::function<void()>>(std::move(call))) {}
    on_destroy(on_destroy&&) noexcept = default;
    on_destroy& operator=(on_destroy&&) = delete;
    ~on_destroy() {
        if (call_) (*call_)();
    }

  private:
    std::unique_ptr<std::function<void()>> call_;  // empty once moved from
};

}  // namespace tailrace::verify
