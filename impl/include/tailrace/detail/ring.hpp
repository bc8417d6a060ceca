// The slots: storage for every ticket from the oldest value to the end marker behind the youngest permit.
//
//   slot of ticket t  | meaning                               | next
//   empty, t >= tail  | free                                  | claimed by a change of the word; a node or orphan (the
//                     |                                       | consumer waits here, t == head); end (t == tail)
//   empty, t < tail   | claimed, not written yet              | full, by its claimer; a node or orphan if t == head
//   a node's address  | the receiver sleeps here, t == head   | full or end: their writer must wake it;
//                     |                                       | empty: cancelled
//   orphan            | the receiver is gone, its role        | full: its writer takes the role; end
//                     | is left here                          |
//   full              | a value                               | empty, by the consumer
//   end               | t == tail: no value can come any more | -
//
// Slots are in small blocks; a directory says which block holds which tickets. A block that the consumer has emptied
// goes to the far end, so the number of blocks depends on the number of slots in use at a time, not on the capacity. An
// idle channel gives back the blocks above `kept_blocks`. A ring of up to Platform::ring_bytes is allocated as a whole
// as soon as one block is not enough; its blocks then never move.
//
// After a change here run: ci/test -L impl && ci/test -L relacy
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "tailrace/detail/lock.hpp"
#include "tailrace/detail/word.hpp"

namespace tailrace::detail {

using slot_state = std::uintptr_t;

inline constexpr slot_state slot_empty = 0;
inline constexpr slot_state slot_full = 1;
inline constexpr slot_state slot_end = 2;
inline constexpr slot_state slot_orphan = 3;
// Every other value is the address of a receive_node.

template <class T, class Platform>
struct slot {
    typename Platform::template atomic<slot_state> state{slot_empty};
    typename Platform::template cell<T> storage;
};

template <class T, class Platform>
class ring {
    using atomic_word = typename Platform::template atomic<word_type>;

  public:
    explicit ring(std::uint64_t capacity)
        : turns_in_place_((capacity + 1) * sizeof(slot<T, Platform>) <= Platform::ring_bytes),
          all_blocks_(turns_in_place_ ? std::bit_ceil(blocks_for(capacity + 1)) : blocks_for(capacity + block_slots)) {
        auto first = std::make_unique<directory>(1);
        auto slots = std::make_unique_for_overwrite<block>();
        front_.store(slots.get());
        directory_.store(first.release(), std::memory_order_relaxed);
        attach(std::move(slots));
    }
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
        directory* d = directory_.load(std::memory_order_relaxed);
        for (word_type i = 0; i < blocks_; ++i) delete d->entry(first_ + i).load();
        while (d != nullptr) delete std::exchange(d, d->narrower);
    }

    /// The slot of a claimed ticket. Called by its claimer, until the value is written.
    [[nodiscard]] slot<T, Platform>& at(word_type ticket) const noexcept {
        // (26) acquire: the entries of a wider directory for old tickets, partner: the release in widen. An entry
        // itself is written before the claim of its first ticket (27) and again after the last of its tickets was taken
        // (16).
        const directory& d = *directory_.load(std::memory_order_acquire);
        return d.entry(ticket / block_slots).load()->slots[ticket % block_slots];
    }

    /// The slot of the end. Its writer has no permit that would keep the directory alive.
    [[nodiscard]] slot<T, Platform>& at_end(word_type ticket) const noexcept {
        const scoped_lock guard(growing_);
        return at(ticket);
    }
    /// The slot of the oldest ticket. Called by the consumer only, as passed() is.
    [[nodiscard]] slot<T, Platform>& front(word_type head) const noexcept {
        return front_.load()->slots[head % block_slots];
    }

    /// Ensures that tickets below `end` have slots. Throws std::bad_alloc, and has changed nothing then.
    void cover(word_type end) {
        // (27) acquire: partner of the release in attach and recycle.
        const word_type limit = limit_.load(std::memory_order_acquire);
        if (limit != everything && !reaches(limit, end)) grow_to(end);
    }
    /// Ensures that no claim and no grant needs new storage. Check has_all() before relying on it.
    void cover_all() {
        if (limit_.load(std::memory_order_relaxed) != everything) grow_to(everything);
    }

    /// The consumer has emptied every slot before that of `head`, and no task accesses them any more. Allocates
    /// nothing.
    void passed(word_type head) noexcept {
        if (head % block_slots != 0) return;
        if (!turns_in_place_) return recycle(head / block_slots - 1);
        // relaxed: the ring is whole since before the claim of the value that was last in its block (27).
        front_.store(directory_.load(std::memory_order_relaxed)->entry(head / block_slots).load());
    }

    /// Whether no claim and no grant needs new storage.
    [[nodiscard]] bool has_all() const noexcept {
        return limit_.load(std::memory_order_acquire) == everything;  // (27)
    }

