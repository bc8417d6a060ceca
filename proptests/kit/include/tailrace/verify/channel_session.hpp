// A session over a channel of the usual C++ shape, built from a small description of it, the Api:
//
//     struct my_api {
//         static constexpr capabilities supports = {...};
//         template <class T> static auto open(std::size_t capacity);   // a pair: sender, receiver
//         template <class Tx> static auto make_clock(const Tx& tx);    // with advance(duration), for send_timeout
//         // Optional:
//         template <class Tx> static void settle(const Tx& tx);        // runs posted wake-ups; called after each step
//         template <class Handle>
//         static const char* broken_invariant(const Handle&);   // called after a step on one thread, and at rest
//         template <class Handle> static storage storage_of(const Handle&);   // the same
//         static std::size_t capacity_for(std::size_t asked);          // the capacity that open(asked) really has
//         static constexpr bool thread_safe = false;                   // the engine `threads` leaves it out
//         using value_type = ...;      // constructed and accepted like `tracked`, which it is otherwise
//         using forms = ...;           // what operations are wrapped in (src/target/forms.hpp)
//         static constexpr bool fails_allocations = true;   // on Linux: each allocation of a call fails once
//         template <class Handle>
//         static void move_about(Handle& permits);          // before each use of a permit iterator
//         static auto as_timeout(model::duration d);        // equal to it on the clock
//     };
//
// Only what `supports` declares has to exist: no clock is needed without deadlines. Each name of a program is an object
// here, which lives until its `drop`. The engine `threads` calls one sender from several threads at once, and the
// receiver from one at a time.
// After a change here run: ci/test -L conformance
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tailrace/errors.hpp"
#include "tailrace/verify/detail/failing_new.hpp"
#include "tailrace/verify/target.hpp"
#include "tailrace/verify/tracked.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::verify {

template <class Api>
class channel_session final : public task_session, private session_events {
    static auto value_of() {
        if constexpr (requires { typename Api::value_type; }) {
            return std::type_identity<typename Api::value_type>{};
        } else {
            return std::type_identity<tracked>{};
        }
    }
    using value_type = typename decltype(value_of())::type;
    using channel_type = decltype(Api::template open<value_type>(1));
    using sender_type = typename channel_type::first_type;
    using receiver_type = typename channel_type::second_type;

    static constexpr bool has(capability c) { return Api::supports.has(c); }

    // Stands in for what a channel need not have.
    struct no_clock {
        void advance(model::duration) {}
    };
    static auto make_clock(const sender_type& tx) {
        if constexpr (requires { Api::make_clock(tx); }) {
            return Api::make_clock(tx);
        } else {
            return no_clock{};
        }
    }
    using clock_type = decltype(make_clock(std::declval<const sender_type&>()));
    /// Operations as they are.
    struct no_forms {
        template <class Operation>
        static Operation of(Operation&& op, std::uint32_t, bool) {
            return std::forward<Operation>(op);
        }
        static void be_among_others() {}
        static void expect_reactions(bool) {}
        static void begin_step(bool) {}
        static void end_step() {}
        static void handle_goes(bool) {}
        static const char* complaint() { return nullptr; }
    };
    static auto forms_of() {
        if constexpr (requires { typename Api::forms; }) {
            return std::type_identity<typename Api::forms>{};
        } else {
            return std::type_identity<no_forms>{};
        }
    }
    using forms_type = typename decltype(forms_of())::type;
    static constexpr bool fails_allocations = requires { Api::fails_allocations; };
    struct nothing {};
    using allocates_itself = std::conditional_t<fails_allocations, never_failing_new, nothing>;
    static auto permit_of() {
        if constexpr (has(capability::try_reserve)) {
            return std::type_identity<typename decltype(std::declval<sender_type&>().try_reserve())::value_type>{};
        } else {
            return std::type_identity<nothing>{};
        }
    }
    static auto owned_of() {
        if constexpr (has(capability::try_reserve_owned)) {
            return std::type_identity<
                typename decltype(std::declval<sender_type&&>().try_reserve_owned())::value_type>{};
        } else {
            return std::type_identity<nothing>{};
        }
    }
    static auto iterator_of() {
        if constexpr (has(capability::reserve_many)) {
            return std::type_identity<typename decltype(std::declval<sender_type&>().try_reserve_many(
                1))::value_type>{};
        } else {
            return std::type_identity<nothing>{};
        }
    }
    static auto weak_of() {
        if constexpr (has(capability::weak)) {
            return std::type_identity<decltype(std::declval<sender_type&>().downgrade())>{};
        } else {
            return std::type_identity<nothing>{};
        }
    }
    using permit_type = typename decltype(permit_of())::type;
    using owned_type = typename decltype(owned_of())::type;
    using iterator_type = typename decltype(iterator_of())::type;
    using weak_type = typename decltype(weak_of())::type;

