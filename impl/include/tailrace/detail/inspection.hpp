// For tests and assertions: the state of a channel as text, and a check of its invariants, numbered INV-n as in
// DESIGN.md.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <atomic>
#include <cassert>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tailrace/detail/lock.hpp"
#include "tailrace/detail/word.hpp"

namespace tailrace::detail {

struct inspection {
    /// The core behind a sender, receiver or weak sender that is not moved from.
    template <class Handle>
    [[nodiscard]] static auto& core_of(const Handle& h) {
        return h.core();
    }

    struct text {
        char line[192];
    };
    /// The state as text. While other threads use the channel, its parts need not belong to one state.
    template <class Core>
    [[nodiscard]] static text debug_string(const Core& c) noexcept {
        const word_type w = c.word_.load(std::memory_order_relaxed);
        const word_type taken = c.taken_.load(std::memory_order_relaxed);
        text t;
        (void)std::snprintf(t.line, sizeof t.line,
                            "tail %" PRIu64 ", taken %" PRIu64 ", used %" PRIu64 " of %" PRIu64
                            ", %s, %s, senders %" PRIu64 ", weak %" PRIu64 ", blocks %" PRIu64,
                            tail(w), taken & ticket_mask, used(w, taken), c.max_,
                            has_waiters(w) ? "waiters" : "no waiters", is_closed(w) ? "closed" : "open",
                            c.strong_count(), c.weak_count(), c.ring_.blocks());
        return t;
    }

    /// Nothing, or the invariant that is broken. Precondition: no other thread uses the channel.
    template <class Core>
    [[nodiscard]] static const char* check_invariants(Core& c) {
        const scoped_lock guard(c.lock_);
        const word_type w = c.word_.load(std::memory_order_relaxed);
        const word_type taken = c.taken_.load(std::memory_order_relaxed);
        if (used(w, taken) > c.max_) return "INV-1: more permits are used than there are";
        if (((tail(w) - taken) & ticket_mask) > c.max_) return "INV-2: more values are buffered than permits are used";
        if (has_waiters(w) == c.waiters_.empty()) return "INV-3: the waiters bit differs from the state of the queue";
        if (has_waiters(w) != c.waiting_.load(std::memory_order_relaxed)) {
            return "INV-3: `waiting` differs from the waiters bit";
        }
        if (has_waiters(w) && is_closed(w)) return "INV-3: a waiter is queued on a closed channel";
        if (has_waiters(w) && used(w, taken) != c.max_) return "INV-4: a waiter is queued while permits are available";
        if (!c.waiters_.empty()) {
            const auto& first = c.waiters_.front();
            if (first.held.load() >= first.need) return "INV-4: the first in line has what it needs, and waits";
        }
        if (!c.ring_.has(taken + used(w, taken) + 1)) return "INV-7: a permit or the end has no storage";
        if (c.ring_.is_relied_on()) return "INV-7: a claim that is over relies on storage";
        const word_type seen = c.seen_.load(std::memory_order_relaxed);
        if (seen > taken || (c.max_ != 1 && used(w, seen) > c.max_ + c.lap())) {
            return "INV-10: what senders have seen of receives is too old";
        }
        return nullptr;
    }

    struct blocks {
        word_type next_ticket, slots, bytes, number, most;  // slots, bytes: of one
    };
    /// The storage. Precondition: no other thread uses the channel.
    template <class Core>
    [[nodiscard]] static blocks storage_of(const Core& c) {
        const auto& r = c.ring_;
        return {tail(c.word_.load(std::memory_order_relaxed)), r.block_slots, r.block_bytes, r.blocks(),
                r.most_blocks()};
    }

    template <class Core>
    [[noreturn]] static void fail(const Core& c, const char* what) noexcept {
        (void)std::fprintf(stderr, "tailrace: %s\n  channel: %s\n", what, debug_string(c).line);
        assert(false && "tailrace: a channel's assertion failed, see above");
        std::abort();
    }
};

}  // namespace tailrace::detail
