// Runs a generated program on a simulated channel, one task on each thread, and records the responses.
//
// In a step that waits, a task sleeps until its operation is woken; on some targets (`awaits`) the operation is awaited
// in a coroutine, and the task sleeps until that has ended. When every task has ended or sleeps, the program is
// quiescent: no sleeping task can be woken any more, so the sleeping tasks return. At the end all handles are dropped
// and all values received, so that each permit and each value is accounted for. All threads of a simulation are one OS
// thread, so the state that they share here needs no synchronisation and adds no ordering.
// After a change here run: ci/test -R interleavings && ci/mutants -R explorer
#pragma once

#include <algorithm>
#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "explorer/awaiting.hpp"
#include "explorer/notebook.hpp"
#include "explorer/plan.hpp"
#include "kernel/parcel.hpp"
#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::relacy {

template <class Target>
class play final : public scenario {
    using channel_type = decltype(Target::template open<parcel>(1));
    using sender = typename channel_type::first_type;
    using receiver = typename channel_type::second_type;
    using permit = typename decltype(std::declval<sender&>().try_reserve())::value_type;
    using iterator = typename decltype(std::declval<sender&>().try_reserve_many(1))::value_type;
    using owned = typename decltype(std::declval<sender&&>().try_reserve_owned())::value_type;
    using weak = decltype(std::declval<sender&>().downgrade());
    using send_wait = decltype(std::declval<sender&>().send(std::declval<parcel>()));
    using reserve_wait = decltype(std::declval<sender&>().reserve());
    using reserve_many_wait = decltype(std::declval<sender&>().reserve_many(1));
    using reserve_owned_wait = decltype(std::declval<sender&&>().reserve_owned());
    using closed_wait = decltype(std::declval<sender&>().closed());
    using recv_wait = decltype(std::declval<receiver&>().recv());
    using recv_many_wait = decltype(std::declval<receiver&>().recv_many(std::declval<std::vector<parcel>&>(), 1));
    using thing = std::variant<std::monostate, sender, receiver, permit, iterator, owned, weak, send_wait, reserve_wait,
                               reserve_many_wait, reserve_owned_wait, closed_wait, recv_wait, recv_many_wait, frame>;
    using status = model::status;
    using verb = model::verb;
    using kind = model::handle_kind;

  public:
    play() : plan_(*performed::program) {
        performed::running = &seen_;
        borrows_.fill(no_slot);
        auto [tx, rx] = Target::template open<parcel>(plan_.capacity);
        things_[0].template emplace<receiver>(std::move(rx));
        things_[1].template emplace<sender>(std::move(tx));
        for (const action& a : plan_.before) {
            if (may(a)) run_step(a, begin(seen_.before, a, no_task));
        }
        for (unsigned t = 0; t < plan_.tasks.size(); ++t) {
            for (const action& a : plan_.tasks[t]) {
                if (a.waits) parkers_[t].emplace();
            }
        }
    }

    void thread(unsigned t) override {
        if (t < plan_.tasks.size()) {
            for (const action& a : plan_.tasks[t]) {
                if (!may(a)) continue;
                if (!do_one(a, t)) break;
            }
            count_what_came_before(t, seen_.tasks[t].at_end);
        }
        if (--awake_ == 0) reach_quiescence();
    }

    void finish() override {
        seen_.quiescent = true;
        if (rl::ctx().collecting_history()) rl::ctx().exec_log_msg(this_site(), quiescence_mark);
        for (std::size_t i = 0; i < plan_.names.size(); ++i) {
            if (const auto* const tx = std::get_if<sender>(&things_[i])) expect_invariants<Target>(*tx);
            if (const auto* const rx = std::get_if<receiver>(&things_[i])) expect_invariants<Target>(*rx);
        }
        drain_all();
        things_.clear();
        for (auto& one : parkers_) one.reset();
        book_.close();
        expect(performed::histories->add(seen_),
               "no linearization that agrees with happens-before explains the responses, or an order is missing");
    }