    struct operation_box {
        virtual ~operation_box() = default;
        /// True when finished, with the answer.
        virtual bool poll(const waker& w, channel_session& s, model::answer& a) = 0;
        /// task_session::interrupt
        virtual bool interrupt(channel_session& s, model::answer& a) = 0;
    };
    /// Operations as they are cannot be interrupted.
    template <class Operation>
    static auto interrupted(Operation& op) {
        if constexpr (requires { op.interrupt(); }) {
            return op.interrupt();
        } else {
            return decltype(op.poll(std::declval<const waker&>()))();
        }
    }
    template <class Operation>
    struct boxed final : operation_box {
        explicit boxed(Operation&& o) : operation(std::move(o)) {}
        bool poll(const waker& w, channel_session& s, model::answer& a) override {
            auto result = s.call([&] { return operation.poll(w); });
            if (!result) return false;
            a = s.read(std::move(*result));
            return true;
        }
        bool interrupt(channel_session& s, model::answer& a) override {
            auto result = interrupted(operation);
            if (result) a = s.read(std::move(*result));
            return result.has_value();
        }
        Operation operation;
    };
    /// recv_many, with the buffer that it fills.
    struct batch_box final : operation_box {
        batch_box(channel_session& s, receiver_type& rx, std::size_t limit, std::uint32_t number)
            : operation(s.forms_.of(rx.recv_many(*buffer, limit), number, true)) {}
        bool poll(const waker& w, channel_session& s, model::answer& a) override {
            const auto filled = buffer;  // the poll may destroy this
            const auto size = s.call([&] { return operation.poll(w); });
            if (!size) return false;
            a = answer(*size, *filled, s);
            return true;
        }
        bool interrupt(channel_session& s, model::answer& a) override {
            const auto size = interrupted(operation);
            if (size) a = answer(*size, *buffer, s);
            return size.has_value();
        }
        static model::answer answer(std::size_t size, std::vector<value_type>& filled, channel_session& s) {
            return size == filled.size() ? s.read(std::move(filled)) : model::answer_of(model::status::none);
        }
        std::shared_ptr<std::vector<value_type>> buffer = std::make_shared<std::vector<value_type>>();
        decltype(std::declval<forms_type&>().of(std::declval<receiver_type&>().recv_many(*buffer, 1), 0,
                                                true)) operation;
    };
    /// The step that is being taken: one inside whose call another is taken waits for it.
    class running_step {
      public:
        explicit running_step(channel_session& s) : session_(s), outer_(std::exchange(s.running_, &seen)) {
            s.forms_.begin_step(is_outermost());
        }
        running_step(const running_step&) = delete;
        running_step& operator=(const running_step&) = delete;
        ~running_step() {
            session_.running_ = outer_;
            session_.forms_.end_step();
        }

        [[nodiscard]] bool is_outermost() const { return outer_ == nullptr; }
        model::outcome seen;

      private:
        channel_session& session_;
        model::outcome* outer_;
    };
    struct wake_record {
        wake_record(session_events* e, std::uint32_t n) : events(e), operation(n) {}
        session_events* events;
        std::uint32_t operation;
    };

