// Performs a generated program on a channel under simulation: one task a thread, and what each was answered.
//
// A task sleeps in a step that waits until its operation is woken. When every task has ended or sleeps, the program is
// at rest: then nobody can be woken any more, and the sleepers leave. At the end everything is taken apart, so that
// each permit and each value has to show. All threads of a simulation are one OS thread, so what they share here needs
// no protection, and orders nothing.
// After a change here run: ctest -R interleavings && ci/mutants -R explorer
#pragma once

#include <array>
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
                               reserve_many_wait, reserve_owned_wait, closed_wait, recv_wait, recv_many_wait>;
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
        for (const act& a : plan_.before) {
            if (may(a)) perform(a, begin(seen_.before, a, no_task));
        }
        for (unsigned t = 0; t < plan_.tasks.size(); ++t) {
            for (const act& a : plan_.tasks[t]) {
                if (a.waits) beds_[t].emplace();
            }
        }
    }

    void thread(unsigned t) override {
        if (t < plan_.tasks.size()) {
            for (const act& a : plan_.tasks[t]) {
                if (!may(a)) continue;
                if (!do_one(a, t)) break;
            }
        }
        if (--awake_ == 0) rest();
    }

    void finish() override {
        seen_.rested = true;
        if (rl::ctx().collecting_history()) rl::ctx().exec_log_msg(here_now(), rest_mark);
        take_apart();
        things_.clear();
        for (auto& one : beds_) one.reset();
        book_.close();
        expect(performed::histories->add(seen_),
               "no order of the steps that agrees with happens-before explains the answers");
    }

    // It lives in one place for all executions, so that the simulated allocator has less to do.
    static void* operator new(std::size_t) noexcept {
        static_assert(sizeof(play) <= sizeof(place) && alignof(play) <= place_alignment);
        return place.data();
    }
    static void operator delete(void*) noexcept {}

  private:
    struct bell {
        play* told;
        unsigned task;
        bool rang;
    };
    /// As many things as a program names: making the most that there can be, time after time, would show.
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
        [[nodiscard]] thing* first() noexcept { return std::launder(reinterpret_cast<thing*>(room_)); }

        std::size_t count_;
        alignas(thing) std::byte room_[most_slots * sizeof(thing)];
    };
    struct bed : rl::atomic<unsigned> {
        bed() {
            const rl::preemption_disabler nobody_else_knows_it(rl::ctx());
            store(0, rl::mo_relaxed, here_now());
        }
    };
    static rl::debug_info here_now(const std::source_location& at = std::source_location::current()) {
        return site(at);
    }

    static constexpr unsigned no_task = most_tasks;

    // ---- Whether a step can be taken

    [[nodiscard]] bool has(slot_number s) const { return things_[s].index() != 0; }
    [[nodiscard]] bool may(const act& a) const {
        if (!has(a.subject)) return false;
        if (a.on == kind::sender && a.consumes) return borrowers_[a.subject] == 0;
        const bool alone =
            a.what == verb::recv || a.what == verb::recv_many || a.what == verb::try_recv || a.what == verb::drop;
        return a.on != kind::receiver || !alone || borrowers_[a.subject] == 0;
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

    // ---- Writing down

    noted& begin(log& l, const act& a, unsigned task) {
        expect(l.count < log::most_events, "there is room for every event of a plan");
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
        const rl::timestamp_t* clock = rl::ctx().threadx_->acq_rel_order_;
        for (unsigned t = 0; t < plan_.tasks.size(); ++t) {
            const log& other = seen_.tasks[t];
            if (t == task) continue;
            unsigned before = 0;
            while (before < other.count && other.returned[before] <= clock[t]) ++before;
            n.first[t] = static_cast<std::uint8_t>(before);
        }
        return n;
    }
    /// The event has returned: from now on, what the thread publishes says so.
    void end(log& l) {
        l.returned[l.count] = ++rl::ctx().threadx_->own_acq_rel_order_;
        l.ended[l.count] = ++seen_.steps;
        ++l.count;
        l.under_way = false;
    }

    static void say(noted& n, status s) { n.status = static_cast<std::uint8_t>(s); }
    static void say(noted& n, status s, std::uint64_t number) {
        say(n, s);
        n.number = static_cast<std::uint8_t>(number);
    }
    static void say(noted& n, status s, const parcel& p) { say(n, s, std::uint64_t{p.number()}); }

    // ---- A step

    /// False if it sleeps at the rest.
    bool do_one(const act& a, unsigned task) {
        log& l = seen_.tasks[task];
        noted& n = begin(l, a, task);
        if (rl::ctx().collecting_history()) rl::ctx().exec_log_msg(here_now(), event_mark);
        const bool answered = a.waits ? wait(a, n, task) : (perform(a, n), true);
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

    bool wait(const act& a, noted& n, unsigned task) {
        create(a, n);
        bell& b = bells_[a.operation];
        for (;;) {
            b = {this, task, false};
            if (poll(a, n, {[](void* p) noexcept { ring(*static_cast<bell*>(p)); }, &b})) return true;
            if (!sleep(b)) return false;
        }
    }

    static void ring(bell& b) {
        play& self = *b.told;
        bed& where = *self.beds_[b.task];
        (void)where.exchange(1, rl::mo_release, here_now());
        b.rang = true;  // nobody comes between
        if (std::exchange(self.asleep_[b.task], false)) {
            ++self.awake_;
            (void)where.wake(rl::ctx(), 1, here_now());
        }
    }

    bool sleep(bell& b) {
        bed& where = *beds_[b.task];
        for (;;) {
            {
                const scheduling_point here;
                (void)where.exchange(0, rl::mo_acquire, here_now());
            }
            if (b.rang) return true;
            if (at_rest_) return false;
            asleep_[b.task] = true;
            if (--awake_ == 0) {
                asleep_[b.task] = false;
                rest();
                ++awake_;
                return false;
            }
            const scheduling_point here;
            (void)where.wait(rl::ctx(), false, false, here_now());
        }
    }
    void rest() {
        at_rest_ = true;
        for (unsigned t = 0; t < most_tasks; ++t) {
            if (!std::exchange(asleep_[t], false)) continue;
            ++awake_;
            (void)beds_[t]->wake(rl::ctx(), 1, here_now());
        }
    }

    void perform(const act& a, noted& n) {
        switch (a.what) {
            case verb::poll: {
                bell& b = bells_[a.operation];
                b = {};
                const auto note = [](void* p) noexcept { static_cast<bell*>(p)->rang = true; };
                if (!poll(a, n, {note, &b})) say(n, status::pending);
                return;
            }
            case verb::drop: clear(a.subject); return say(n, status::ok);
            default: break;
        }
        switch (a.on) {
            case kind::sender: return act_on_sender(a, n);
            case kind::receiver: return act_on_receiver(a, n);
            case kind::permit: {
                permit p = take<permit>(a.subject);
                std::move(p).send(book_.make(a.value));
                return say(n, status::ok);
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
                return say(n, status::none);
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

    void create(const act& a, noted& n) {
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
                    say(n, status::created);
                    return;
            }
        }
        borrow(a.operation, a.subject);
        say(n, status::created);
    }

    /// False if it is pending. A finished operation is gone before its answer is noted.
    bool poll(const act& a, noted& n, const waker& w) {
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

    void settle(const act&, noted& n, slot_number, std::expected<void, send_error<parcel>>&& r) {
        r ? say(n, status::ok) : say(n, status::closed, r.error().value);
    }
    void settle(const act&, noted& n, slot_number, std::optional<parcel>&& r) {
        r ? say(n, status::some, *r) : say(n, status::none);
    }
    template <class Handle>
    void settle(const act& a, noted& n, slot_number lender, std::expected<Handle, closed_error>&& r) {
        if (!r) return say(n, status::closed, noted::unanswered);
        if constexpr (!std::is_same_v<Handle, owned>) borrow(a.makes, lender);
        made(a, n, std::move(*r));
    }
    void settle(const act&, noted& n, slot_number, std::size_t&& size) {
        expect(size == batch_.size() && size <= most_noted_values, "as many values as are said to be there");
        // A batch of none: the end, or a limit of none.
        say(n, status::many, size);
        for (std::size_t i = 0; i < size; ++i) n.values[i] = static_cast<std::uint8_t>(batch_[i].number());
        batch_.clear();
    }
    template <class Done>
    void settle(const act&, noted& n, slot_number, Done&&) {
        say(n, status::done);
    }

    void act_on_sender(const act& a, noted& n) {
        sender& tx = std::get<sender>(things_[a.subject]);
        switch (a.what) {
            case verb::try_send: {
                const auto r = tx.try_send(book_.make(a.value));
                return r ? say(n, status::ok) : say(n, refusal(r.error().reason), r.error().value);
            }
            case verb::try_reserve: return reserved(a, n, tx.try_reserve());
            case verb::try_reserve_many: return reserved(a, n, tx.try_reserve_many(a.count));
            case verb::try_reserve_owned: {
                auto r = take<sender>(a.subject).try_reserve_owned();
                if (r) return made(a, n, std::move(*r));
                things_[a.subject].template emplace<sender>(std::move(r.error().sender));
                return say(n, refusal(r.error().reason), noted::unanswered);
            }
            case verb::clone: return made(a, n, tx.clone());
            case verb::downgrade: return made(a, n, tx.downgrade());
            case verb::is_closed: return say(n, status::boolean, tx.is_closed() ? 1 : 0);
            case verb::capacity: return say(n, status::number, tx.capacity());
            case verb::max_capacity: return say(n, status::number, tx.max_capacity());
            case verb::strong_count: return say(n, status::number, tx.strong_count());
            case verb::weak_count: return say(n, status::number, tx.weak_count());
            case verb::len: return say(n, status::number, tx.len());
            default: return create(a, n);
        }
    }
    template <class Handle>
    void reserved(const act& a, noted& n, std::expected<Handle, try_reserve_error>&& r) {
        if (!r) return say(n, refusal(r.error()), noted::unanswered);
        borrow(a.makes, a.subject);
        made(a, n, std::move(*r));
    }
    static status refusal(try_error e) { return e == try_error::full ? status::full : status::closed; }

    template <class Handle>
    void made(const act& a, noted& n, Handle&& h) {
        using type = std::remove_cvref_t<Handle>;
        std::uint64_t size = 0;
        if constexpr (std::is_same_v<type, iterator>) size = h.size();
        things_[a.makes].template emplace<type>(std::move(h));
        say(n, status::made, size);
        n.made = a.makes;
    }

    void act_on_receiver(const act& a, noted& n) {
        receiver& rx = std::get<receiver>(things_[a.subject]);
        switch (a.what) {
            case verb::try_recv: {
                const auto r = rx.try_recv();
                if (r) return say(n, status::some, *r);
                return say(n, r.error() == try_recv_error::empty ? status::empty : status::disconnected);
            }
            case verb::close: rx.close(); return say(n, status::ok);
            case verb::len: return say(n, status::number, rx.len());
            case verb::is_empty: return say(n, status::boolean, rx.is_empty() ? 1 : 0);
            case verb::is_closed: return say(n, status::boolean, rx.is_closed() ? 1 : 0);
            case verb::capacity: return say(n, status::number, rx.capacity());
            case verb::max_capacity: return say(n, status::number, rx.max_capacity());
            case verb::sender_strong_count: return say(n, status::number, rx.sender_strong_count());
            case verb::sender_weak_count: return say(n, status::number, rx.sender_weak_count());
            default: return create(a, n);
        }
    }

    void act_on_weak_sender(const act& a, noted& n) {
        weak& w = std::get<weak>(things_[a.subject]);
        switch (a.what) {
            case verb::clone: return made(a, n, weak(w));
            case verb::strong_count: return say(n, status::number, w.strong_count());
            case verb::weak_count: return say(n, status::number, w.weak_count());
            default: break;
        }
        auto strong = w.upgrade();
        strong ? made(a, n, std::move(*strong)) : say(n, status::none);
    }

    // ---- The end

    void take_apart() {
        const auto note = [&](slot_number s, verb what, kind on) -> noted& {
            act a;
            a.what = what;
            a.on = on;
            a.subject = s;
            return begin(seen_.after, a, no_task);
        };
        const auto drop_all = [&](kind k) {
            for (slot_number s = 0; s < plan_.names.size(); ++s) {
                if (plan_.names[s].kind != k || !has(s)) continue;
                clear(s);
                say(note(s, verb::drop, k), status::ok);
            }
        };
        for (const kind k : {kind::operation, kind::permit, kind::iterator, kind::owned_permit}) drop_all(k);
        while (has(0)) {
            act a;
            a.what = verb::try_recv;
            a.subject = 0;
            noted& n = note(0, verb::try_recv, kind::receiver);
            act_on_receiver(a, n);
            if (n.status != static_cast<std::uint8_t>(status::some)) break;
        }
        for (slot_number s = 0; s < plan_.names.size(); ++s) {
            if (plan_.names[s].kind != kind::sender || !has(s)) continue;
            const sender& tx = std::get<sender>(things_[s]);
            say(note(s, verb::capacity, kind::sender), status::number, tx.capacity());
            say(note(s, verb::strong_count, kind::sender), status::number, tx.strong_count());
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
    std::array<bell, most_slots> bells_;  // each made when it is needed
    std::array<std::optional<bed>, most_tasks> beds_;
    std::array<bool, most_tasks> asleep_{};
    unsigned awake_ = threads_for(plan_);
    bool at_rest_ = false;
    std::vector<parcel> batch_;
};

}  // namespace tailrace::relacy
