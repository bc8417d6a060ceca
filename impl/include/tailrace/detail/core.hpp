// The core of the channel: the packed state word, the slots, the lock of the waiters, and every transition.
//
// A claim is one compare-exchange on the word; a claimed ticket names the slot of its value. The receiver takes slots
// in the order of tickets; it parks in the slot that it waits for. Waiting senders are in a queue under a small lock; a
// task that returns permits hands them to the oldest waiter. impl/DESIGN.md has the state tables, the invariants, the
// reason for every memory order by its number, and the places where foreign code runs. After such a place a member
// touches nothing, unless it holds a share of its own (`pin`).
// After a change here run: ci/test -L impl && ci/test -L relacy
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "tailrace/detail/borrows.hpp"
#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/inspection.hpp"
#include "tailrace/detail/lock.hpp"
#include "tailrace/detail/owed_call.hpp"
#include "tailrace/detail/ring.hpp"
#include "tailrace/detail/waiter.hpp"
#include "tailrace/detail/word.hpp"

namespace tailrace::detail {

enum class claim_result : unsigned char { claimed, full, closed };

template <class T, class Platform>
class core {
  public:
    using platform_type = Platform;
    using node = waiter<Platform>;
    using value = carried<T>;
    using waker = tailrace::waker;

    explicit core(std::uint64_t capacity) : max_(capacity), ring_(capacity), at_once_(ring_.always_has(capacity)) {
        front_.store(ring_.first());
    }
    core(const core&) = delete;
    core& operator=(const core&) = delete;

    // ---- Handles. A core lives as long as the receiver, anything that counts as a sender, or a weak sender.

    void add_sender() noexcept {
        strong_.fetch_add(1, std::memory_order_relaxed);  // relaxed: the copied sender is already counted
    }
    /// False if the last sender is gone: the channel cannot be revived.
    [[nodiscard]] bool revive_sender() noexcept {
        std::uint64_t count = strong_.load(std::memory_order_relaxed);
        while (count != 0) {
            // (28) relaxed: a read-modify-write, so the last (23) still comes after every one before it. LP of upgrade.
            if (strong_.compare_exchange_strong(count, count + 1, std::memory_order_relaxed,
                                                std::memory_order_relaxed)) {
                return true;
            }
        }
        return false;
    }
    /// Of senders, by permits, iterators and operations.
    [[nodiscard]] borrow_count& borrows() noexcept { return borrows_; }
    void drop_sender() noexcept {
        // (23) release, so that the last one (acquire) comes after every publication of the others: the end is posted
        // behind them. seq_cst, with (53) against (15, 39).
        if (strong_.fetch_sub(1, std::memory_order_seq_cst) != 1) return;
        if (assertions_on && borrows_.load(std::memory_order_relaxed) != 0) {
            inspection::fail(*this, "the last sender went before a permit, iterator or operation made from a sender");
        }
        // (24) relaxed: (23) has ordered each claim before it.
        const word_type w = word_.load(std::memory_order_relaxed);
        // The end of a closed channel is for the close to post, or for the last permit that is returned. This may run
        // inside of the close, which wakes a parked receive in its turn.
        if (!is_closed(w)) {
            // (53) seq_cst: a receive that it does not count sees that no sender is left (39) before it parks. acquire:
            // the emptied slots (15).
            if (!ring_.is_exact() || used(w, taken_.load(std::memory_order_seq_cst)) != max_) post_end(claimed(w))();
        }
        drop_share();
    }

    void drop_receiver() noexcept {
        end_receive();
        close();
        drain();
        drop_share();
    }

    void add_weak() noexcept {
        weak_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a number
        add_share();
    }
    void drop_weak() noexcept {
        weak_.fetch_sub(1, std::memory_order_relaxed);
        drop_share();
    }

    // ---- Claims

    /// Claims a permit and a ticket at once. Throws std::bad_alloc before anything is changed.
    [[nodiscard, gnu::always_inline]] claim_result claim_ticket(word_type& ticket) {
        const claim_outcome made = claim(1, one_ticket);
        ticket = made.ticket;
        return made.result;
    }

    /// Claims permits and tickets for as many of `n` values as there is room for, in a row: `ticket` is the first, and
    /// `n` becomes how many. One change of the word, as if that many sends came one right after the other.
    [[nodiscard]] claim_result claim_tickets(word_type& n, word_type& ticket) {
        for (;;) {
            const word_type free = look_for_available().free;
            const word_type some = free == 0 ? 1 : smaller(n, free);  // of none, the claim says why
            const claim_outcome made = claim(some, some * one_ticket);
            if (made.result == claim_result::full && some != 1) continue;  // another task was faster
            n = some;
            ticket = made.ticket;
            return made.result;
        }
    }

    /// Claims n permits. Zero permits always succeed on an open channel.
    [[nodiscard]] claim_result claim_permits(word_type n) {
        if (n == 0) return closed() ? claim_result::closed : claim_result::claimed;
        return claim(n, n * one_out).result;
    }