  public:
    explicit channel_session(std::uint64_t capacity)
        : channel_session(Api::template open<value_type>(capacity), nullptr, false) {}
    /// For a task: wake-ups and destructions are reported as they happen, not recorded. `noisy`: the channel has no
    /// schedule perturbation of its own.
    channel_session(std::uint64_t capacity, session_events& events, bool noisy = false)
        : channel_session(Api::template open<value_type>(capacity), &events, noisy) {}
    ~channel_session() override {
        operations_.clear();  // what borrows goes first
        permits_.clear();
        iterators_.clear();
    }

    model::outcome apply(const model::step& s) override {
        running_step now(*this);
        fail_after_ = failing_new::never;
        now.seen.answer = fails_allocations && now.is_outermost() ? take_at_last(s, now.seen) : take(s);
        settle();
        if (const char* const what = forms_.complaint()) throw std::logic_error(what);
        if (now.is_outermost()) {
            if (const auto broken = broken_invariant()) throw std::logic_error(*broken);
        }
        return std::move(now.seen);
    }
    [[nodiscard]] std::optional<form_counts> observe_forms() const override {
        if constexpr (requires { forms_.counts(); }) {
            return forms_.counts();
        } else if constexpr (fails_allocations) {
            return failures_;
        } else {
            return std::nullopt;
        }
    }
    void expect_reactions(bool some) override { forms_.expect_reactions(some); }
    void react_with(session_events* reactions) override { reactions_ = reactions; }

    std::optional<std::uint64_t> observe_capacity() override {
        if constexpr (has(capability::sender_capacity)) {
            if (!senders_.empty()) return senders_.begin()->second.capacity();
        }
        if constexpr (has(capability::receiver_observers)) {
            if (receiver_) return receiver_->capacity();
        }
        return std::nullopt;
    }

    std::optional<storage> observe_storage() override {
        if constexpr (requires { Api::storage_of(*receiver_); }) {
            if (!senders_.empty()) return Api::storage_of(senders_.begin()->second);
            if (receiver_) return Api::storage_of(*receiver_);
        }
        return std::nullopt;
    }

    std::optional<std::string> broken_invariant() override {
        if constexpr (requires { Api::broken_invariant(*receiver_); }) {
            const char* what = !senders_.empty() ? Api::broken_invariant(senders_.begin()->second)
                               : receiver_       ? Api::broken_invariant(*receiver_)
                                                 : nullptr;
            if (what != nullptr) return std::string(what) + ": " + describe();
        }
        return std::nullopt;
    }

    std::string describe() override {
        std::ostringstream text;
        if constexpr (requires(std::ostream& o, sender_type& t) { o << t; }) {
            if (!senders_.empty()) text << senders_.begin()->second;
        }
        if constexpr (requires(std::ostream& o, receiver_type& t) { o << t; }) {
            if (receiver_) text << (text.tellp() > 0 ? " " : "") << *receiver_;
        }
        return std::move(text).str();
    }

    // ---- Tasks

    model::answer act(const model::step& s) override {
        const noisy_call around(noisy_);
        model::answer a = take(s);
        settle();
        if (const char* const what = forms_.complaint()) throw std::logic_error(what);
        return a;
    }
    bool interrupt(std::uint32_t operation, model::answer& a) override {
        const noisy_call around(noisy_);
        return operations_.at(operation)->interrupt(*this, a);
    }

    void settle() override {
        if constexpr (requires { Api::settle(senders_.begin()->second); }) {
            const auto& some = senders_.empty() && root_ != nullptr ? root_->senders_ : senders_;
            if (!some.empty()) Api::settle(some.begin()->second);
        }
    }

    void name_next(std::uint32_t number) override {
        next_sender_ = next_weak_ = next_permit_ = next_iterator_ = next_owned_ = number;
    }

    [[nodiscard]] bool can_block(const model::step& s) const override {
        return has(capability::blocking) && model::has_blocking_form(s.what, s.subject.kind);
    }
    model::answer block(const model::step& s) override {
        const noisy_call around(noisy_);
        if constexpr (has(capability::blocking)) {
            if (s.what == model::verb::recv) {
                auto& rx = *receiver_;
                has_looked_.store(true, std::memory_order_release);  // to look_inside
                return read(rx.blocking_recv());
            }
            auto& tx = find_sender(s.subject.number);
            has_looked_.store(true, std::memory_order_release);
            return read(tx.blocking_send(value(s)));
        }
        return {};
    }

