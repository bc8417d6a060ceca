// The reference channel: the specification behind a mutex, with a condition variable for each thread that sleeps.
//
// It has the same API as the optimised channel, for the whole contract but the clause `alloc`, and is simple enough to
// be obviously right: every operation is one transition of model::machine. It is slow and allocates; it is the
// reference for everything else.
//
//     auto [tx, rx] = tailrace::model::reference_channel<int>(16);
//
// After a change here run: ci/test -L model && ci/test -L conformance && ci/test -L stress
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tailrace/model/reference_core.hpp"
#include "tailrace/model/reference_operations.hpp"

namespace tailrace::model {

/// The clock of the channel: the manual clock of the specification. Deadlines of poll-based operations use it.
template <class T, class Platform>
class reference_clock {
  public:
    explicit reference_clock(core_pointer<T, Platform> core) : core_(std::move(core)) {}
    void advance(duration by) {
        step s;
        s.what = verb::advance;
        s.time = by;
        (void)core_->take(s);
    }

  private:
    core_pointer<T, Platform> core_;
};

/// The base of every handle: a share in the channel, and a name in the state of the specification. Its destructor drops
/// the name.
template <class T, class Platform>
class reference_handle {
  public:
    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

  protected:
    using core_type = reference_core<T, Platform>;

    reference_handle(core_pointer<T, Platform> core, handle name) noexcept : core_(std::move(core)), name_(name) {}
    reference_handle(reference_handle&& other) noexcept : core_(std::move(other.core_)), name_(other.name_) {}
    reference_handle& operator=(reference_handle&& other) noexcept {
        if (this != &other) {
            const reference_handle old = std::move(*this);  // goes last: what that wakes may use this
            core_ = std::move(other.core_);
            name_ = other.name_;
        }
        return *this;
    }
    ~reference_handle() { drop(); }

    [[nodiscard]] core_type& core() const {
        if (!core_) throw std::logic_error("tailrace: a handle was used after it was moved from");
        return *core_;
    }
    [[nodiscard]] const core_pointer<T, Platform>& share() const {
        (void)core();
        return core_;
    }
    [[nodiscard]] step ask(verb v) const {
        step s;
        s.what = v;
        s.subject = name_;
        return s;
    }
    [[nodiscard]] answer take(verb v) const { return core().take(ask(v)).answer; }

    /// Gives up the name without dropping it: a step has consumed it.
    core_pointer<T, Platform> consume() { return std::exchange(core_, nullptr); }

    void drop() noexcept {
        if (const auto core = std::exchange(core_, nullptr)) (void)core->take(ask(verb::drop));
    }

    core_pointer<T, Platform> core_;
    handle name_;
};

template <class T, class Platform>
class permit : public reference_handle<T, Platform> {
  public:
    permit(core_pointer<T, Platform> core, const answer& a) noexcept
        : reference_handle<T, Platform>(std::move(core), a.made) {}

    void send(T value) {
        auto boxed = std::make_unique<T>(std::move(value));
        const effects<T, Platform> last = this->core().take(this->ask(verb::send), std::move(boxed));
        (void)this->consume();
    }
};

template <class T, class Platform>
class permit_iterator : public reference_handle<T, Platform> {
  public:
    permit_iterator(core_pointer<T, Platform> core, const answer& a) noexcept
        : reference_handle<T, Platform>(std::move(core), a.made) {}

    [[nodiscard]] std::optional<permit<T, Platform>> next() {
        const answer a = this->take(verb::next);
        if (a.status == status::none) return std::nullopt;
        return permit<T, Platform>(this->share(), a);
    }
    [[nodiscard]] std::uint64_t size() const {
        return this->core().observe([this](const machine& m) { return m.find_grant(this->name_)->size; });
    }
};

template <class T, class Platform>
class owned_permit : public reference_handle<T, Platform> {
  public:
    owned_permit(core_pointer<T, Platform> core, const answer& a) noexcept
        : reference_handle<T, Platform>(std::move(core), a.made) {}