    // What a member returns as a waker is a call of foreign code, or of a member that makes one: the last thing for its
    // caller to do (`owed_call`).

    /// Writes the value of a claimed ticket.
    [[nodiscard]] waker publish(word_type ticket, value&& v) noexcept {
        auto& s = ring_.at(ticket);
        s.storage.put(std::move(v));
        // (3) release: the value, to (16). acquire: the node of (18), the consumer role of (22).
        const slot_state previous = s.state.exchange(slot_full, std::memory_order_acq_rel);
        if (previous == slot_empty) [[likely]]
            return {};
        if (previous == slot_orphan)
            return {[](void* c) noexcept { static_cast<core*>(c)->drain_with_a_share(); }, this};
        return release_receive(previous);
    }

    /// Writes the values of tickets in a row, the first one last. Until then the consumer cannot get beyond that slot,
    /// so it cannot be parked in the others, nor leave its role there: one call at most is owed.
    [[nodiscard]] waker publish(word_type ticket, std::span<T> values) noexcept
        requires(!travels_boxed<T>)
    {
        for (std::size_t i = values.size(); i-- > 1;) {
            [[maybe_unused]] const waker none = publish((ticket + i) & ticket_mask, std::move(values[i]));
            assert(none == waker{} && "the receiver waits behind a slot that was claimed and not written");
        }
        return publish(ticket, std::move(values.front()));
    }

    /// Turns a permit into a value in the buffer.
    [[nodiscard]] waker send_permit(value&& v) noexcept {
        // (5) seq_cst, with (15) against (17, 25, 51): of this and a receive, what follows one sees the other. acquire:
        // the emptied slot, from the claim that has seen it (2, 8, 11); the permit may be older. LP of permit.send.
        return publish(tail(word_.fetch_add(one_ticket - one_out, std::memory_order_seq_cst)), std::move(v));
    }

    /// Turns a granted permit into a ticket unless the channel has closed.
    [[nodiscard]] bool ticket_for_grant(word_type& ticket) noexcept {
        // (35) relaxed: if it says closed, the permit is returned by (6), which acquires what precedes the close.
        word_type w = word_.load(std::memory_order_relaxed);
        while (!is_closed(w)) {
            // (13) seq_cst, acquire: as (5). One exchange with the check of `closed`, or an end could come between. LP
            // of a resumed send.
            if (word_.compare_exchange_strong(w, w + one_ticket - one_out, std::memory_order_seq_cst,
                                              std::memory_order_relaxed)) {
                ticket = tail(w);
                return true;
            }
        }
        return false;
    }

    /// Returns permits in one step: to the oldest waiter first.
    [[nodiscard]] waker return_permits(word_type n) noexcept {
        if (n == 0) return {};
        // (6) seq_cst, with (15, 17): of the last permit and the last value of a closed channel, one task sees both
        // gone; with (25): a capacity() that counts these permits. release: what precedes the return, to the caller
        // that gets these permits (2, 13, 36) or none (17). acquire: what precedes the close (21), for a granted send
        // that returns its permit and reports closed.
        const word_type before = word_.fetch_sub(n * one_out, std::memory_order_seq_cst);
        if (is_closed(before)) return end_if_unused(before - n * one_out);
        if (has_waiters(before)) return owed_hand_over();
        maybe_idle();
        return {};
    }

    // ---- Waiting for permits

    /// Call before enqueue: makes storage for every possible grant, so that a grant allocates nothing. Throws
    /// std::bad_alloc.
    void prepare_to_wait() { ring_.cover_all(); }