    void look_inside() const override { (void)has_looked_.load(std::memory_order_acquire); }

    [[nodiscard]] std::unique_ptr<task_session> branch() override {
        return std::unique_ptr<channel_session>(new channel_session(*this));
    }
    void give(model::handle h, task_session& branch) override {
        auto& to = static_cast<channel_session&>(branch);
        using model::handle_kind;
        switch (h.kind) {
            case handle_kind::sender: to.senders_.insert(senders_.extract(h.number)); break;
            case handle_kind::weak_sender: to.weak_senders_.insert(weak_senders_.extract(h.number)); break;
            case handle_kind::receiver: to.receiver_.swap(receiver_); break;
            case handle_kind::operation: to.operations_.insert(operations_.extract(h.number)); break;
            case handle_kind::permit: to.permits_.insert(permits_.extract(h.number)); break;
            case handle_kind::iterator: to.iterators_.insert(iterators_.extract(h.number)); break;
            case handle_kind::owned_permit: to.owned_permits_.insert(owned_permits_.extract(h.number)); break;
        }
    }

  private:
    channel_session(channel_type&& c, session_events* events, bool noisy)
        : events_(events != nullptr ? events : this),
          noisy_(noisy),
          clock_(new clock_type(make_clock(c.first))),
          receiver_(std::make_unique<receiver_type>(std::move(c.second))) {
        senders_.emplace(0, std::move(c.first));
        if (events != nullptr) forms_.be_among_others();
    }
    /// A branch.
    explicit channel_session(channel_session& of)
        : root_(&of), events_(of.events_), noisy_(of.noisy_), clock_(of.clock_) {
        forms_.be_among_others();
    }

    void woken(std::uint32_t operation) noexcept override {
        [[maybe_unused]] const allocates_itself in_here{};
        if (running_ != nullptr) running_->woken.push_back({model::handle_kind::operation, operation});
        if (reactions_ != nullptr) reactions_->woken(operation);
    }
    void destroyed(model::value_id v) noexcept override {
        [[maybe_unused]] const allocates_itself in_here{};
        if (running_ != nullptr) running_->destroyed.push_back(v);
        if (fails_allocations && failing_new::here().has_failed) return;
        if (reactions_ != nullptr) reactions_->destroyed(v);
    }

    sender_type& find_sender(std::uint32_t n) {
        const auto own = senders_.find(n);
        if (own != senders_.end()) return own->second;
        return (root_ != nullptr ? root_ : this)->senders_.at(n);
    }

    /// A call of the channel with a value that it takes.
    template <class Call>
    auto call_with_value(Call&& c) {
        return call(std::forward<Call>(c), true);
    }

    /// The step after attempts of it in which one allocation failed, or one move of a value into the channel: the first
    /// one, the second, and so on. In these nothing may happen, and they are no part of the program.
    model::answer take_at_last(const model::step& s, model::outcome& seen) {
        const std::optional<std::uint64_t> free = observe_capacity();
        failing_new& state = failing_new::here();
        for (unsigned n = 0;; ++n) {
            fail_after_ = n;
            try {
                model::answer a = take(s);
                fail_after_ = failing_new::never;
                state.has_failed = false;
                return a;
            } catch (const std::bad_alloc&) {
                if (!std::exchange(state.has_failed, false)) throw;
            }
            ++failures_[static_cast<std::size_t>(form_event::failed_allocation)];
            const bool with_value = s.what != model::verb::poll && model::shape_of(s.what).value;
            const std::vector<model::value_id> argument(with_value ? 1 : 0, s.value);
            if (!seen.woken.empty() || seen.destroyed != argument || observe_capacity() != free) {
                throw std::logic_error("a call whose allocation has failed changed something");
            }
            seen.destroyed.clear();
        }
    }

    /// A call of the channel that may allocate.
    template <class Call>
    auto call(Call&& c, bool moves_fail_too = false) {
        if constexpr (fails_allocations) {
            failing_new& state = failing_new::here();
            state.moves_too = moves_fail_too;
            state.before = std::exchange(fail_after_, failing_new::never);
            struct at_the_end {
                failing_new& of;
                ~at_the_end() {
                    of.before = failing_new::never;
                    of.moves_too = false;
                }
            } const ended{state};
            return std::forward<Call>(c)();
        } else {
            return std::forward<Call>(c)();
        }
    }