    /// A hint for an idle channel.
    [[nodiscard]] bool holds_more_than_it_keeps(word_type tail) const noexcept {
        if (turns_in_place_ || all_blocks_ <= kept_blocks) return false;
        const word_type limit = limit_.load(std::memory_order_relaxed);
        return limit == everything || ((limit - tail) & ticket_mask) > kept_blocks * block_slots;
    }

    /// Gives back the blocks above kept_blocks, if the channel is idle: open, without outstanding permits, values and
    /// waiters.
    ///
    /// A claim may have loaded the old limit and sleep. The era of the word changes, so this claim fails. There are
    /// only sixteen eras, which could wrap around while it sleeps: so at most fifteen are used at one tail, and then
    /// the storage stays until a message is sent.
    void give_back(atomic_word& word) noexcept {
        block* surplus = nullptr;
        directory* too_wide = nullptr;
        {
            const scoped_lock guard(growing_);
            word_type w = word.load(std::memory_order_relaxed);
            if (blocks_ <= kept_blocks || !is_idle(w)) return;
            if (tail(w) == era_tail_ && eras_used_ == eras - 1) return;
            const word_type old_limit = limit_.load(std::memory_order_relaxed);
            // Relaxed, as the two below: a claim that relies on one of them has loaded the word after (37). Until then
            // no claim succeeds.
            limit_.store(limit_of(0), std::memory_order_relaxed);
            const word_type change = to_next_era(w);
            // (37) release: the limit, to every claim after it (1). acquire: what the senders of received values did
            // with the directory, from (15).
            w = word.fetch_xor(change, std::memory_order_acq_rel);
            const auto now = static_cast<std::uint32_t>(tail(w));
            eras_used_ = static_cast<std::uint8_t>(now == std::exchange(era_tail_, now) ? eras_used_ + 1 : 1);
            limit_.store(is_idle(w) ? limit_of(kept_blocks) : old_limit, std::memory_order_relaxed);
            if (!is_idle(w)) return;
            surplus = detach_surplus();
            too_wide = narrow(word);
        }
        while (surplus != nullptr) delete std::exchange(surplus, surplus->next);
        while (too_wide != nullptr) delete std::exchange(too_wide, too_wide->narrower);
    }

    /// Whether tickets below `end` have slots.
    [[nodiscard]] bool has(word_type end) const noexcept {
        const word_type now = limit_.load(std::memory_order_relaxed);
        return now == everything || reaches(now, end);
    }
    /// The number of blocks.
    [[nodiscard]] word_type blocks() const noexcept {
        const scoped_lock guard(growing_);
        return blocks_;
    }
    /// With so many, every claim that the word allows has storage.
    [[nodiscard]] word_type most_blocks() const noexcept { return all_blocks_; }

    /// Fewer for large values.
    static constexpr word_type block_slots =
        smaller(std::bit_floor(word_type{4096} / sizeof(slot<T, Platform>) + (sizeof(slot<T, Platform>) > 4096)),
                Platform::block_slots);
    /// Of the slots of a block.
    static constexpr word_type block_bytes = block_slots * sizeof(slot<T, Platform>);
    /// The number of blocks that an idle channel keeps.
    static constexpr word_type kept_blocks = Platform::kept_bytes / block_bytes + 1;
    // The numbers of blocks and their entries in a directory are the high and the low bits of a ticket: so nothing
    // happens where the tickets wrap around.
    static_assert(std::has_single_bit(Platform::block_slots) && Platform::first_ticket <= ticket_mask);

  private:
    struct block {
        slot<T, Platform> slots[block_slots];
        block* next = nullptr;  // in the list of blocks to give back
    };
    using pointer_to_block = typename Platform::template plain<block*>;

    /// Which block holds which tickets: entry i those of every block number that is i modulo the size, a power of two.
    ///
    /// A directory that has become too narrow is kept unchanged for tasks that have read its address: its entries for
    /// tickets in use stay valid.
    struct directory {
        explicit directory(word_type size) : mask(size - 1), entries(new holder[static_cast<std::size_t>(size)]) {}
        directory(const directory&) = delete;
        directory& operator=(const directory&) = delete;
        ~directory() { delete[] entries; }
        [[nodiscard]] pointer_to_block& entry(word_type number) const noexcept {
            return entries[static_cast<std::size_t>(number & mask)].pointer;
        }

        struct holder {
            pointer_to_block pointer{nullptr};
        };
        word_type mask;
        holder* const entries;
        directory* narrower = nullptr;
    };

    static constexpr word_type everything = ~word_type{0};

    [[nodiscard]] static constexpr bool is_idle(word_type w) noexcept {
        return used(w) == 0 && !has_waiters(w) && !is_closed(w);
    }

    [[nodiscard]] static constexpr word_type blocks_for(word_type slots) noexcept {
        return (slots + block_slots - 1) / block_slots;
    }
    /// Tickets are counted modulo 2^32, and never lie half of that apart.
    [[nodiscard]] static constexpr bool reaches(word_type limit, word_type end) noexcept {
        return ((limit - end) & ticket_mask) <= ticket_mask / 2;
    }