    // All executions use the same static storage, which saves work in the simulated allocator.
    static void* operator new(std::size_t) noexcept {
        static_assert(sizeof(play) <= sizeof(place) && alignof(play) <= place_alignment);
        return place.data();
    }
    static void operator delete(void*) noexcept {}

  private:
    struct wake_flag {
        play* owner;
        unsigned task;
        bool woken;
        unsigned place;  // among all wakes
    };
    /// A step that waits at quiescence, in a coroutine.
    struct sleeper {
        const action* step = nullptr;
        void (*settle)(play&, const action&, noted&) = nullptr;
    };
    [[nodiscard]] const wake_flag& flag_of(const sleeper& one) const { return wake_flags_[one.step->operation]; }
    /// As many things as the program names. Constructing the maximum in every execution would take too long.
    class things_of {
      public:
        explicit things_of(const plan& p) : count_(p.names.size()) {
            std::uninitialized_default_construct_n(first(), count_);
        }
        ~things_of() { std::destroy_n(first(), count_); }
        things_of(const things_of&) = delete;
        things_of& operator=(const things_of&) = delete;

        [[nodiscard]] thing& operator[](std::size_t i) noexcept { return first()[i]; }
        [[nodiscard]] const thing& operator[](std::size_t i) const noexcept { return const_cast<things_of&>(*this)[i]; }
        void clear() noexcept {
            for (std::size_t i = 0; i < count_; ++i) first()[i].template emplace<std::monostate>();
        }

      private:
        [[nodiscard]] thing* first() noexcept { return std::launder(reinterpret_cast<thing*>(storage_)); }

        std::size_t count_;
        alignas(thing) std::byte storage_[most_slots * sizeof(thing)];
    };
    struct parker : rl::atomic<unsigned> {
        parker() {
            const rl::preemption_disabler not_shared_yet(rl::ctx());
            store(0, rl::mo_relaxed, this_site());
        }
    };
    static rl::debug_info this_site(const std::source_location& at = std::source_location::current()) {
        return site(at);
    }

    static constexpr unsigned no_task = most_tasks;
    static constexpr bool awaits = requires { Target::awaits; };

    // ---- Whether a step is possible

    [[nodiscard]] bool has(slot_number s) const { return things_[s].index() != 0; }
    [[nodiscard]] bool may(const action& a) const {
        if (!has(a.subject)) return false;
        if (a.on == kind::sender && a.consumes) return borrowers_[a.subject] == 0;
        return a.on != kind::receiver || !model::needs_receiver_alone(a.what) || borrowers_[a.subject] == 0;
    }
    void borrow(slot_number by, slot_number from) {
        if (from == no_slot) return;
        borrows_[by] = from;
        ++borrowers_[from];
    }
    void clear(slot_number s) {
        things_[s].template emplace<std::monostate>();
        forget(s);
    }
    void forget(slot_number s) {
        if (borrows_[s] != no_slot) --borrowers_[std::exchange(borrows_[s], no_slot)];
    }

    // ---- Recording

    noted& begin(log& l, const action& a, unsigned task) {
        expect(l.count < log::most_events, "the log has space for every event of a plan");
        noted& n = l.events[l.count];
        n = {};
        n.status = noted::unanswered;
        n.made = no_slot;
        n.subject = a.subject;
        n.what = static_cast<std::uint8_t>(a.what);
        n.index = a.index;
        l.began[l.count] = ++seen_.steps;
        if (task == no_task) {
            ++l.count;
            return n;
        }
        l.under_way = true;
        l.ended[l.count] = 0;
        count_what_came_before(task, n.first);
        return n;
    }
    /// Of the events of each other task, how many happened before this point of the task.
    void count_what_came_before(unsigned task, std::array<std::uint8_t, most_tasks>& events) const {
        const rl::timestamp_t* clock = rl::ctx().threadx_->acq_rel_order_;
        for (unsigned t = 0; t < plan_.tasks.size(); ++t) {
            const log& other = seen_.tasks[t];
            if (t == task) continue;
            unsigned before = 0;
            while (before < other.count && other.returned[before] <= clock[t]) ++before;
            events[t] = static_cast<std::uint8_t>(before);
        }
    }
    /// The event has returned: what the thread publishes from now on is ordered after it.
    void end(log& l) {
        l.returned[l.count] = ++rl::ctx().threadx_->own_acq_rel_order_;
        l.ended[l.count] = ++seen_.steps;
        ++l.count;
        l.under_way = false;
    }