    model::answer take(const model::step& s) {
        using model::handle_kind;
        using model::verb;
        const std::uint32_t n = s.subject.number;
        switch (s.what) {
            case verb::poll: return poll(n);
            case verb::drop: drop(s.subject); return {};
            case verb::advance: clock_->advance(s.time); return {};
            default: break;
        }
        switch (s.subject.kind) {
            case handle_kind::sender: return act_on_sender(find_sender(n), s);
            case handle_kind::receiver: return act_on_receiver(*receiver_, s);
            case handle_kind::permit: return act_on_permit(n, s);
            case handle_kind::owned_permit: return act_on_owned_permit(n, s);
            case handle_kind::iterator: return act_on_iterator(n);
            case handle_kind::weak_sender: return act_on_weak_sender(n, s);
            case handle_kind::operation: break;
        }
        return {};
    }

    model::answer poll(std::uint32_t n) {
        model::answer a;
        const auto note = [](void* p) noexcept {
            const auto* record = static_cast<wake_record*>(p);
            record->events->woken(record->operation);
        };
        const waker w{note, &wake_records_.try_emplace(n, events_, n).first->second};
        if (operations_.at(n)->poll(w, *this, a)) {
            end(operations_, n);  // unless a reaction has
        } else {
            a.status = model::status::pending;
        }
        return a;
    }

    void drop(model::handle h) {
        using model::handle_kind;
        switch (h.kind) {
            case handle_kind::sender: forms_.handle_goes(false); return end(senders_, h.number);
            case handle_kind::weak_sender: return end(weak_senders_, h.number);
            case handle_kind::receiver: forms_.handle_goes(true); return (void)std::unique_ptr(std::move(receiver_));
            case handle_kind::operation: return end(operations_, h.number);
            case handle_kind::permit: return end(permits_, h.number);
            case handle_kind::iterator: return end(iterators_, h.number);
            case handle_kind::owned_permit: return end(owned_permits_, h.number);
        }
    }
    /// It has no name any more when its destructor runs: that may take steps.
    template <class Handle>
    static void end(std::map<std::uint32_t, Handle>& all, std::uint32_t n) {
        [[maybe_unused]] const auto ends_here = all.extract(n);
    }

    model::answer act_on_sender(sender_type& tx, const model::step& s) {
        using model::verb;
        switch (s.what) {
            case verb::try_send:
                if constexpr (has(capability::try_send))
                    return read(call_with_value([&] { return tx.try_send(value(s)); }));
                break;
            case verb::send:
                if constexpr (has(capability::send))
                    return created(s, call_with_value([&] { return tx.send(value(s)); }));
                break;
            case verb::send_timeout:
                if constexpr (has(capability::send_timeout)) {
                    return created(s, call_with_value([&] { return tx.send_timeout(value(s), timeout(s), *clock_); }));
                }
                break;
            case verb::reserve:
                if constexpr (has(capability::reserve)) return created(s, call([&] { return tx.reserve(); }));
                break;
            case verb::reserve_many:
                if constexpr (has(capability::reserve_many)) {
                    return created(s, call([&] { return tx.reserve_many(s.count); }));
                }
                break;
            case verb::reserve_owned:
                if constexpr (has(capability::reserve_owned)) {
                    return created(s, std::move(taken(senders_, s.subject.number)).reserve_owned());
                }
                break;
            case verb::closed:
                if constexpr (has(capability::closed)) return created(s, tx.closed());
                break;
            case verb::try_reserve:
                if constexpr (has(capability::try_reserve)) return read(call([&] { return tx.try_reserve(); }));
                break;
            case verb::try_reserve_many:
                if constexpr (has(capability::reserve_many)) {
                    return read(call([&] { return tx.try_reserve_many(s.count); }));
                }
                break;
            case verb::try_reserve_owned:
                if constexpr (has(capability::try_reserve_owned)) {
                    auto result = std::move(taken(senders_, s.subject.number)).try_reserve_owned();
                    if (!result) {
                        senders_.emplace(s.subject.number, std::move(result.error().sender));
                        return refused(result.error().reason);
                    }
                    return made(std::move(*result));
                }
                break;
            case verb::clone:
                if constexpr (has(capability::clone)) return made(call([&] { return tx.clone(); }));
                break;
            case verb::downgrade:
                if constexpr (has(capability::weak)) return made(call([&] { return tx.downgrade(); }));
                break;
            case verb::is_closed:
                if constexpr (has(capability::sender_is_closed)) return model::boolean_answer(tx.is_closed());
                break;
            case verb::capacity:
                if constexpr (has(capability::sender_capacity)) return model::number_answer(tx.capacity());
                break;
            case verb::max_capacity:
                if constexpr (has(capability::sender_max_capacity)) return model::number_answer(tx.max_capacity());
                break;
            case verb::strong_count:
                if constexpr (has(capability::sender_counts)) return model::number_answer(tx.strong_count());
                break;
            case verb::weak_count:
                if constexpr (has(capability::sender_counts)) return model::number_answer(tx.weak_count());
                break;
            case verb::len:
                if constexpr (has(capability::sender_len)) return model::number_answer(tx.len());
                break;
            default: break;
        }
        return {};
    }

