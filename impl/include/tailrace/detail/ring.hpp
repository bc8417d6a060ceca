// The slots: a ring of at least max + 1, so that the end marker has room behind a full buffer.
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
// After a change here run: ctest -L impl && ctest -L relacy
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

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

/// The ring is cut into segments that are allocated before a claim first needs them, and kept: an idle channel has one.
template <class T, class Platform>
class ring {
  public:
    explicit ring(std::uint64_t capacity)
        : mask_(std::bit_ceil(capacity + 1) - 1),
          directory_(new segment_pointer[segments()]),
          limit_(0) {
        grow_to(1);
    }
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
        for (word_type i = 0; i < segments(); ++i) delete[] directory_[i].load(std::memory_order_relaxed);
    }

    /// Precondition: covered before the ticket was claimed.
    [[nodiscard]] slot<T, Platform>& at(word_type ticket) const noexcept {
        const word_type i = ticket & mask_;
        // (26) relaxed: the entry was written before (27), which the claimer of this ticket, or of one that led here, has acquired.
        return directory_[i / segment_slots].load(std::memory_order_relaxed)[i % segment_slots];
    }

    /// Makes sure that tickets below `end` have slots. Throws std::bad_alloc, and has changed nothing then.
    void cover(word_type end) {
        // (27) acquire: partner of the release in grow_to.
        if (end > limit_.load(std::memory_order_acquire)) grow_to(end);
    }
    void cover_all() { cover(mask_ + 1); }

  private:
    using segment_pointer = typename Platform::template atomic<slot<T, Platform>*>;
    static constexpr word_type segment_slots = Platform::segment_slots;
    static_assert(std::has_single_bit(segment_slots));
    static constexpr word_type everything = ~word_type{0};

    [[nodiscard]] word_type segments() const noexcept { return mask_ / segment_slots + 1; }

    void grow_to(word_type end) {
        const std::lock_guard guard(growing_);
        word_type limit = limit_.load(std::memory_order_relaxed);
        while (limit < end) {
            const word_type size = std::min(segment_slots, mask_ + 1);
            directory_[limit / segment_slots].store(new slot<T, Platform>[size], std::memory_order_relaxed);
            limit += size;
            if (limit > mask_) limit = everything;
            limit_.store(limit, std::memory_order_release);  // partner: (27)
        }
    }

    word_type mask_;
    std::unique_ptr<segment_pointer[]> directory_;
    typename Platform::template atomic<word_type> limit_;  // tickets below have slots; `everything` once the ring is whole
    typename Platform::mutex growing_;
};

}  // namespace tailrace::detail
