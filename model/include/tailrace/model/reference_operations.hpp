// The waiting operations of the reference channel in poll-based form, and the results that they make from responses.
// After a change here run: ci/test -L model && ci/test -L conformance
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "tailrace/errors.hpp"
#include "tailrace/model/reference_core.hpp"

namespace tailrace::model {

template <class T, class Platform>
class sender;
template <class T, class Platform>
class permit;
template <class T, class Platform>
class permit_iterator;
template <class T, class Platform>
class owned_permit;

template <class T, class Platform>
using core_pointer = std::shared_ptr<reference_core<T, Platform>>;

/// The conversion of the final response of each kind of operation.
namespace reading {

template <class T, class Platform>
struct send {
    using result_type = std::expected<void, send_error<T>>;
    static result_type read(const core_pointer<T, Platform>&, effects<T, Platform>& e) {
        if (e.answer.status == status::ok) return {};
        return std::unexpected(send_error<T>{e.value()});
    }
};

template <class T, class Platform>
struct send_timeout {
    using result_type = std::expected<void, send_timeout_error<T>>;
    static result_type read(const core_pointer<T, Platform>&, effects<T, Platform>& e) {
        if (e.answer.status == status::ok) return {};
        return std::unexpected(send_timeout_error<T>{
            e.answer.status == status::timeout ? timeout_error::timeout : timeout_error::closed, e.value()});
    }
};

/// reserve, reserve_many and reserve_owned: a handle, or closed (or, for the blocking forms with a deadline, timeout).
template <class T, class Platform, template <class, class> class Handle, class Error>
struct reserve {
    using result_type = std::expected<Handle<T, Platform>, Error>;
    static result_type read(const core_pointer<T, Platform>& core, effects<T, Platform>& e) {
        if (e.answer.status == status::made) return Handle<T, Platform>(core, e.answer);
        if constexpr (std::is_same_v<Error, closed_error>) {
            return std::unexpected(closed_error{});
        } else {
            return std::unexpected(e.answer.status == status::timeout ? Error::timeout : Error::closed);
        }
    }
};

template <class T, class Platform>
struct closed {
    using result_type = std::monostate;
    static result_type read(const core_pointer<T, Platform>&, effects<T, Platform>&) { return {}; }
};

template <class T, class Platform>
struct recv {
    using result_type = std::optional<T>;
    static result_type read(const core_pointer<T, Platform>&, effects<T, Platform>& e) {
        if (e.answer.status == status::some) return e.value();
        return std::nullopt;
    }
};

template <class T, class Platform>
struct recv_timeout {
    using result_type = std::expected<T, recv_timeout_error>;
    static result_type read(const core_pointer<T, Platform>&, effects<T, Platform>& e) {
        if (e.answer.status == status::some) return e.value();
        return std::unexpected(e.answer.status == status::timeout ? timeout_error::timeout : timeout_error::closed);
    }
};

template <class T, class Platform>
struct recv_many {
    using result_type = std::vector<T>;
    static result_type read(const core_pointer<T, Platform>&, effects<T, Platform>& e) {
        std::vector<T> batch;
        for (const value_id v : e.answer.values) batch.push_back(std::move(*e.leaving.at(v)));
        return batch;
    }
};

}  // namespace reading

/// An operation in poll-based form. Movable until it is first polled; destroying it unfinished cancels it.
template <class T, class Platform, class Reading>
class [[nodiscard]] reference_operation {
  public:
    using result_type = typename Reading::result_type;

    reference_operation(core_pointer<T, Platform> core, step s, std::unique_ptr<T> value = nullptr)
        : core_(std::move(core)) {
        core_->create(s, std::move(value));
        number_ = s.operation;
    }
    reference_operation(reference_operation&& other) noexcept : core_(std::move(other.core_)), number_(other.number_) {}
    reference_operation& operator=(reference_operation&&) = delete;
    ~reference_operation() {
        if (core_) core_->cancel(number_);
    }

    /// A result when finished. Nothing: pending, and `w` will be called.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        require();
        auto done = core_->poll(number_, w);
        if (!done) return std::nullopt;
        return Reading::read(std::exchange(core_, nullptr), *done);
    }

    /// Ends the wait of an operation that has been polled; what a send was to send is in the effects. Nothing if it has
    /// been woken: then a poll finishes it.
    [[nodiscard]] std::optional<effects<T, Platform>> withdraw() {
        require();
        auto last = core_->withdraw(number_);
        if (last) core_.reset();
        return last;
    }

    /// Blocks until it finishes.
    [[nodiscard]] result_type block() && {
        require();
        effects<T, Platform> done = core_->block(number_);
        return Reading::read(std::exchange(core_, nullptr), done);
    }

    /// Blocks until it finishes or the deadline comes; `Timed` reads the answer, which may be timeout.
    template <class Timed>
    [[nodiscard]] typename Timed::result_type block_until(
        std::optional<typename Platform::clock::time_point> deadline) && {
        require();
        effects<T, Platform> done = core_->block(number_, deadline);
        return Timed::read(std::exchange(core_, nullptr), done);
    }

  private:
    void require() const {
        if (!core_) throw std::logic_error("tailrace: an operation was used after it had finished");
    }

    core_pointer<T, Platform> core_;  // nothing once finished or moved from
    std::uint32_t number_ = 0;
};

/// recv_many: a batch that is appended to the caller's buffer.
template <class T, class Platform>
class [[nodiscard]] reference_batch_operation {
  public:
    using result_type = std::size_t;

    reference_batch_operation(core_pointer<T, Platform> core, const step& s, std::vector<T>& into)
        : batch_(std::move(core), s), into_(&into) {}

    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        std::vector<T>& into = *into_;  // a waker may destroy this operation
        auto done = batch_.poll(w);
        if (!done) return std::nullopt;
        return append(std::move(*done), into);
    }
    [[nodiscard]] std::optional<effects<T, Platform>> withdraw() { return batch_.withdraw(); }
    [[nodiscard]] result_type block() && { return append(std::move(batch_).block(), *into_); }

  private:
    static std::size_t append(std::vector<T>&& batch, std::vector<T>& into) {
        for (T& v : batch) into.push_back(std::move(v));
        return batch.size();
    }

    reference_operation<T, Platform, reading::recv_many<T, Platform>> batch_;
    std::vector<T>* into_;
};

}  // namespace tailrace::model
