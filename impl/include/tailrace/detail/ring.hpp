// The slots: storage for every ticket from the oldest value to the end marker behind the youngest permit.
//
//   slot of ticket t   | meaning                                      | next
//   empty, t >= tail   | free                                         | claimed by a change of the word; a node or orphan (the
//                      |                                              | consumer waits here, t == head); end (t == tail)
//   empty, t < tail    | claimed, not written yet                     | full, by its claimer; a node or orphan if t == head
//   a node's address   | the receiver sleeps here, t == head          | full or end: their writer owes the wake-up; empty: cancelled
//   orphan             | the receiver is gone, its role lies here     | full: its writer takes the role; end
//   full               | a value                                      | empty, by the consumer
//   end                | t == tail: no value will ever come           | -
//
// Slots come in small blocks; a directory says which block holds which tickets. The block that the consumer has emptied goes to
// the far end, so that the number of blocks follows what was once in use at a time, whatever the capacity. A ring of up to
// Platform::ring_bytes is made whole as soon as one block is not enough, and then turns in place.
//
// After a change here run: ctest -L impl && ctest -L relacy
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

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
  public:
    explicit ring(std::uint64_t capacity)
        : turns_in_place_((capacity + 1) * sizeof(slot<T, Platform>) <= Platform::ring_bytes),
          all_blocks_(turns_in_place_ ? std::bit_ceil(blocks_for(capacity + 1)) : blocks_for(capacity + block_slots)) {
        auto first = std::make_unique<directory>(1);
        auto slots = std::make_unique_for_overwrite<block>();
        directory_.store(first.release(), std::memory_order_relaxed);
        attach(std::move(slots));
    }
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
        while (made_ != nullptr) delete std::exchange(made_, made_->made_before);
        for (directory* d = directory_.load(std::memory_order_relaxed); d != nullptr;) {
            delete std::exchange(d, d->narrower);
        }
    }

    /// Precondition: covered before the ticket was claimed.
    [[nodiscard]] slot<T, Platform>& at(word_type ticket) const noexcept {
        // (26) acquire: what a wider directory says about old tickets, partner: the release in widen. An entry itself is written
        // before the claim of its first ticket (27) and again after the last of its tickets was taken (16).
        const directory& d = *directory_.load(std::memory_order_acquire);
        return d.entry(ticket / block_slots).load()->slots[ticket % block_slots];
    }

    /// Makes sure that tickets below `end` have slots. Throws std::bad_alloc, and has changed nothing then.
    void cover(word_type end) {
        // (27) acquire: partner of the release in attach and recycle.
        const word_type limit = limit_.load(std::memory_order_acquire);
        if (limit != everything && !reaches(limit, end)) grow_to(end);
    }
    /// Makes sure that no claim and no grant will ever need new storage.
    void cover_all() {
        if (limit_.load(std::memory_order_acquire) != everything) grow_to(everything);  // (27)
    }

    /// The consumer has emptied every slot before that of `head`, and nobody has any business there any more. Allocates nothing.
    void passed(word_type head) noexcept {
        if (head % block_slots == 0 && !turns_in_place_) recycle(head / block_slots - 1);
    }

    /// Whether tickets below `end` have slots.
    [[nodiscard]] bool has(word_type end) const noexcept {
        const word_type now = limit_.load(std::memory_order_relaxed);
        return now == everything || reaches(now, end);
    }
    /// How many blocks there are.
    [[nodiscard]] word_type blocks() const noexcept {
        const std::lock_guard guard(growing_);
        return blocks_;
    }

    /// Fewer where values are large.
    static constexpr word_type block_slots =
        smaller(std::bit_floor(word_type{4096} / sizeof(slot<T, Platform>) + (sizeof(slot<T, Platform>) > 4096)),
                Platform::block_slots);

  private:
    struct block {
        slot<T, Platform> slots[block_slots];
        block* made_before = nullptr;
    };
    using pointer_to_block = typename Platform::template plain<block*>;

    /// Which block holds which tickets: entry i those of every block number that is i modulo the size, a power of two.
    ///
    /// One that has become too narrow stays as it was, for those who have already read its address: what it says about tickets in
    /// use remains true.
    struct directory {
        explicit directory(word_type size)
            : mask(size - 1), entries(std::make_unique<holder[]>(static_cast<std::size_t>(size))) {}
        [[nodiscard]] pointer_to_block& entry(word_type number) const noexcept {
            return entries[static_cast<std::size_t>(number & mask)].pointer;
        }

        struct holder {
            pointer_to_block pointer{nullptr};
        };
        word_type mask;
        std::unique_ptr<holder[]> entries;
        directory* narrower = nullptr;
    };

    static constexpr word_type everything = ~word_type{0};

    [[nodiscard]] static constexpr word_type blocks_for(word_type slots) noexcept {
        return (slots + block_slots - 1) / block_slots;
    }
    /// Tickets are counted modulo 2^36, and never lie half of that apart.
    [[nodiscard]] static constexpr bool reaches(word_type limit, word_type end) noexcept {
        return ((limit - end) & ticket_mask) <= ticket_mask / 2;
    }

    void grow_to(word_type end) {
        std::unique_ptr<block> fresh;
        std::unique_ptr<directory> wider;
        if (turns_in_place_) end = everything;
        std::unique_lock guard(growing_);
        for (;;) {
            const word_type limit = limit_.load(std::memory_order_relaxed);
            if (limit == everything || (end != everything && reaches(limit, end))) return;
            const word_type size = directory_.load(std::memory_order_relaxed)->mask + 1;
            const bool narrow = blocks_ == size;
            if (fresh && (!narrow || (wider && wider->mask + 1 == 2 * size))) {
                if (narrow) widen(std::move(wider));
                attach(std::move(fresh));
                continue;
            }
            guard.unlock();  // operator new may be anybody's
            if (!fresh) fresh = std::make_unique_for_overwrite<block>();
            if (narrow) wider = std::make_unique<directory>(2 * size);
            guard.lock();
        }
    }

    /// By the lock, as what follows.
    void widen(std::unique_ptr<directory> wider) noexcept {
        directory* const narrow = directory_.load(std::memory_order_relaxed);
        for (word_type i = 0; i < blocks_; ++i) wider->entry(first_ + i).store(narrow->entry(first_ + i).load());
        wider->narrower = narrow;
        directory_.store(wider.release(), std::memory_order_release);  // partner: (26)
    }
    void attach(std::unique_ptr<block> fresh) noexcept {
        fresh->made_before = made_;
        made_ = fresh.get();
        directory_.load(std::memory_order_relaxed)->entry(first_ + blocks_).store(fresh.release());
        ++blocks_;
        limit_.store(blocks_ == all_blocks_ ? everything : limit(), std::memory_order_release);  // partner: (27)
    }
    void recycle(word_type number) noexcept {
        const std::lock_guard guard(growing_);
        const directory& d = *directory_.load(std::memory_order_relaxed);
        d.entry(number + blocks_).store(d.entry(number).load());
        first_ = number + 1;
        if (blocks_ != all_blocks_) limit_.store(limit(), std::memory_order_release);  // partner: (27)
    }
    [[nodiscard]] word_type limit() const noexcept { return (first_ + blocks_) * block_slots & ticket_mask; }

    const bool turns_in_place_;
    const word_type all_blocks_;  // with so many, every claim that the word allows has storage
    typename Platform::template atomic<directory*> directory_{nullptr};
    typename Platform::template atomic<word_type> limit_{0};  // tickets below have slots; `everything` if all ever will
    mutable typename Platform::mutex growing_;                // guards all changes of the above, and what follows
    word_type first_ = 0;                                     // the number of the oldest block
    word_type blocks_ = 0;                                    // in use: first_ to first_ + blocks_ - 1
    block* made_ = nullptr;
};

}  // namespace tailrace::detail