    void grow_to(word_type end) {
        std::unique_ptr<block> fresh;
        std::unique_ptr<directory> wider;
        if (turns_in_place_) end = everything;
        scoped_lock guard(growing_);
        for (;;) {
            const word_type limit = limit_.load(std::memory_order_relaxed);
            if (limit == everything || (end != everything && reaches(limit, end))) return;
            const word_type size = directory_.load(std::memory_order_relaxed)->mask + 1;
            const bool narrow = blocks_ == size;
            if (fresh && (!narrow || (wider && wider->mask + 1 == 2 * size))) {
                if (narrow) widen(std::exchange(wider, nullptr));
                attach(std::move(fresh));
                continue;
            }
            guard.unlock();  // operator new is foreign code
            if (!fresh) fresh = std::make_unique_for_overwrite<block>();
            if (narrow) wider = std::make_unique<directory>(2 * size);
            guard.lock();
        }
    }

    void widen(std::unique_ptr<directory> wider) noexcept TAILRACE_REQUIRES(growing_) {
        directory* const narrow = directory_.load(std::memory_order_relaxed);
        for (word_type i = 0; i < blocks_; ++i) wider->entry(first_ + i).store(narrow->entry(first_ + i).load());
        wider->narrower = narrow;
        directory_.store(wider.release(), std::memory_order_release);  // partner: (26)
    }
    void attach(std::unique_ptr<block> fresh) noexcept TAILRACE_REQUIRES(growing_) {
        directory_.load(std::memory_order_relaxed)->entry(first_ + blocks_).store(fresh.release());
        ++blocks_;
        // partner: (27)
        limit_.store(blocks_ == all_blocks_ ? everything : limit_of(blocks_), std::memory_order_release);
    }
    void recycle(word_type number) noexcept {
        const scoped_lock guard(growing_);
        const directory& d = *directory_.load(std::memory_order_relaxed);
        d.entry(number + blocks_).store(d.entry(number).load());
        first_ = number + 1;
        front_.store(d.entry(first_).load());
        if (blocks_ != all_blocks_) limit_.store(limit_of(blocks_), std::memory_order_release);  // partner: (27)
    }
    [[nodiscard]] word_type limit_of(word_type blocks) const noexcept TAILRACE_REQUIRES(growing_) {
        return (first_ + blocks) * block_slots & ticket_mask;
    }

    /// The channel was idle at (37), so no old ticket is in use, and no new one reaches beyond the limit.
    [[nodiscard]] block* detach_surplus() noexcept TAILRACE_REQUIRES(growing_) {
        const directory& d = *directory_.load(std::memory_order_relaxed);
        block* surplus = nullptr;
        while (blocks_ > kept_blocks) {
            block* const b = d.entry(first_ + --blocks_).load();
            b->next = std::exchange(surplus, b);
        }
        return surplus;
    }

    /// Goes back to a narrower directory, and returns those that are too wide. A claimer, who alone reads a directory
    /// without the lock, may have read the address of a wide one since (37); if there is one, the directory stays.
    [[nodiscard]] directory* narrow(atomic_word& word) noexcept TAILRACE_REQUIRES(growing_) {
        directory* const wide = directory_.load(std::memory_order_relaxed);
        directory* last_too_wide = nullptr;
        directory* d = wide;
        while (d->narrower != nullptr && d->narrower->mask + 1 >= kept_blocks) {
            last_too_wide = d;
            d = d->narrower;
        }
        if (last_too_wide == nullptr) return nullptr;
        for (word_type i = 0; i < blocks_; ++i) d->entry(first_ + i).store(wide->entry(first_ + i).load());
        directory_.store(d, std::memory_order_release);  // partner: (26)
        // (38) release: the narrow directory, to every claim after it (2). acquire: as (37).
        if (used(word.fetch_add(0, std::memory_order_acq_rel)) != 0) {
            directory_.store(wide, std::memory_order_relaxed);  // relaxed: its readers have claimed after (37)
            return nullptr;
        }
        last_too_wide->narrower = nullptr;
        return wide;
    }

    const bool turns_in_place_;
    // How many changes of the era there were at this tail, which the last of them has seen. Small, to fit in beside.
    std::uint8_t eras_used_ TAILRACE_GUARDED_BY(growing_) = 0;
    std::uint32_t era_tail_ TAILRACE_GUARDED_BY(growing_) = 0;
    static_assert(ticket_mask <= ~std::uint32_t{0});
    const word_type all_blocks_;  // see most_blocks()
    typename Platform::template atomic<directory*> directory_{nullptr};
    atomic_word limit_{0};  // tickets below have slots; `everything` if all ever will
    // Guards all changes of the above as well: their readers come without it.
    mutable mutex<Platform> growing_;
    // The number of the oldest block.
    word_type first_ TAILRACE_GUARDED_BY(growing_) = Platform::first_ticket / block_slots;
    word_type blocks_ TAILRACE_GUARDED_BY(growing_) = 0;  // in use: first_ to first_ + blocks_ - 1
    pointer_to_block front_{nullptr};                     // the oldest block; of the consumer
};

}  // namespace tailrace::detail
