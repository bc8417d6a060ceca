// The node of a waiting sender or listener, the list of such nodes, and the node of the parked receive.
//
//     waiter    created ──▶ queued ──▶ chosen ──▶ woken          any of them ──▶ dropped
//                             │           │
//                             └───────────┴──▶ (cancelled: unlinked, under the lock)
//
//   state     | may access the node            | left by
//   created   | its owner                      | being queued, or finishing at once
//   queued    | the holder of the lock         | being chosen (granted in full, or failed), or cancelled
//   chosen    | the holder of the lock         | being popped by the thread that chose it, or taken back by its owner
//   woken     | its owner                      | -
//
// A chosen node stays on the list of the thread that chose it, under the lock, until its wake-up. So its owner can
// still unlink it, and no wake-up goes through a destroyed node.
// After a change here run: ci/test -L impl && ci/test -L relacy
#pragma once

#include <atomic>
#include <cstdint>

#include "tailrace/detail/word.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

enum class wait_state : unsigned char { created, queued, chosen, woken };
enum class verdict : unsigned char { none, granted, failed, unprepared };

template <class Platform>
struct link {
    typename Platform::template plain<link*> previous{this};
    typename Platform::template plain<link*> next{this};
};

template <class Platform>
struct waiter : link<Platform> {
    // (4) release / (19) acquire: `woken` is the last write of another thread to a node. All other accesses are under
    // the lock.
    typename Platform::template atomic<wait_state> state{wait_state::created};
    typename Platform::template plain<verdict> result{verdict::none};
    typename Platform::template plain<word_type> held{0};  // permits that it has, of those that it needs
    word_type need = 0;                                    // written before the node is published
    typename Platform::template plain<tailrace::waker> waker{tailrace::waker{}};
};

/// Intrusive, doubly linked, circular. Unlinking needs no list.
template <class Platform>
class waiter_list {
  public:
    using node = waiter<Platform>;

    waiter_list() noexcept = default;
    waiter_list(const waiter_list&) = delete;
    waiter_list& operator=(const waiter_list&) = delete;

    [[nodiscard]] bool empty() const noexcept { return head_.next.load() == &head_; }

    void push_back(node& n) noexcept {
        link<Platform>* const last = head_.previous.load();
        n.previous.store(last);
        n.next.store(&head_);
        last->next.store(&n);
        head_.previous.store(&n);
    }

    /// Precondition: not empty.
    [[nodiscard]] node& front() const noexcept { return *static_cast<node*>(head_.next.load()); }

    [[nodiscard]] node* pop_front() noexcept {
        if (empty()) return nullptr;
        node& n = front();
        unlink(n);
        return &n;
    }

    static void unlink(node& n) noexcept {
        link<Platform>* const before = n.previous.load();
        link<Platform>* const after = n.next.load();
        before->next.store(after);
        after->previous.store(before);
        n.previous.store(&n);
        n.next.store(&n);
    }

  private:
    link<Platform> head_;
};

/// A receive. While it is parked, its address is in the slot that it waits for. The writer that replaces the address
/// must wake it.
template <class Platform>
struct alignas(8) receive_node {
    // Of the consumer. Its address is in a slot, or was there until its wake-up.
    typename Platform::template plain<bool> parked{false};
    // It returns none from now on, and does not touch the channel.
    typename Platform::template plain<bool> receiver_gone{false};
    // When the receiver was destroyed, a wake-up was under way or had come.
    typename Platform::template plain<bool> sent{false};
    // (4) release / (19) acquire: the last access of the writer that must wake it. Then there is a value or the end, so
    // the receive does not park again.
    typename Platform::template atomic<bool> done{false};
    // Of a parked one. Published by (18), read by the writer that must wake it.
    typename Platform::template plain<tailrace::waker> waker;
};

}  // namespace tailrace::detail
