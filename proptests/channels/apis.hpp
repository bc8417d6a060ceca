// The two channels as C++ types, for tests of what no script can say: handles, value types, wakers,
// threads. Each test is written once, over the Api.
// After a change here run: ctest -L conformance
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

// A mutant of one channel has no use for the other.
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
class bell {
  public:
    bell() = default;
    bell(const bell&) = delete;
    bell& operator=(const bell&) = delete;

    [[nodiscard]] waker wire() noexcept {
        return {[](void* self) noexcept { ++static_cast<bell*>(self)->rings_; }, this};
    }
    [[nodiscard]] int rings() const noexcept { return rings_; }

  private:
    int rings_ = 0;
};

/// A waker for operations that are not expected to wait.
[[nodiscard]] inline waker nobody() noexcept {
    return {[](void*) noexcept {}, nullptr};
}

/// The result of an operation that has to be ready by now.
template <class Operation>
[[nodiscard]] auto finished(Operation&& op) {
    auto result = op.poll(nobody());
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

/// Which values died, in order.
class register_of_deaths {
  public:
    using list = std::vector<int>;

    void enter(int id) { dead_.push_back(id); }
    [[nodiscard]] const list& dead() const noexcept { return dead_; }

  private:
    list dead_;
};

/// A value whose death is registered, once: a moved-from one is nothing any more.
class mortal {
  public:
    mortal(register_of_deaths& deaths, int id) : deaths_(&deaths), id_(id) {}
    mortal(mortal&& other) noexcept : deaths_(std::exchange(other.deaths_, nullptr)), id_(other.id_) {}
    mortal& operator=(mortal&&) = delete;
    ~mortal() {
        if (deaths_ != nullptr) deaths_->enter(id_);
    }

    [[nodiscard]] int id() const noexcept { return id_; }

  private:
    register_of_deaths* deaths_;
    int id_;
};

/// A value that does something when it dies.
class last_will {
  public:
    explicit last_will(std::function<void()> act) : act_(std::make_unique<std::function<void()>>(std::move(act))) {}
    last_will(last_will&&) noexcept = default;
    last_will& operator=(last_will&&) = delete;
    ~last_will() {
        if (act_) (*act_)();
    }

  private:
    std::unique_ptr<std::function<void()>> act_;  // nothing once moved from
};

}  // namespace tailrace::verify