    /// For an operation that found too little capacity: takes the available permits and queues for the rest
    /// (verdict::none). If they were enough, or the channel has closed, the node is decided at once, and look() returns
    /// the result. The place in the queue is fixed by (8). verdict::unprepared: the
    /// channel was idle meanwhile and has given storage back; nothing was done, prepare again.
    ///
    /// The node is new. Once queued, it may be granted and its owner may run on another thread, before this returns.
    [[nodiscard]] verdict enqueue(node& n, const waker& w) noexcept {
        const scoped_lock guard(lock_);
        // relaxed, as all that (8) compares with: closed and the waiters bit change under the lock only, (8) proves the
        // rest, and a receive that (48) does not count hands over.
        word_type seen = word_.load(std::memory_order_relaxed);
        if (!has_waiters(seen)) {
            // (40) seq_cst, with (48) against (15, 45): a receive that (48) does not count sees this and hands over.
            waiting_.store(true, std::memory_order_seq_cst);
            typename ring<value, Platform>::reliance storage(ring_);
            storage.begin(max_ + 1);
            for (;;) {
                // Closed is set under the lock: final here, and ordered by it.
                if (is_closed(seen)) return no_wait(decide(n, verdict::failed));
                if (!ring_.has_all()) return no_wait(verdict::unprepared);
                // (48) seq_cst, with (40). acquire: as (41).
                const word_type taken = taken_.load(std::memory_order_seq_cst);
                if (used(seen, taken) > max_) {  // they do not belong together
                    seen = word_.load(std::memory_order_relaxed);
                    continue;
                }
                const word_type part = smaller(max_ - used(seen, taken), n.need);
                const bool enough = part == n.need;
                // (8) acquire: the receives that earlier claims have counted (2, 5, 6), to (49) below. Not release: the
                // blocks of prepare_to_wait and the emptied slots of (48) are needed by no ticket of another permit
                // before one of these permits was sent (5, 13) or returned (6, 11, 30), which releases. A receive or a
                // capacity() that comes after a task which did not see it looks at `waiting_` (45, 25) and is ordered
                // by that, or by the lock.
                if (word_.compare_exchange_strong(seen, seen + part * one_out + (enough ? 0 : waiters_bit),
                                                  std::memory_order_acquire, std::memory_order_relaxed)) {
                    raise_seen(taken, lap());
                    n.held.store(part);
                    if (enough) return no_wait(decide(n, verdict::granted));
                    break;
                }
            }
        } else if (!ring_.has_all()) {
            return verdict::unprepared;
        }
        n.waker.store(w);
        n.state.store(wait_state::queued, std::memory_order_relaxed);
        const bool first = waiters_.empty();
        waiters_.push_back(n);
        return first ? serve_the_first(n) : verdict::none;
    }
    /// The word may be the same for (8) although a claim has used what a receive had freed, and given it back: that
    /// receive has yet to hand over, but the claim knows of it, and so does (8).
    verdict serve_the_first(node& n) noexcept TAILRACE_REQUIRES(lock_) {
        waiter_list<Platform> chosen;
        serve(chosen);
        if (chosen.empty()) return verdict::none;
        return settle(n);
    }

    /// The result of a node, as far as its owner can see it without the lock.
    [[nodiscard]] static verdict look(const node& n) noexcept {
        // (19) acquire: the result, and that no other thread touches the node any more.
        return n.state.load(std::memory_order_acquire) == wait_state::woken ? n.result.load() : verdict::none;
    }
    /// The same with the lock. If there is no result, `w` replaces the waker.
    [[nodiscard]] verdict look(node& n, const waker& w) noexcept {
        // (19) acquire: as above.
        if (n.state.load(std::memory_order_acquire) == wait_state::woken) return n.result.load();
        const scoped_lock guard(lock_);
        if (n.state.load(std::memory_order_relaxed) == wait_state::queued) {
            n.waker.store(w);
            return verdict::none;
        }
        return settle(n);
    }

    /// Wake-ups of waiters that were served while another wait was cancelled. They are sent when this is destroyed,
    /// after the owner has finished all other work, because they may destroy it. Keeps the channel alive until then.
    class owed_wakes {
      public:
        owed_wakes() noexcept = default;
        owed_wakes(const owed_wakes&) = delete;
        owed_wakes& operator=(const owed_wakes&) = delete;
        ~owed_wakes() {
            if (core_ == nullptr) return;
            core_->lock_.lock();
            core_->wake_chosen(chosen_);
            core_->drop_share();
        }

      private:
        friend class core;
        core* core_ = nullptr;
        waiter_list<Platform> chosen_;
    };

    /// Ends the wait of a queued node. Its permits are passed on under the same lock: otherwise a hand-off could find
    /// an empty queue while they are neither held nor available. `sent`: a wake-up was sent to the node and is under
    /// way or has arrived.
    struct withdrawal {
        verdict result;
        bool sent;
    };
    [[nodiscard]] withdrawal withdraw(node& n, owed_wakes& owed) noexcept {
        if (n.state.load(std::memory_order_acquire) == wait_state::woken) return {n.result.load(), true};  // (19)
        scoped_lock guard(lock_);
        if (n.state.load(std::memory_order_relaxed) != wait_state::queued) {
            const bool sent = n.state.load(std::memory_order_relaxed) == wait_state::woken;
            return {settle(n), sent};
        }
        unlink(n);
        n.state.store(wait_state::created, std::memory_order_relaxed);
        const word_type held = n.held.load();
        n.held.store(0);
        if (waiters_.empty()) {
            // (30) release: what precedes the cancellation, as (6); but the channel is open, so this never posts the
            // end. One step, or capacity() could see the queue empty and its permits not returned.
            word_.fetch_sub(waiters_bit + held * one_out, std::memory_order_release);
            no_task_waits();
            guard.unlock();
            maybe_idle();
        } else if (held > 0) {
            // (31) relaxed: no task acts on it before the (11) that follows under the same lock, for at least `held` is
            // free then and the queue is not empty.
            word_.fetch_sub(held * one_out, std::memory_order_relaxed);
            serve(owed.chosen_);
            if (!owed.chosen_.empty()) {
                owed.core_ = this;
                add_share();
            }
        }
        return {verdict::none, false};
    }