    model::answer act_on_receiver(receiver_type& rx, const model::step& s) {
        using model::verb;
        switch (s.what) {
            case verb::recv:
                if constexpr (has(capability::recv)) return created(s, rx.recv());
                break;
            case verb::recv_timeout:
                if constexpr (has(capability::recv_timeout)) return created(s, rx.recv_timeout(timeout(s), *clock_));
                break;
            case verb::recv_many:
                if constexpr (has(capability::recv_many)) {
                    operations_.emplace(s.operation, std::make_unique<batch_box>(*this, rx, s.count, s.operation));
                    return model::answer_of(model::status::created);
                }
                break;
            case verb::try_recv:
                if constexpr (has(capability::try_recv)) {
                    auto result = call([&] { return rx.try_recv(); });
                    if (result) return with_value(model::status::some, *result);
                    return model::answer_of(result.error() == try_recv_error::empty ? model::status::empty
                                                                                    : model::status::disconnected);
                }
                break;
            case verb::close:
                if constexpr (has(capability::close)) rx.close();
                break;
            default:
                if constexpr (has(capability::receiver_observers)) return observe_receiver(rx, s.what);
                break;
        }
        return {};
    }

    static model::answer observe_receiver(receiver_type& rx, model::verb what) {
        using model::verb;
        switch (what) {
            case verb::len: return model::number_answer(rx.len());
            case verb::is_empty: return model::boolean_answer(rx.is_empty());
            case verb::is_closed: return model::boolean_answer(rx.is_closed());
            case verb::capacity: return model::number_answer(rx.capacity());
            case verb::max_capacity: return model::number_answer(rx.max_capacity());
            case verb::sender_strong_count: return model::number_answer(rx.sender_strong_count());
            default: return model::number_answer(rx.sender_weak_count());
        }
    }

    model::answer act_on_permit(std::uint32_t n, const model::step& s) {
        if constexpr (has(capability::try_reserve)) taken(permits_, n).send(value(s));
        return {};
    }

    model::answer act_on_owned_permit(std::uint32_t n, const model::step& s) {
        if constexpr (has(capability::try_reserve_owned)) {
            owned_type p = taken(owned_permits_, n);
            const std::uint32_t name = next_sender_++;  // before reactions name others
            sender_type tx = s.what == model::verb::send ? std::move(p).send(value(s)) : std::move(p).release();
            senders_.emplace(name, std::move(tx));
            return model::made_answer({model::handle_kind::sender, name});
        }
        return {};
    }

    model::answer act_on_iterator(std::uint32_t n) {
        if constexpr (has(capability::reserve_many)) {
            iterator_type& all = iterators_.at(n);
            if constexpr (requires { Api::move_about(all); }) Api::move_about(all);
            if (auto p = call([&] { return all.next(); })) return made(std::move(*p));
        }
        return model::answer_of(model::status::none);
    }