    static void record(noted& n, status s) { n.status = static_cast<std::uint8_t>(s); }
    static void record(noted& n, status s, std::uint64_t number) {
        record(n, s);
        n.number = static_cast<std::uint8_t>(number);
    }
    static void record(noted& n, status s, const parcel& p) { record(n, s, std::uint64_t{p.number()}); }

    // ---- A step

    /// False if the task still sleeps at quiescence.
    bool do_one(const action& a, unsigned task) {
        log& l = seen_.tasks[task];
        noted& n = begin(l, a, task);
        if (rl::ctx().collecting_history()) rl::ctx().exec_log_msg(this_site(), event_mark);
        const bool answered = a.waits ? wait(a, n, task) : (run_step(a, n), true);
        if (answered) {
            end(l);
        } else {
            l.ended[l.count] = ++seen_.steps;
            l.returned[l.count] = ~rl::timestamp_t{};
            n.status = noted::unanswered;
            ++l.count;
            l.under_way = false;
        }
        return answered;
    }

    bool wait(const action& a, noted& n, unsigned task) {
        create(a, n);
        if constexpr (awaits) {
            const auto await_it = [&](auto& operation) {
                if constexpr (waiting_operation<std::remove_reference_t<decltype(operation)>>) {
                    return await(a, n, task, std::move(operation));
                } else {
                    return false;
                }
            };
            return std::visit(await_it, things_[a.operation]);
        }
        wake_flag& b = wake_flags_[a.operation];
        for (;;) {
            b = {this, task, false, 0};
            if (poll(a, n, waker_of(b))) return true;
            if (!sleep(b)) return false;
        }
    }
    /// The operation is at `a.operation`; then its coroutine is there.
    template <class Operation>
    bool await(const action& a, noted& n, unsigned task, Operation&& operation) {
        wake_flag& b = wake_flags_[a.operation];
        b = {this, task, false, 0};
        const auto coroutine = await_once(std::forward<Operation>(operation)).handle;
        things_[a.operation].template emplace<frame>(coroutine);
        coroutine.promise().done = waker_of(b);
        coroutine.resume();
        if (!sleep(b)) {
            asleep_in_[task] = {&a, settle_awaited<Operation>};
            return false;
        }
        settle_awaited<Operation>(*this, a, n);
        return true;
    }
    /// The coroutine has ended.
    template <class Operation>
    static void settle_awaited(play& self, const action& a, noted& n) {
        using promise = typename awaiting<Operation>::promise_type;
        void* const address = std::get<frame>(self.things_[a.operation]).address();
        promise& ended = std::coroutine_handle<promise>::from_address(address).promise();
        auto result = std::move(*ended.result);
        const slot_number lender = self.borrows_[a.operation];
        self.clear(a.operation);
        self.settle(a, n, lender, std::move(result));
    }

    static waker waker_of(wake_flag& b) {
        return {[](void* p) noexcept { wake_task(*static_cast<wake_flag*>(p)); }, &b};
    }

    static void wake_task(wake_flag& b) {
        play& self = *b.owner;
        parker& where = *self.parkers_[b.task];
        (void)where.exchange(1, rl::mo_release, this_site());
        b.woken = true;  // no other thread runs between these two
        b.place = ++self.wakes_;
        if (std::exchange(self.asleep_[b.task], false)) {
            ++self.awake_;
            (void)where.wake(rl::ctx(), 1, this_site());
        }
    }