    // ---- Receiving. Called by the consumer only.

    /// The receive operation that is alive, or null.
    [[nodiscard]] receive_node<Platform>* receiving() const noexcept { return receiving_.load(); }
    void set_receiving(receive_node<Platform>* n) noexcept { receiving_.store(n); }

    /// Whether a value is ready, can never come, or may still come.
    enum class front : unsigned char { value, end, nothing };

    [[nodiscard, gnu::always_inline]] front look_at_front() noexcept {
        // (16) acquire: the value of (3); the end of (7).
        const slot_state seen = front_slot().state.load(std::memory_order_acquire);
        if (seen == slot_full) [[likely]]
            return front::value;
        return look_behind_front(seen);
    }
    /// Whether something is in the front slot: a hint.
    [[nodiscard]] bool has_front() const noexcept {
        return front_slot().state.load(std::memory_order_relaxed) != slot_empty;
    }
    [[nodiscard, gnu::noinline]] front look_behind_front(slot_state seen) noexcept {
        if (seen == slot_end || is_over()) return front::end;
        if (has_senders()) return front::nothing;
        // All that was ever sent is visible by now. The end may not be posted yet, but is_closed() and the counts say
        // already that no sender is left. relaxed: (39) has ordered every publication before this.
        return front_slot().state.load(std::memory_order_relaxed) == slot_full ? front::value : front::end;
    }

    /// Closed, and no permit is out: no value can come. The end may not be posted yet.
    [[nodiscard]] bool is_over() const noexcept {
        // (17) seq_cst, with (15) against (6, 47). acquire: what precedes the return of the last permits (6), and the
        // close (21). Closed and unused together are final.
        const word_type w = word_.load(std::memory_order_seq_cst);
        return is_closed(w) && used(w, head()) == 0;
    }

    /// The front value, which stays where it is until it is taken: no other task accesses a slot that is full.
    /// Precondition: look_at_front() returned value.
    [[nodiscard]] value& front_value() noexcept { return front_slot().storage.look(); }

    /// Takes the front value, which counts as buffered until return_taken. Precondition: look_at_front() returned
    /// value.
    [[nodiscard, gnu::always_inline]] value take_uncounted() noexcept {
        auto& s = front_slot();
        value v = s.storage.take();
        s.state.store(slot_empty, std::memory_order_relaxed);  // (14) relaxed: (15) publishes it
        const word_type next = head() + 1;
        head_.store(next);
        front_.store(ring_.behind(&s, next));
        return v;
    }
    /// Returns the permits of the values that were taken.
    [[nodiscard, gnu::always_inline]] waker return_taken() noexcept {
        // (15) seq_cst, with (45) against (40, 48): of this and a task that begins to wait, one sees the other; with
        // (17) against (6, 47). release: the empty slots, to the task that gets them a lap later, ends the channel, or
        // gives their blocks back (41, 47, 48, 49, 50). LP of a receive.
        taken_.store(head(), std::memory_order_seq_cst);
        // (45) seq_cst, as (15).
        if (waiting_.load(std::memory_order_seq_cst)) [[unlikely]]
            return owed_hand_over();
        maybe_idle();
        return {};
    }
    [[nodiscard, gnu::always_inline]] value take(owed_call& last) noexcept {
        value v = take_uncounted();
        last.owe(return_taken());
        return v;
    }

    /// The number of tickets that are claimed and not taken: the length of the buffer for the consumer.
    [[nodiscard]] std::uint64_t buffered_exactly() const noexcept {
        // (51) seq_cst, with (15) against (2, 5, 13, 25): a send that does not count a receive of this task is counted.
        // LP of len, and of an empty try_recv.
        return (tail(word_.load(std::memory_order_seq_cst)) - head()) & ticket_mask;
    }

    /// Parks in the front slot. False if the slot has changed: check again. If true, the receive may be woken and its
    /// owner may run on another thread, before this returns.
    [[nodiscard]] bool park(receive_node<Platform>& n, const waker& w) noexcept {
        n.waker.store(w);
        n.parked.store(true);
        slot_state expected = slot_empty;
        // (18) release: the node, to (3) and (7).
        if (front_slot().state.compare_exchange_strong(expected, reinterpret_cast<slot_state>(&n),
                                                       std::memory_order_release, std::memory_order_relaxed)) {
            return true;
        }
        n.parked.store(false);
        return false;
    }

    /// Whether a parked receive has nothing to look for yet.
    [[nodiscard]] bool still_parked(const receive_node<Platform>& n) const noexcept {
        if (n.done.load(std::memory_order_relaxed)) return false;
        const auto seen = front_slot().state.load(std::memory_order_relaxed);
        return seen == reinterpret_cast<slot_state>(&n) && has_senders() && !is_over();
    }