    sender<T, Platform> send(T value) && {
        auto boxed = std::make_unique<T>(std::move(value));
        const effects<T, Platform> last = this->core().take(this->ask(verb::send), std::move(boxed));
        return sender<T, Platform>(this->consume(), last.answer);
    }
    sender<T, Platform> release() && {
        const effects<T, Platform> last = this->core().take(this->ask(verb::release));
        return sender<T, Platform>(this->consume(), last.answer);
    }
};

template <class T, class Platform>
class weak_sender : public reference_handle<T, Platform> {
  public:
    weak_sender(core_pointer<T, Platform> core, const answer& a) noexcept
        : reference_handle<T, Platform>(std::move(core), a.made) {}
    weak_sender(const weak_sender& other) : weak_sender(other.core_, other.made(verb::clone)) {}
    weak_sender(weak_sender&&) noexcept = default;
    weak_sender& operator=(weak_sender other) noexcept {
        reference_handle<T, Platform>::operator=(std::move(other));
        return *this;
    }

    [[nodiscard]] std::optional<sender<T, Platform>> upgrade() const {
        const answer a = this->take(verb::upgrade);
        if (a.status == status::none) return std::nullopt;
        return sender<T, Platform>(this->share(), a);
    }
    [[nodiscard]] std::uint64_t strong_count() const { return this->take(verb::strong_count).number; }
    [[nodiscard]] std::uint64_t weak_count() const { return this->take(verb::weak_count).number; }

  private:
    [[nodiscard]] answer made(verb v) const { return this->core_ ? this->take(v) : answer{}; }
};

template <class T, class Platform>
class sender : public reference_handle<T, Platform> {
    using base = reference_handle<T, Platform>;

  public:
    using value_type = T;

    sender(core_pointer<T, Platform> core, const answer& a) noexcept : base(std::move(core), a.made) {}
    sender(const sender& other) : sender(other.core_, other.core_ ? other.take(verb::clone) : answer{}) {}
    sender(sender&&) noexcept = default;
    sender& operator=(const sender& other) {
        if (this != &other) *this = sender(other);
        return *this;
    }
    sender& operator=(sender&&) noexcept = default;

    [[nodiscard]] sender clone() const {
        (void)this->core();
        return *this;
    }

    // ---- Without waiting

    [[nodiscard]] std::expected<void, try_send_error<T>> try_send(T value) const {
        auto boxed = std::make_unique<T>(std::move(value));
        effects<T, Platform> e = this->core().take(this->ask(verb::try_send), std::move(boxed));
        if (e.answer.status == status::ok) return {};
        return std::unexpected(try_send_error<T>{reason(e.answer), e.value()});
    }
    [[nodiscard]] std::expected<permit<T, Platform>, try_reserve_error> try_reserve() const {
        const answer a = this->take(verb::try_reserve);
        if (a.status != status::made) return std::unexpected(reason(a));
        return permit<T, Platform>(this->core_, a);
    }
    [[nodiscard]] std::expected<permit_iterator<T, Platform>, try_reserve_error> try_reserve_many(
        std::uint64_t n) const {
        step s = this->ask(verb::try_reserve_many);
        s.count = n;
        const answer a = this->core().take(s).answer;
        if (a.status != status::made) return std::unexpected(reason(a));
        return permit_iterator<T, Platform>(this->core_, a);
    }
    [[nodiscard]] std::expected<owned_permit<T, Platform>, try_reserve_owned_error<sender>> try_reserve_owned() && {
        const answer a = this->take(verb::try_reserve_owned);
        if (a.status != status::made) {
            return std::unexpected(try_reserve_owned_error<sender>{reason(a), std::move(*this)});
        }
        return owned_permit<T, Platform>(this->consume(), a);
    }

    // ---- Waiting, in poll-based form

