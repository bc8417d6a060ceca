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
// as soon as one block is not enough; its blocks then never move. If its slots are just as many as the capacity, there
// is none for the end behind a full buffer.
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
        : turns_in_place_(capacity * sizeof(slot<T, Platform>) <= Platform::ring_bytes),
          all_blocks_(turns_in_place_ ? std::bit_ceil(blocks_for(capacity)) : blocks_for(capacity + block_slots)),
          gives_back_(!turns_in_place_ && all_blocks_ > kept_blocks),
          is_exact_(turns_in_place_ && all_blocks_ * block_slots == capacity) {
        auto slots = std::make_unique_for_overwrite<block>();
        directory_.store(&smallest_, std::memory_order_relaxed);
        attach(std::move(slots));
    }
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
        directory* d = directory_.load(std::memory_order_relaxed);
        for (word_type i = 0; i < blocks_; ++i) delete d->entry(first_ + i).load();
        free_all(d);
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
    /// The slot of the first ticket, before any other thread is there.
    [[nodiscard]] slot<T, Platform>* first() const noexcept { return &at(Platform::first_ticket); }

    /// Until it ends, an idle channel keeps the storage that the caller relies on after it was covered: the caller
    /// changes the word, and then the channel is not idle. It does nothing where that storage is always kept.
    class reliance {
      public:
        explicit reliance(ring& r) noexcept : ring_(r) {}
        reliance(const reliance&) = delete;
        reliance& operator=(const reliance&) = delete;
        ~reliance() {
            // (37) release: the change of the word, to the idle channel that looks at it next (38).
            if (counted_) ring_.relied_on_.fetch_sub(1, std::memory_order_release);
        }

        /// For `slots`, counted from the oldest ticket.
        void begin(word_type slots) noexcept {
            if (counted_ || slots <= always_kept || !ring_.gives_back()) return;
            counted_ = true;
            // (37) acquire: the lowered limit, or storage that was given back by (38) after it was seen.
            ring_.relied_on_.fetch_add(1, std::memory_order_acquire);
        }

      private:
        ring& ring_;
        bool counted_ = false;
    };

    /// For the inspection. relaxed: no other task uses the channel then.
    [[nodiscard]] bool is_relied_on() const noexcept { return relied_on_.load(std::memory_order_relaxed) != 0; }

    /// Whether tickets below `end` have slots. Here and below, `end` is not reduced modulo 2^36.
    [[nodiscard]] bool has(word_type end) const noexcept {
        // (27) acquire: partner of the release in attach and recycle.
        return end <= limit_.load(std::memory_order_acquire);
    }
    /// Ensures that tickets below `end` have slots. Throws std::bad_alloc, and has changed nothing then.
    void cover(word_type end) {
        if (!has(end)) grow_to(end);
    }
    /// Ensures that no claim and no grant needs new storage. Check has_all() before relying on it.
    void cover_all() {
        if (limit_.load(std::memory_order_relaxed) != everything) grow_to(everything);
    }

    /// The slot of the oldest ticket `head`, given that of the ticket before, which the consumer has emptied as all
    /// before it. No task accesses them any more. Allocates nothing.
    [[nodiscard]] slot<T, Platform>* behind(slot<T, Platform>* emptied, word_type head) noexcept {
        if (head % block_slots != 0) [[likely]]
            return emptied + 1;
        return enter_block(head);
    }
    [[nodiscard, gnu::noinline]] slot<T, Platform>* enter_block(word_type head) noexcept {
        if (!turns_in_place_) return recycle(head / block_slots - 1);
        // relaxed: the ring is whole since before the claim of the value that was last in its block (27).
        return directory_.load(std::memory_order_relaxed)->entry(head / block_slots).load()->slots;
    }

    /// Whether no claim and no grant needs new storage.
    [[nodiscard]] bool has_all() const noexcept {
        return limit_.load(std::memory_order_acquire) == everything;  // (27)
    }

    /// Of `permits` in use, how many have storage that no idle channel gives back, with one more slot for the end.
    [[nodiscard]] word_type always_has(word_type permits) const noexcept {
        if (!gives_back()) return permits;
        return always_kept == 0 ? 0 : smaller(permits, always_kept - 1);
    }
    /// Whether a full channel uses every slot, so that there is none for the end.
    [[nodiscard]] bool is_exact() const noexcept { return is_exact_; }
    /// Whether the channel can have more storage than an idle one keeps.
    [[nodiscard]] bool gives_back() const noexcept { return gives_back_; }
    /// A hint for a channel that may be idle, whose next ticket is `next`, not reduced modulo 2^36.
    [[nodiscard]] bool holds_more_than_it_keeps(word_type next) const noexcept {
        if (!gives_back()) return false;
        const word_type limit = limit_.load(std::memory_order_relaxed);
        return limit == everything || limit - next > kept_blocks * block_slots;
    }

    /// Gives back the blocks above kept_blocks, if the channel is idle: open, without outstanding permits, values and
    /// waiters.
    ///
    /// The lowered limit stops the claims to come. A claim that relies on storage above it, and may have seen the old
    /// limit, is counted (`reliance`); with such a claim everything stays.
    void give_back(atomic_word& word, const atomic_word& taken) noexcept {
        block* surplus = nullptr;
        directory* too_wide = nullptr;
        {
            const scoped_lock guard(growing_);
            if (blocks_ <= kept_blocks) return;
            const word_type old_limit = limit_.load(std::memory_order_relaxed);
            limit_.store(limit_of(kept_blocks), std::memory_order_relaxed);  // published by (38)
            // (38) release: the lowered limit, to (37). acquire: the word that an ended reliance has changed.
            if (relied_on_.fetch_add(0, std::memory_order_acq_rel) != 0 || !is_idle(word, taken)) {
                limit_.store(old_limit, std::memory_order_release);  // partner: (27)
                return;
            }
            surplus = detach_surplus();
            too_wide = narrow(word, taken);
        }
        while (surplus != nullptr) delete std::exchange(surplus, surplus->next());
        free_all(too_wide);
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
    /// Of the slots that an idle channel keeps, those that follow the oldest ticket, wherever that is in its block.
    static constexpr word_type always_kept = (kept_blocks - 1) * block_slots;
    // The numbers of blocks and their entries in a directory are the high and the low bits of a ticket: so nothing
    // happens where the tickets wrap around.
    static_assert(std::has_single_bit(Platform::block_slots) && Platform::first_ticket <= ticket_mask);

  private:
    struct block {
        slot<T, Platform> slots[block_slots];

        // In the list of blocks to give back, whose slots are empty.
        void set_next(block* b) noexcept {
            slots[0].state.store(reinterpret_cast<slot_state>(b), std::memory_order_relaxed);
        }
        [[nodiscard]] block* next() const noexcept {
            return reinterpret_cast<block*>(slots[0].state.load(std::memory_order_relaxed));
        }
    };
    struct pointer_to_block : Platform::template plain<block*> {
        pointer_to_block() noexcept : Platform::template plain<block*>(nullptr) {}
        explicit pointer_to_block(std::nullptr_t) noexcept : pointer_to_block() {}
    };

    /// Which block holds which tickets: entry i those of every block number that is i modulo the size, a power of two.
    ///
    /// A directory that has become too narrow is kept unchanged for tasks that have read its address: its entries for
    /// tickets in use stay valid.
    struct directory {
        directory() noexcept : own_entry(nullptr), entries(&own_entry) {}
        explicit directory(word_type size)
            : mask(size - 1), own_entry(nullptr), entries(new pointer_to_block[static_cast<std::size_t>(size)]) {}
        directory(const directory&) = delete;
        directory& operator=(const directory&) = delete;
        ~directory() {
            if (entries != &own_entry) delete[] entries;
        }
        [[nodiscard]] pointer_to_block& entry(word_type number) const noexcept {
            return entries[static_cast<std::size_t>(number & mask)];
        }

        const word_type mask = 0;
        pointer_to_block own_entry;  // of a directory of one
        pointer_to_block* const entries;
        directory* narrower = nullptr;
    };
    /// `d` and all that are narrower, but for the smallest, which is a part of the ring.
    void free_all(directory* d) const noexcept {
        while (d != nullptr && d != &smallest_) delete std::exchange(d, d->narrower);
    }

    static constexpr word_type everything = ~word_type{0};

    /// Whether all that was claimed until now has been taken.
    [[nodiscard]] static bool is_idle(atomic_word& word, const atomic_word& taken) noexcept {
        // (46) release: the narrow directory, to the claims that come after (2).
        const word_type w = word.fetch_add(0, std::memory_order_release);
        // (50) acquire: what the senders of the values did with the directory, and the emptied slots (15).
        return !has_waiters(w) && !is_closed(w) && used(w, taken.load(std::memory_order_acquire)) == 0;
    }

    [[nodiscard]] static constexpr word_type blocks_for(word_type slots) noexcept {
        return (slots + block_slots - 1) / block_slots;
    }
    void grow_to(word_type end) {
        std::unique_ptr<block> fresh;
        std::unique_ptr<directory> wider;
        if (turns_in_place_) end = everything;
        scoped_lock guard(growing_);
        for (;;) {
            const word_type limit = limit_.load(std::memory_order_relaxed);
            if (end <= limit) return;
            const word_type size = directory_.load(std::memory_order_relaxed)->mask + 1;
            const bool narrow = blocks_ == size;
            const word_type next_size = turns_in_place_ ? all_blocks_ : 2 * size;
            if (fresh && (!narrow || (wider && wider->mask + 1 == next_size))) {
                if (narrow) widen(std::exchange(wider, nullptr));
                attach(std::move(fresh));
                continue;
            }
            guard.unlock();  // operator new is foreign code
            if (!fresh) fresh = std::make_unique_for_overwrite<block>();
            if (narrow) wider = std::make_unique<directory>(next_size);
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
    /// Returns the slots of the next block.
    slot<T, Platform>* recycle(word_type number) noexcept {
        const scoped_lock guard(growing_);
        const directory& d = *directory_.load(std::memory_order_relaxed);
        d.entry(number + blocks_).store(d.entry(number).load());
        first_ = number + 1;
        if (blocks_ != all_blocks_) limit_.store(limit_of(blocks_), std::memory_order_release);  // partner: (27)
        return d.entry(first_).load()->slots;
    }
    [[nodiscard]] word_type limit_of(word_type blocks) const noexcept TAILRACE_REQUIRES(growing_) {
        return (first_ + blocks) * block_slots;
    }

    /// The channel was idle after (38), so no old ticket is in use, and no new one reaches beyond the limit.
    [[nodiscard]] block* detach_surplus() noexcept TAILRACE_REQUIRES(growing_) {
        const directory& d = *directory_.load(std::memory_order_relaxed);
        block* surplus = nullptr;
        while (blocks_ > kept_blocks) {
            block* const b = d.entry(first_ + --blocks_).load();
            b->set_next(std::exchange(surplus, b));
        }
        return surplus;
    }

    /// Goes back to a narrower directory, and returns those that are too wide. A claimer, who alone reads a directory
    /// without the lock, may have read the address of a wide one since the channel was idle; if there is one, the
    /// directory stays.
    [[nodiscard]] directory* narrow(atomic_word& word, const atomic_word& taken) noexcept TAILRACE_REQUIRES(growing_) {
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
        if (!is_idle(word, taken)) {
            // relaxed: its readers have claimed after the first (46).
            directory_.store(wide, std::memory_order_relaxed);
            return nullptr;
        }
        last_too_wide->narrower = nullptr;
        return wide;
    }

    const bool turns_in_place_;
    const word_type all_blocks_;  // see most_blocks()
    const bool gives_back_;
    const bool is_exact_;
    typename Platform::template atomic<std::uint32_t> relied_on_{0};  // by how many claims: see `reliance`
    typename Platform::template atomic<directory*> directory_{nullptr};
    atomic_word limit_{0};  // tickets below have slots, not reduced modulo 2^36; `everything` if all ever will
    directory smallest_;
    // Guards all changes of the above as well: their readers come without it.
    mutable mutex<Platform> growing_;
    // The number of the oldest block.
    word_type first_ TAILRACE_GUARDED_BY(growing_) = Platform::first_ticket / block_slots;
    word_type blocks_ TAILRACE_GUARDED_BY(growing_) = 0;  // in use: first_ to first_ + blocks_ - 1
};

}  // namespace tailrace::detail