    bool sleep(wake_flag& b) {
        parker& where = *parkers_[b.task];
        for (;;) {
            {
                const scheduling_point here;
                (void)where.exchange(0, rl::mo_acquire, this_site());
            }
            if (b.woken) return true;
            if (quiescent_) return false;
            asleep_[b.task] = true;
            if (--awake_ == 0) {
                asleep_[b.task] = false;
                reach_quiescence();
                ++awake_;
                return false;
            }
            const scheduling_point here;
            (void)where.wait(rl::ctx(), false, false, this_site());
        }
    }
    void reach_quiescence() {
        quiescent_ = true;
        for (unsigned t = 0; t < most_tasks; ++t) {
            if (!std::exchange(asleep_[t], false)) continue;
            ++awake_;
            (void)parkers_[t]->wake(rl::ctx(), 1, this_site());
        }
    }

    void run_step(const action& a, noted& n) {
        switch (a.what) {
            case verb::poll: {
                wake_flag& b = wake_flags_[a.operation];
                b = {};
                const auto note = [](void* p) noexcept { static_cast<wake_flag*>(p)->woken = true; };
                if (!poll(a, n, {note, &b})) record(n, status::pending);
                return;
            }
            case verb::drop: clear(a.subject); return record(n, status::ok);
            default: break;
        }
        switch (a.on) {
            case kind::sender: return act_on_sender(a, n);
            case kind::receiver: return act_on_receiver(a, n);
            case kind::permit: {
                permit p = take<permit>(a.subject);
                std::move(p).send(book_.make(a.value));
                return record(n, status::ok);
            }
            case kind::owned_permit: {
                owned p = take<owned>(a.subject);
                return made(a, n,
                            a.what == verb::send ? std::move(p).send(book_.make(a.value)) : std::move(p).release());
            }
            case kind::iterator: {
                const slot_number lender = borrows_[a.subject];
                if (auto p = std::get<iterator>(things_[a.subject]).next()) {
                    borrow(a.makes, lender);
                    return made(a, n, std::move(*p));
                }
                return record(n, status::none);
            }
            case kind::weak_sender: return act_on_weak_sender(a, n);
            case kind::operation: return;
        }
    }

    template <class Thing>
    Thing take(slot_number s) {
        Thing t = std::move(std::get<Thing>(things_[s]));
        clear(s);
        return t;
    }

    void create(const action& a, noted& n) {
        thing& to = things_[a.operation];
        const bool receives = a.on == kind::receiver;
        if (receives) {
            receiver& rx = std::get<receiver>(things_[a.subject]);
            if (a.what == verb::recv) {
                to.template emplace<recv_wait>(rx.recv());
            } else {
                batch_.clear();
                batch_.reserve(most_noted_values);
                to.template emplace<recv_many_wait>(rx.recv_many(batch_, a.count));
            }
        } else {
            sender& tx = std::get<sender>(things_[a.subject]);
            switch (a.what) {
                case verb::send: to.template emplace<send_wait>(tx.send(book_.make(a.value))); break;
                case verb::reserve: to.template emplace<reserve_wait>(tx.reserve()); break;
                case verb::reserve_many: to.template emplace<reserve_many_wait>(tx.reserve_many(a.count)); break;
                case verb::closed: to.template emplace<closed_wait>(tx.closed()); break;
                default:
                    to.template emplace<reserve_owned_wait>(take<sender>(a.subject).reserve_owned());
                    record(n, status::created);
                    return;
            }
        }
        borrow(a.operation, a.subject);
        record(n, status::created);
    }

    /// False if the operation is pending. A finished operation is destroyed before its response is recorded.
    bool poll(const action& a, noted& n, const waker& w) {
        thing& t = things_[a.operation];
        const slot_number lender = borrows_[a.operation];
        const auto finish_with = [&](auto&& answer) {
            if (!answer) return false;
            clear(a.operation);
            settle(a, n, lender, std::move(*answer));
            return true;
        };
        if (auto* o = std::get_if<send_wait>(&t)) return finish_with(o->poll(w));
        if (auto* o = std::get_if<recv_wait>(&t)) return finish_with(o->poll(w));
        if (auto* o = std::get_if<reserve_wait>(&t)) return finish_with(o->poll(w));
        if (auto* o = std::get_if<reserve_many_wait>(&t)) return finish_with(o->poll(w));
        if (auto* o = std::get_if<reserve_owned_wait>(&t)) return finish_with(o->poll(w));
        if (auto* o = std::get_if<recv_many_wait>(&t)) return finish_with(o->poll(w));
        return finish_with(std::get<closed_wait>(t).poll(w));
    }