    model::answer act_on_weak_sender(std::uint32_t n, const model::step& s) {
        if constexpr (has(capability::weak)) {
            weak_type& weak = weak_senders_.at(n);
            switch (s.what) {
                case model::verb::clone: return made(weak_type(weak));
                case model::verb::strong_count: return model::number_answer(weak.strong_count());
                case model::verb::weak_count: return model::number_answer(weak.weak_count());
                default: break;
            }
            if (auto strong = weak.upgrade()) return made(std::move(*strong));
        }
        return model::answer_of(model::status::none);
    }

    // ---- From results to answers

    static model::answer with_value(model::status s, value_type& v) { return model::answer_with(s, v.accept()); }
    static model::answer refused(try_error e) {
        return model::answer_of(e == try_error::full ? model::status::full : model::status::closed);
    }

    model::answer read(std::expected<void, try_send_error<value_type>>&& r) {
        if (r) return {};
        model::answer a = refused(r.error().reason);
        a.value = r.error().value.accept();
        return a;
    }
    model::answer read(std::expected<void, send_error<value_type>>&& r) {
        return r ? model::answer{} : with_value(model::status::closed, r.error().value);
    }
    /// Of a channel that keeps the value to itself.
    model::answer read(std::expected<void, closed_error>&& r) {
        return model::answer_of(r ? model::status::ok : model::status::closed);
    }
    model::answer read(std::expected<void, send_timeout_error<value_type>>&& r) {
        if (r) return {};
        return with_value(r.error().reason == timeout_error::timeout ? model::status::timeout : model::status::closed,
                          r.error().value);
    }
    template <class Handle>
    model::answer read(std::expected<Handle, closed_error>&& r) {
        return r ? made(std::move(*r)) : model::answer_of(model::status::closed);
    }
    template <class Handle>
    model::answer read(std::expected<Handle, try_error>&& r) {
        return r ? made(std::move(*r)) : refused(r.error());
    }
    model::answer read(std::expected<value_type, timeout_error>&& r) {
        if (r) return with_value(model::status::some, *r);
        return model::answer_of(r.error() == timeout_error::timeout ? model::status::timeout : model::status::none);
    }
    model::answer read(std::optional<value_type>&& r) {
        return r ? with_value(model::status::some, *r) : model::answer_of(model::status::none);
    }
    model::answer read(std::vector<value_type>&& batch) {
        model::answer a = model::answer_of(model::status::many);
        for (value_type& v : batch) a.values.push_back(v.accept());
        return a;
    }
    model::answer read(std::monostate) { return model::answer_of(model::status::done); }

    template <class Handle>
    model::answer made(Handle&& h) {
        if constexpr (std::is_same_v<Handle, sender_type>) {
            return keep(senders_, model::handle_kind::sender, next_sender_, std::forward<Handle>(h));
        } else if constexpr (std::is_same_v<Handle, permit_type>) {
            return keep(permits_, model::handle_kind::permit, next_permit_, std::forward<Handle>(h));
        } else if constexpr (std::is_same_v<Handle, owned_type>) {
            return keep(owned_permits_, model::handle_kind::owned_permit, next_owned_, std::forward<Handle>(h));
        } else if constexpr (std::is_same_v<Handle, weak_type>) {
            return keep(weak_senders_, model::handle_kind::weak_sender, next_weak_, std::forward<Handle>(h));
        } else {
            const std::uint64_t size = h.size();
            return keep(iterators_, model::handle_kind::iterator, next_iterator_, std::forward<Handle>(h), size);
        }
    }
    template <class Handle>
    model::answer keep(std::map<std::uint32_t, Handle>& where, model::handle_kind kind, std::uint32_t& next, Handle&& h,
                       std::uint64_t size = 0) {
        where.emplace(next, std::forward<Handle>(h));
        return model::made_answer({kind, next++}, size);
    }
    template <class Operation>
    model::answer created(const model::step& s, Operation&& op) {
        auto formed = forms_.of(std::forward<Operation>(op), s.operation, model::is_receive(s.what));
        operations_.emplace(s.operation, std::make_unique<boxed<decltype(formed)>>(std::move(formed)));
        return model::answer_of(model::status::created);
    }