    /// Leaves the slot. False if a writer has replaced the node, and so has sent or is about to send the wake-up; the
    /// node is free then.
    [[nodiscard]] bool unpark(receive_node<Platform>& n) noexcept {
        n.parked.store(false);
        if (n.done.load(std::memory_order_acquire)) return false;  // (19)
        auto expected = reinterpret_cast<slot_state>(&n);
        // (20) relaxed: on success no writer has seen the node.
        if (front_slot().state.compare_exchange_strong(expected, slot_empty, std::memory_order_relaxed,
                                                       std::memory_order_relaxed)) {
            return true;
        }
        // The writer is between its exchange and its last access; no foreign code runs there.
        for (unsigned turn = 0; !n.done.load(std::memory_order_acquire); ++turn) {  // (19)
            Platform::pause(turn);
        }
        return false;
    }

    // ---- Closing and observing

    void close() noexcept {
        const pin alive(*this);
        waiter_list<Platform> chosen;
        lock_.lock();
        word_type w = word_.load(std::memory_order_relaxed);
        do {
            if (is_closed(w)) return lock_.unlock();
            // (21) LP. release: what precedes the close, to every response that says closed (36). acquire: what
            // precedes the return of each permit (6, 11, 30), for the none that follows at once if none is out. One
            // step, so that no capacity() sees closed without the queue.
        } while (!word_.compare_exchange_strong(w, (w | closed_bit) & ~waiters_bit, std::memory_order_acq_rel,
                                                std::memory_order_relaxed));
        no_task_waits();
        choose_all(waiters_, chosen);
        choose_all(listeners_, chosen);
        wake_chosen(chosen);
        end_if_unused(w)();  // unused already: no returned permit will wake a parked receive
    }

    /// False, and the listener is queued, while the channel is open. Another call keeps the place and replaces the
    /// waker by `w`.
    [[nodiscard]] bool listen(node& n, const waker& w) noexcept {
        const scoped_lock guard(lock_);
        if (closed()) return true;
        n.waker.store(w);
        if (n.state.load(std::memory_order_relaxed) == wait_state::created) {
            n.state.store(wait_state::queued, std::memory_order_relaxed);
            listeners_.push_back(n);
        }
        return false;
    }
    /// Ends the wait of a listener.
    [[nodiscard]] withdrawal unlisten(node& n) noexcept {
        const scoped_lock guard(lock_);
        const wait_state was = n.state.load(std::memory_order_relaxed);
        unlink(n);
        return {was == wait_state::queued ? verdict::none : verdict::failed, was == wait_state::woken};
    }

    [[nodiscard]] bool closed() const noexcept {
        // (36) acquire: what precedes the close (21); and for a granted reservation, what precedes the return of its
        // permits (6, 11, 15, 30).
        return is_closed(word_.load(std::memory_order_acquire));
    }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }

    /// Waits for the lock while a task is beginning to wait: that task's place in the order of events is not known yet.
    [[nodiscard]] std::uint64_t available() const noexcept {
        const auto [free, known] = look_for_available();
        if (known) return free;
        const scoped_lock guard(lock_);
        return waiters_.empty() ? look_for_available().free : 0;
    }
    /// The length of the buffer for all other tasks: head and tail are not read together, so a value sent or taken
    /// meanwhile may count or not.
    [[nodiscard]] std::uint64_t buffered() const noexcept {
        const word_type taken = taken_.load(std::memory_order_relaxed);  // (29) relaxed: a number
        const word_type n = (tail(word_.load(std::memory_order_relaxed)) - taken) & ticket_mask;
        if (n > ticket_mask / 2) return 0;  // taken since
        return smaller(n, max_);
    }
    /// Whether a strong sender is left.
    [[nodiscard]] bool has_senders() const noexcept {
        // (39) acquire: what the senders did before they were dropped (23). seq_cst, with (15) against (23, 53).
        return strong_.load(std::memory_order_seq_cst) != 0;
    }
    [[nodiscard]] std::uint64_t strong_count() const noexcept { return strong_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t weak_count() const noexcept { return weak_.load(std::memory_order_relaxed); }

  private:
    friend struct inspection;
    ~core() = default;

    // Of the consumer.
    [[nodiscard]] word_type head() const noexcept { return head_.load(); }
    [[nodiscard]] slot<value, Platform>& front_slot() const noexcept { return *front_.load(); }

    /// A share for a member that continues after foreign code, which may drop every handle.
    class pin {
      public:
        explicit pin(core& c) noexcept : core_(c) { core_.add_share(); }
        pin(const pin&) = delete;
        pin& operator=(const pin&) = delete;
        ~pin() { core_.drop_share(); }

      private:
        core& core_;
    };

    void add_share() noexcept {
        shares_.fetch_add(1, std::memory_order_relaxed);  // relaxed: the caller has a share, or its owner has
    }
    void drop_share() noexcept {
        // (32) acq_rel, with each other: everything that every owner did precedes the destruction of the core.
        if (shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    // In two registers.
    struct claim_outcome {
        claim_result result;
        word_type ticket = 0;
    };
    /// Precondition: n <= max.
    [[nodiscard, gnu::always_inline]] claim_outcome claim(word_type n, word_type what) {
        // (1) acquire: what precedes the close (21), for a response that says closed. LP of a failure.
        const word_type w = word_.load(std::memory_order_acquire);
        // (42) acquire: the emptied slots, from the task that has raised `seen_` (43), or from the receive (15).
        const word_type taken = known_.load(std::memory_order_acquire);
        word_type now = w;
        if (needs_nothing(w, taken, n) && claims(now, what)) [[likely]]
            return {claim_result::claimed, tail(w)};
        return claim_again(n, what, now, taken);
    }
    /// For a claim that cannot be made at once: what stands against it, if anything does.
    [[nodiscard, gnu::noinline]] claim_outcome claim_again(word_type n, word_type what, word_type w, word_type taken) {
        typename ring<value, Platform>::reliance storage(ring_);
        do {
            if (is_closed(w)) return {claim_result::closed};
            // (1) sees no waiter that has gone before a receive did not see it either: (52).
            if (has_waiters(w)) return {claim_result::full};
            // Where storage is given back, an old `taken` asks for more than is always kept. So it is looked up as soon
            // as it would, and then seldom, for that takes the receiver's line.
            const word_type in_use = used(w, taken) + n;
            if (!has_room(w, taken, n) || in_use == at_once_ + 1 || in_use % 64 == 0) {
                const claim_result found = look_again(n, w, taken);
                if (found != claim_result::claimed) return {found};
            }
            const word_type slots = used(w, taken) + n + 1;
            storage.begin(slots);
            ring_.cover(taken + slots);
        } while (!claims(w, what));
        return {claim_result::claimed, tail(w)};
    }
    /// Whether there is room, and storage which is always kept.
    [[nodiscard, gnu::always_inline]] bool needs_nothing(word_type w, word_type taken, word_type n) const noexcept {
        // This ticket, those of all outstanding permits, and the end need slots.
        const word_type others = used(w, taken);
        return (w & (closed_bit | waiters_bit)) == 0 && others + (n - 1) < at_once_ &&
               ring_.has(taken + others + n + 1);
    }
    /// Unless the word has changed; then `w` is the new one.
    [[nodiscard, gnu::always_inline]] bool claims(word_type& w, word_type what) noexcept {
        // (2) seq_cst, with (15, 25): a capacity() that does not count this. acquire: the emptied slots that earlier
        // claims have seen; from 6, 11 and 30: what precedes the return of the permit; from (46): the narrow directory.
        // release: the emptied slots of (42), and the blocks that (27) has made, to later tickets of older permits (5,
        // 13) and to the end (24). LP of success. A failure: as (1).
        return word_.compare_exchange_strong(w, w + what, std::memory_order_seq_cst, std::memory_order_acquire);
    }

    /// False, too, if `taken` is newer than `w`.
    [[nodiscard]] bool has_room(word_type w, word_type taken, word_type n) const noexcept {
        const word_type in_use = used(w, taken);
        return in_use <= max_ && n <= max_ - in_use;
    }

    /// For a claim that may have compared the word with an old number of values taken. If there is room, `w` and
    /// `taken` say so.
    claim_result look_again(word_type n, word_type& w, word_type& taken) noexcept {
        for (;;) {
            // (44) seq_cst, with (41) against (15): what was free then is counted. acquire: as (1). LP of a failure.
            w = word_.load(std::memory_order_seq_cst);
            if (is_closed(w)) return claim_result::closed;
            if (has_waiters(w)) return claim_result::full;
            // (41) seq_cst, with (44). acquire: the emptied slots (15).
            taken = taken_.load(std::memory_order_seq_cst);
            raise_seen(taken, 0);
            if (used(w, taken) > max_) continue;  // `taken` is newer
            return has_room(w, taken, n) ? claim_result::claimed : claim_result::full;
        }
    }

    /// What goes by `taken` has first raised `seen_` to it, or it is not a lap behind: so claimed - seen is at most max
    /// and a lap (INV-10), and is never near 2^36. Not a store: one that is late would put back a number that was, 2^36
    /// tickets later, taken for a new one.
    void raise_seen(word_type taken, word_type behind) noexcept {
        if (max_ == 1) return;  // no claim goes by it
        word_type now = seen_.load(std::memory_order_relaxed);
        while (now + behind < taken) {
            // (43) release: the emptied slots of (41), to (42).
            if (seen_.compare_exchange_strong(now, taken, std::memory_order_release, std::memory_order_relaxed)) return;
        }
    }
    [[nodiscard]] word_type lap() const noexcept { return max_ < least_lap ? least_lap : max_; }

    /// A task that was about to wait does not: the waiters bit is set exactly while the queue is not empty (INV-3), and
    /// never tentatively, or a concurrent capacity() would see a number that was never true.
    verdict no_wait(verdict v) noexcept TAILRACE_REQUIRES(lock_) {
        no_task_waits();
        return v;
    }
    void no_task_waits() noexcept TAILRACE_REQUIRES(lock_) {
        // (52) release: how the wait was decided (8, 11, 21, 30), to a capacity() that sees no task waiting (25).
        waiting_.store(false, std::memory_order_release);
    }

    struct available_permits {
        std::uint64_t free;
        bool known;
    };
    [[nodiscard]] available_permits look_for_available() const noexcept {
        // (25) all seq_cst: the word and the number of values taken belong together if that has not changed. A request
        // has set `waiting_` (40) before it looked at either. One that does not count what was taken here is seen, or
        // has changed the word; one that does not count what has changed the word looks again when it is queued.
        word_type taken = taken_.load(std::memory_order_seq_cst);
        for (;;) {
            const bool may_wait = waiting_.load(std::memory_order_seq_cst);  // (25)
            const word_type w = word_.load(std::memory_order_seq_cst);       // (25) LP of capacity()
            if (has_waiters(w)) return {0, true};
            const word_type again = taken_.load(std::memory_order_seq_cst);  // (25)
            if (again == std::exchange(taken, again)) return {max_ - used(w, taken), !may_wait};
        }
    }

    /// The channel may have just become idle. The caller has a handle that keeps the channel alive.
    void maybe_idle() noexcept {
        if (ring_.gives_back()) [[unlikely]]
            give_back_if_idle();
    }
    [[gnu::noinline]] void give_back_if_idle() noexcept {
        // relaxed: a hint. If it is wrong, the storage stays until the channel is idle the next time.
        const word_type taken = taken_.load(std::memory_order_relaxed);
        if (!ring_.holds_more_than_it_keeps(taken)) return;
        if (used(word_.load(std::memory_order_relaxed), taken) == 0) ring_.give_back(word_, taken_);
    }

    /// For a closed channel.
    [[nodiscard]] waker end_if_unused(word_type w) noexcept {
        // (47) seq_cst, with (6) against (15, 17). acquire: the emptied slots (15), for the end must not be written to
        // a slot that is still seen full.
        if (used(w, taken_.load(std::memory_order_seq_cst)) == 0) return post_end(claimed(w));
        return {};
    }

    [[nodiscard]] waker post_end(word_type ticket) noexcept {
        // (7) acquire: the node of (18). release: what the senders did before they were dropped, to a receive that
        // returns none (16).
        const slot_state previous = ring_.at_end(ticket).state.exchange(slot_end, std::memory_order_acq_rel);
        if (assertions_on && previous == slot_full) inspection::fail(*this, "an end was posted over a value");
        if (previous == slot_empty || previous == slot_end || previous == slot_orphan) return {};
        return release_receive(previous);
    }

    /// Returns its waker.
    [[nodiscard]] static waker release_receive(slot_state address) noexcept {
        auto& n = *reinterpret_cast<receive_node<Platform>*>(address);
        const waker w = n.waker.load();
        n.done.store(true, std::memory_order_release);  // (4) the last access
        return w;
    }

    void drain_with_a_share() noexcept {
        const pin alive(*this);
        drain();
    }

    /// The receiver is destroyed before its receive: the receive is taken out of its slot, is not woken, and returns
    /// none when it is polled. A wake-up that was sent before still arrives.
    void end_receive() noexcept {
        receive_node<Platform>* const n = receiving_.load();
        if (n == nullptr) return;
        n->sent.store(n->parked.load() && !unpark(*n));
        n->receiver_gone.store(true);
    }

    /// The consumer role without a receiver: destroys the buffered values and leaves the role as an orphan.
    void drain() noexcept {
        for (;;) {
            auto& s = front_slot();
            const slot_state seen = s.state.load(std::memory_order_acquire);  // (16)
            if (seen == slot_full) {
                owed_call last;  // the channel is closed: nothing
                [[maybe_unused]] const value dies_here = take(last);
                continue;
            }
            if (seen == slot_end) return;
            slot_state expected = slot_empty;
            // (22) release: head_ and all the slots, to (3) and (7). After it the role belongs to another task.
            if (s.state.compare_exchange_strong(expected, slot_orphan, std::memory_order_release,
                                                std::memory_order_relaxed)) {
                return;
            }
        }
    }

    [[nodiscard]] waker owed_hand_over() noexcept {
        return {[](void* c) noexcept { static_cast<core*>(c)->hand_over(); }, this};
    }
    /// Direct hand-off: gives available permits to the oldest waiter until its need is met, then to the next.
    [[gnu::noinline]] void hand_over() noexcept {
        waiter_list<Platform> chosen;
        lock_.lock();
        serve(chosen);
        wake_chosen(chosen);
    }

    void serve(waiter_list<Platform>& chosen) noexcept TAILRACE_REQUIRES(lock_) {
        while (!waiters_.empty()) {
            node& n = waiters_.front();
            // (10) relaxed: while the queue is not empty, claims grow only here, under the lock: with a newer number of
            // values taken this is at most too much.
            const word_type w = word_.load(std::memory_order_relaxed);
            // (49) acquire: the emptied slots (15).
            const word_type taken = taken_.load(std::memory_order_acquire);
            const word_type held = n.held.load();
            const word_type part = smaller(max_ - used(w, taken), n.need - held);
            if (part == 0) return;
            raise_seen(taken, lap());
            n.held.store(held + part);
            const bool enough = held + part == n.need;
            if (enough) {
                unlink(n);
                choose(n, verdict::granted, chosen);
            }
            const bool last = waiters_.empty();
            // (11) release: the emptied slots of (49), to tickets of permits that are older (5, 13), and what precedes
            // a (31), to a claim of what is left (2). Its owner acquires, as at (8). The last grant clears the waiters
            // bit in the same step: a capacity() never sees the bit without a queue.
            word_.fetch_add(part * one_out - (last ? waiters_bit : 0), std::memory_order_release);
            if (last) no_task_waits();
            if (!enough) return;
        }
    }

    /// Before it is queued: only the owner accesses the node.
    static verdict decide(node& n, verdict result) noexcept {
        n.result.store(result);
        n.state.store(wait_state::woken, std::memory_order_relaxed);
        return result;
    }

    static void choose(node& n, verdict result, waiter_list<Platform>& chosen) noexcept {
        n.result.store(result);
        n.state.store(wait_state::chosen, std::memory_order_relaxed);
        chosen.push_back(n);
    }

    static void choose_all(waiter_list<Platform>& from, waiter_list<Platform>& chosen) noexcept {
        while (node* n = from.pop_front()) choose(*n, verdict::failed, chosen);
    }

    /// Wakes the chosen nodes one by one, without the lock. Until then their owners can unlink them from `chosen`.
    void wake_chosen(waiter_list<Platform>& chosen) noexcept TAILRACE_RELEASES(lock_) {
        node* n = chosen.pop_front();
        if (n == nullptr) return lock_.unlock();
        std::optional<pin> alive;  // needed only to continue with the next node
        if (!chosen.empty()) alive.emplace(*this);
        while (n != nullptr) {
            const waker w = n->waker.load();
            const bool last = chosen.empty();                              // no other is added
            n->state.store(wait_state::woken, std::memory_order_release);  // (4) the last access
            lock_.unlock();
            w();
            if (last) return;
            lock_.lock();
            n = chosen.pop_front();
        }
        lock_.unlock();
    }

    /// From the list that it is on, if any.
    void unlink(node& n) noexcept TAILRACE_REQUIRES(lock_) { waiter_list<Platform>::unlink(n); }

    /// Takes the result of a node that is chosen or woken.
    verdict settle(node& n) noexcept TAILRACE_REQUIRES(lock_) {
        unlink(n);
        n.state.store(wait_state::woken, std::memory_order_relaxed);
        return n.result.load();
    }

    static constexpr word_type least_lap = 8;
    static constexpr std::size_t line = 64;  // separates variables that different threads write

    // Written by senders.
    alignas(line)
        typename Platform::template atomic<word_type> word_{(Platform::first_ticket & ticket_mask) * one_ticket};
    // How many values were taken when a sender last looked at taken_.
    typename Platform::template atomic<word_type> seen_{Platform::first_ticket};
    const std::uint64_t max_;
    // What claims look at first. Where there is only one permit, an older number than taken_ always says full.
    const typename Platform::template atomic<word_type>& known_{max_ == 1 ? taken_ : seen_};
    typename Platform::template atomic<std::uint64_t> strong_{1};
    typename Platform::template atomic<std::uint64_t> weak_{0};
    // Of the receiver, of the senders together, and of each weak sender.
    typename Platform::template atomic<std::uint64_t> shares_{2};
    borrow_count borrows_{0};

    // Written by the receiver. The ticket of the next value to take, not reduced modulo 2^36, and its slot: owned by
    // the consumer role.
    alignas(line) typename Platform::template plain<word_type> head_{Platform::first_ticket};
    typename Platform::template plain<slot<value, Platform>*> front_;
    typename Platform::template atomic<word_type> taken_{Platform::first_ticket};  // the same, for all other tasks
    typename Platform::template plain<receive_node<Platform>*> receiving_{nullptr};

    // Seldom written. Whether the waiters bit is set, or a task under the lock is about to decide that.
    alignas(line) typename Platform::template atomic<bool> waiting_{false};
    ring<value, Platform> ring_;
    const word_type at_once_;  // for so many permits in use, a claim only has to look at the storage
    mutable mutex<Platform> lock_;
    waiter_list<Platform> waiters_ TAILRACE_GUARDED_BY(lock_);
    waiter_list<Platform> listeners_ TAILRACE_GUARDED_BY(lock_);
};

}  // namespace tailrace::detail