    void settle(const action&, noted& n, slot_number, std::expected<void, send_error<parcel>>&& r) {
        r ? record(n, status::ok) : record(n, status::closed, r.error().value);
    }
    void settle(const action&, noted& n, slot_number, std::optional<parcel>&& r) {
        r ? record(n, status::some, *r) : record(n, status::none);
    }
    template <class Handle>
    void settle(const action& a, noted& n, slot_number lender, std::expected<Handle, closed_error>&& r) {
        if (!r) return record(n, status::closed, noted::unanswered);
        if constexpr (!std::is_same_v<Handle, owned>) borrow(a.makes, lender);
        made(a, n, std::move(*r));
    }
    void settle(const action&, noted& n, slot_number, std::size_t&& size) {
        expect(size == batch_.size() && size <= most_noted_values,
               "recv_many returns the number of values that it has appended");
        // An empty batch means the end of the channel, or a limit of zero.
        record(n, status::many, size);
        for (std::size_t i = 0; i < size; ++i) n.values[i] = static_cast<std::uint8_t>(batch_[i].number());
        batch_.clear();
    }
    template <class Done>
    void settle(const action&, noted& n, slot_number, Done&&) {
        record(n, status::done);
    }

    void act_on_sender(const action& a, noted& n) {
        sender& tx = std::get<sender>(things_[a.subject]);
        switch (a.what) {
            case verb::try_send: {
                const auto r = tx.try_send(book_.make(a.value));
                return r ? record(n, status::ok) : record(n, refusal(r.error().reason), r.error().value);
            }
            case verb::try_reserve: return reserved(a, n, tx.try_reserve());
            case verb::try_reserve_many: return reserved(a, n, tx.try_reserve_many(a.count));
            case verb::try_reserve_owned: {
                auto r = take<sender>(a.subject).try_reserve_owned();
                if (r) return made(a, n, std::move(*r));
                things_[a.subject].template emplace<sender>(std::move(r.error().sender));
                return record(n, refusal(r.error().reason), noted::unanswered);
            }
            case verb::clone: return made(a, n, tx.clone());
            case verb::downgrade: return made(a, n, tx.downgrade());
            case verb::is_closed: return record(n, status::boolean, tx.is_closed() ? 1 : 0);
            case verb::capacity: return record(n, status::number, tx.capacity());
            case verb::max_capacity: return record(n, status::number, tx.max_capacity());
            case verb::strong_count: return record(n, status::number, tx.strong_count());
            case verb::weak_count: return record(n, status::number, tx.weak_count());
            case verb::len: return record(n, status::number, tx.len());
            default: return create(a, n);
        }
    }
    template <class Handle>
    void reserved(const action& a, noted& n, std::expected<Handle, try_reserve_error>&& r) {
        if (!r) return record(n, refusal(r.error()), noted::unanswered);
        borrow(a.makes, a.subject);
        made(a, n, std::move(*r));
    }
    static status refusal(try_error e) { return e == try_error::full ? status::full : status::closed; }

    template <class Handle>
    void made(const action& a, noted& n, Handle&& h) {
        using type = std::remove_cvref_t<Handle>;
        std::uint64_t size = 0;
        if constexpr (std::is_same_v<type, iterator>) size = h.size();
        things_[a.makes].template emplace<type>(std::forward<Handle>(h));
        record(n, status::made, size);
        n.made = a.makes;
    }