    [[nodiscard]] auto send(T value) const {
        return operation<reading::send<T, Platform>>(this->ask(verb::send), std::move(value));
    }
    template <class Rep, class Period, class Clock>
    [[nodiscard]] auto send_timeout(T value, std::chrono::duration<Rep, Period> timeout, Clock&) const {
        step s = this->ask(verb::send_timeout);
        s.time = clamp(timeout);
        return operation<reading::send_timeout<T, Platform>>(s, std::move(value));
    }
    [[nodiscard]] auto reserve() const {
        return operation<reading::reserve<T, Platform, permit, closed_error>>(this->ask(verb::reserve));
    }
    [[nodiscard]] auto reserve_many(std::uint64_t n) const {
        step s = this->ask(verb::reserve_many);
        s.count = n;
        return operation<reading::reserve<T, Platform, permit_iterator, closed_error>>(s);
    }
    [[nodiscard]] auto reserve_owned() && {
        auto op = operation<reading::reserve<T, Platform, owned_permit, closed_error>>(this->ask(verb::reserve_owned));
        (void)this->consume();
        return op;
    }
    [[nodiscard]] auto closed() const { return operation<reading::closed<T, Platform>>(this->ask(verb::closed)); }

    // ---- Waiting, blocking the thread

    [[nodiscard]] std::expected<void, send_error<T>> blocking_send(T value) const {
        base::core_type::refuse_in_async_context();
        return send(std::move(value)).block();
    }
    template <class Rep, class Period>
    [[nodiscard]] std::expected<void, send_timeout_error<T>> blocking_send_timeout(
        T value, std::chrono::duration<Rep, Period> timeout) const {
        base::core_type::refuse_in_async_context();
        return send(std::move(value))
            .template block_until<reading::send_timeout<T, Platform>>(deadline_of<Platform>(timeout));
    }
    [[nodiscard]] std::expected<permit<T, Platform>, closed_error> blocking_reserve() const {
        base::core_type::refuse_in_async_context();
        return reserve().block();
    }
    template <class Rep, class Period>
    [[nodiscard]] std::expected<permit<T, Platform>, reserve_timeout_error> blocking_reserve_timeout(
        std::chrono::duration<Rep, Period> timeout) const {
        base::core_type::refuse_in_async_context();
        using read = reading::reserve<T, Platform, permit, reserve_timeout_error>;
        return reserve().template block_until<read>(deadline_of<Platform>(timeout));
    }

    // ---- Observing

    [[nodiscard]] weak_sender<T, Platform> downgrade() const {
        const answer a = this->take(verb::downgrade);
        return weak_sender<T, Platform>(this->core_, a);
    }
    [[nodiscard]] bool is_closed() const { return this->take(verb::is_closed).number != 0; }
    [[nodiscard]] std::uint64_t capacity() const { return this->take(verb::capacity).number; }
    [[nodiscard]] std::uint64_t max_capacity() const { return this->take(verb::max_capacity).number; }
    [[nodiscard]] std::uint64_t strong_count() const { return this->take(verb::strong_count).number; }
    [[nodiscard]] std::uint64_t weak_count() const { return this->take(verb::weak_count).number; }
    [[nodiscard]] std::uint64_t len() const { return this->take(verb::len).number; }
    [[nodiscard]] bool same_channel(const sender& other) const { return &this->core() == &other.core(); }
    [[nodiscard]] reference_clock<T, Platform> clock() const { return reference_clock<T, Platform>(this->share()); }
    [[nodiscard]] machine state() const {
        return this->core().observe([](const machine& m) { return m; });
    }

    friend std::ostream& operator<<(std::ostream& out, const sender& s) {
        if (!s) return out << "sender{moved from}";
        return out << "sender{" << to_string(s.state()) << '}';
    }

  private:
    template <class Reading>
    [[nodiscard]] auto operation(const step& s) const {
        return reference_operation<T, Platform, Reading>(this->share(), s);
    }
    template <class Reading>
    [[nodiscard]] auto operation(const step& s, T&& value) const {
        return reference_operation<T, Platform, Reading>(this->share(), s, std::make_unique<T>(std::move(value)));
    }
    [[nodiscard]] static try_error reason(const answer& a) noexcept {
        return a.status == status::closed ? try_error::closed : try_error::full;
    }
};

template <class T, class Platform>
class receiver : public reference_handle<T, Platform> {
    using base = reference_handle<T, Platform>;