    template <class Handle>
    static Handle taken(std::map<std::uint32_t, Handle>& from, std::uint32_t n) {
        auto node = from.extract(n);
        return std::move(node.mapped());
    }
    static auto timeout(const model::step& s) {
        if constexpr (requires { Api::as_timeout(s.time); }) {
            return Api::as_timeout(s.time);
        } else {
            return s.time;
        }
    }
    value_type value(const model::step& s) { return value_type(s.value, *events_); }

    channel_session* root_ = nullptr;  // of a branch
    session_events* events_;
    bool noisy_ = false;
    model::outcome* running_ = nullptr;  // of the innermost step
    session_events* reactions_ = nullptr;
    unsigned fail_after_ = failing_new::never;  // allocations of the next call
    form_counts failures_{};
    std::atomic<bool> has_looked_ = false;  // in block()
    forms_type forms_;
    std::shared_ptr<clock_type> clock_;
    std::map<std::uint32_t, sender_type> senders_;
    std::map<std::uint32_t, weak_type> weak_senders_;
    std::unique_ptr<receiver_type> receiver_;
    std::map<std::uint32_t, owned_type> owned_permits_;
    std::map<std::uint32_t, permit_type> permits_;
    std::map<std::uint32_t, iterator_type> iterators_;
    std::map<std::uint32_t, std::unique_ptr<operation_box>> operations_;
    std::map<std::uint32_t, wake_record> wake_records_;  // for good: a wake-up may outlive its operation
    std::uint32_t next_sender_ = 1;
    std::uint32_t next_weak_ = 0;
    std::uint32_t next_permit_ = 0;
    std::uint32_t next_iterator_ = 0;
    std::uint32_t next_owned_ = 0;
};

namespace of_api {

/// How the compiler writes the type's name.
template <class T>
[[nodiscard]] constexpr std::string_view name_of_type() {
    std::string_view text = __PRETTY_FUNCTION__;  // "... [with T = my_api; ...]" or "... [T = my_api]"
    text.remove_prefix(text.find("T = ") + 4);
    return text.substr(0, text.find_first_of(";]"));
}

template <class Api>
constexpr bool has_any_capacity = !requires { Api::capacity_for(std::size_t{1}); };

/// The argument of `open` that gives a channel of this capacity.
template <class Api>
[[nodiscard]] std::uint64_t asked_for(std::uint64_t capacity) {
    if constexpr (!has_any_capacity<Api>) {
        for (std::uint64_t asked = 1; asked <= 2 * capacity + 2; ++asked) {
            if (Api::capacity_for(asked) == capacity) return asked;
        }
        throw std::logic_error("capacity_for never says " + std::to_string(capacity));
    }
    return capacity;
}

template <class Api>
constexpr bool is_thread_safe = [] {
    if constexpr (requires { Api::thread_safe; }) return Api::thread_safe;
    return true;
}();

}  // namespace of_api

/// The target of an Api. The engine `threads` runs it too, unless the Api says that it is for one thread only.
template <class Api>
[[nodiscard]] target make_target(std::string name, std::string summary) {
    target t;
    t.name = std::move(name);
    t.summary = std::move(summary);
    t.capabilities = Api::supports;
    t.open = [](std::uint64_t n) { return std::make_unique<channel_session<Api>>(of_api::asked_for<Api>(n)); };
    t.adapter = of_api::name_of_type<Api>();
    if constexpr (of_api::is_thread_safe<Api>) {
        t.open_tasks = [](std::uint64_t n, session_events& events, bool noisy) -> std::unique_ptr<task_session> {
            return std::make_unique<channel_session<Api>>(of_api::asked_for<Api>(n), events, noisy);
        };
    }
    if constexpr (of_api::has_any_capacity<Api>) {
        t.capabilities = t.capabilities.with({capability::any_capacity});
    } else {
        t.capacity_for = [](std::uint64_t asked) -> std::uint64_t { return Api::capacity_for(asked); };
    }
    return t;
}

}  // namespace tailrace::verify