    void act_on_receiver(const action& a, noted& n) {
        receiver& rx = std::get<receiver>(things_[a.subject]);
        switch (a.what) {
            case verb::try_recv: {
                const auto r = rx.try_recv();
                if (r) return record(n, status::some, *r);
                return record(n, r.error() == try_recv_error::empty ? status::empty : status::disconnected);
            }
            case verb::close: rx.close(); return record(n, status::ok);
            case verb::len: return record(n, status::number, rx.len());
            case verb::is_empty: return record(n, status::boolean, rx.is_empty() ? 1 : 0);
            case verb::is_closed: return record(n, status::boolean, rx.is_closed() ? 1 : 0);
            case verb::capacity: return record(n, status::number, rx.capacity());
            case verb::max_capacity: return record(n, status::number, rx.max_capacity());
            case verb::sender_strong_count: return record(n, status::number, rx.sender_strong_count());
            case verb::sender_weak_count: return record(n, status::number, rx.sender_weak_count());
            default: return create(a, n);
        }
    }

    void act_on_weak_sender(const action& a, noted& n) {
        weak& w = std::get<weak>(things_[a.subject]);
        switch (a.what) {
            case verb::clone: return made(a, n, weak(w));
            case verb::strong_count: return record(n, status::number, w.strong_count());
            case verb::weak_count: return record(n, status::number, w.weak_count());
            default: break;
        }
        auto strong = w.upgrade();
        strong ? made(a, n, std::move(*strong)) : record(n, status::none);
    }

    // ---- The end

    void drain_all() {
        const auto note = [&](slot_number s, verb what, kind on) -> noted& {
            action a;
            a.what = what;
            a.on = on;
            a.subject = s;
            return begin(seen_.after, a, no_task);
        };
        const auto slots = static_cast<slot_number>(plan_.names.size());
        // A coroutine that a drop has resumed to its end has been polled.
        const auto note_resumed = [&] {
            std::ranges::sort(asleep_in_, {}, [&](const sleeper& one) { return one.step ? flag_of(one).place : 0; });
            for (sleeper& one : asleep_in_) {
                if (one.step == nullptr || !flag_of(one).woken) continue;
                const action& waited = *std::exchange(one.step, nullptr);
                noted& n = note(waited.operation, verb::poll, kind::operation);
                n.index = waited.index;
                one.settle(*this, waited, n);
            }
        };
        const auto drop_all = [&](kind k) {
            for (slot_number s = 0; s < slots; ++s) {
                if (plan_.names[s].kind != k || !has(s)) continue;
                clear(s);
                record(note(s, verb::drop, k), status::ok);
                note_resumed();
            }
        };
        for (const kind k : {kind::operation, kind::permit, kind::iterator, kind::owned_permit}) drop_all(k);
        while (has(0)) {
            action a;
            a.what = verb::try_recv;
            a.subject = 0;
            noted& n = note(0, verb::try_recv, kind::receiver);
            act_on_receiver(a, n);
            if (n.status != static_cast<std::uint8_t>(status::some)) break;
        }
        for (slot_number s = 0; s < slots; ++s) {
            if (plan_.names[s].kind != kind::sender || !has(s)) continue;
            const sender& tx = std::get<sender>(things_[s]);
            record(note(s, verb::capacity, kind::sender), status::number, tx.capacity());
            record(note(s, verb::strong_count, kind::sender), status::number, tx.strong_count());
            record(note(s, verb::weak_count, kind::sender), status::number, tx.weak_count());
            break;
        }
    }

    static constexpr std::size_t place_alignment = 64;
    alignas(place_alignment) static inline std::array<std::byte, 48 * 1024> place;

    const plan& plan_;
    ledger book_;
    execution seen_;
    things_of things_{plan_};
    std::array<slot_number, most_slots> borrows_{};
    std::array<std::uint8_t, most_slots> borrowers_{};
    std::array<wake_flag, most_slots> wake_flags_;  // each initialised when it is needed
    std::array<std::optional<parker>, most_tasks> parkers_;
    std::array<bool, most_tasks> asleep_{};
    std::array<sleeper, most_tasks> asleep_in_{};
    unsigned awake_ = threads_for(plan_);
    unsigned wakes_ = 0;
    bool quiescent_ = false;
    std::vector<parcel> batch_;
};

}  // namespace tailrace::relacy