  public:
    using value_type = T;

    explicit receiver(core_pointer<T, Platform> core) noexcept
        : base(std::move(core), handle{handle_kind::receiver, 0}) {}

    [[nodiscard]] auto recv() { return operation<reading::recv<T, Platform>>(this->ask(verb::recv)); }
    template <class Rep, class Period, class Clock>
    [[nodiscard]] auto recv_timeout(std::chrono::duration<Rep, Period> timeout, Clock&) {
        step s = this->ask(verb::recv_timeout);
        s.time = clamp(timeout);
        return operation<reading::recv_timeout<T, Platform>>(s);
    }
    [[nodiscard]] auto recv_many(std::vector<T>& into, std::size_t limit) {
        step s = this->ask(verb::recv_many);
        s.count = limit;
        return reference_batch_operation<T, Platform>(this->share(), s, into);
    }
    [[nodiscard]] std::expected<T, try_recv_error> try_recv() {
        effects<T, Platform> e = this->core().take(this->ask(verb::try_recv));
        if (e.answer.status == status::some) return e.value();
        return std::unexpected(e.answer.status == status::empty ? try_recv_error::empty : try_recv_error::disconnected);
    }
    [[nodiscard]] std::optional<T> blocking_recv() {
        base::core_type::refuse_in_async_context();
        return recv().block();
    }
    template <class Rep, class Period>
    [[nodiscard]] std::expected<T, recv_timeout_error> blocking_recv_timeout(
        std::chrono::duration<Rep, Period> timeout) {
        base::core_type::refuse_in_async_context();
        return recv().template block_until<reading::recv_timeout<T, Platform>>(deadline_of<Platform>(timeout));
    }
    [[nodiscard]] std::size_t blocking_recv_many(std::vector<T>& into, std::size_t limit) {
        base::core_type::refuse_in_async_context();
        return recv_many(into, limit).block();
    }

    void close() { (void)this->take(verb::close); }

    [[nodiscard]] bool is_closed() const { return this->take(verb::is_closed).number != 0; }
    [[nodiscard]] bool is_empty() const { return this->take(verb::is_empty).number != 0; }
    [[nodiscard]] std::uint64_t len() const { return this->take(verb::len).number; }
    [[nodiscard]] std::uint64_t capacity() const { return this->take(verb::capacity).number; }
    [[nodiscard]] std::uint64_t max_capacity() const {
        return this->core().observe([](const machine& m) { return m.max; });
    }
    [[nodiscard]] std::uint64_t sender_strong_count() const { return this->take(verb::sender_strong_count).number; }
    [[nodiscard]] std::uint64_t sender_weak_count() const { return this->take(verb::sender_weak_count).number; }

    friend std::ostream& operator<<(std::ostream& out, const receiver& r) {
        if (!r) return out << "receiver{moved from}";
        return out << "receiver{" << (r.is_closed() ? "closed" : "open") << ", " << r.len() << " buffered}";
    }

  private:
    template <class Reading>
    [[nodiscard]] auto operation(const step& s) {
        return reference_operation<T, Platform, Reading>(this->share(), s);
    }
};

/// Makes a channel with a capacity of 1 to 67,108,863 values; returns its first sender and its receiver.
///
/// Throws: std::invalid_argument for any other capacity.
template <class T, class Platform = std_platform>
[[nodiscard]] auto reference_channel(std::size_t capacity) {
    if (capacity == 0 || capacity > largest_capacity) {
        throw std::invalid_argument("tailrace: a channel's capacity is 1 to 67108863");
    }
    auto core = std::make_shared<reference_core<T, Platform>>(capacity);
    answer first;
    first.made = {handle_kind::sender, 0};
    return std::pair(sender<T, Platform>(core, first), receiver<T, Platform>(core));
}

}  // namespace tailrace::model
