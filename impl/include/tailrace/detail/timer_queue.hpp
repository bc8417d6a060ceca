// The armed timers of a clock, in order of deadline: an intrusive pairing heap.
//
//     root                     child_    the first child; no child is due before its parent
//      │ child_                next_     the next sibling
//      a ──next_──▶ b ─▶ c     before_   the sibling before, or the parent of a first child
//
// push is O(1), pop_front and remove are O(log n) amortised: one of them may take n steps. Nothing
// is allocated, and nothing recurses: a tree may be as deep or as wide as there are nodes.
// After a change here run: ci/test -L impl
#pragma once

#include <cassert>
#include <cstdint>
#include <utility>

namespace tailrace::detail {

template <class TimePoint>
class timer_queue;

template <class TimePoint>
class timer_node {
  public:
    timer_node() = default;
    timer_node(const timer_node&) = delete;
    timer_node& operator=(const timer_node&) = delete;

    /// In a queue. Its deadline is not changed then.
    [[nodiscard]] bool linked() const noexcept { return sequence_ != 0; }

    TimePoint deadline{};

  private:
    friend class timer_queue<TimePoint>;

    [[nodiscard]] bool due_before(const timer_node& other) const noexcept {
        if (deadline < other.deadline) return true;
        if (other.deadline < deadline) return false;
        return sequence_ < other.sequence_;
    }

    std::uint64_t sequence_ = 0;  // of arming; 0: in no queue
    timer_node* child_ = nullptr;
    timer_node* next_ = nullptr;
    timer_node* before_ = nullptr;
};

/// By deadline, and by arming among equals. Not thread-safe.
template <class TimePoint>
class timer_queue {
  public:
    using node = timer_node<TimePoint>;

    timer_queue() = default;
    timer_queue(const timer_queue&) = delete;
    timer_queue& operator=(const timer_queue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return root_ == nullptr; }

    [[nodiscard]] node& front() const noexcept {
        assert(!empty());
        return *root_;
    }

    void push(node& n) noexcept {
        assert(!n.linked());
        n.sequence_ = ++pushed_;
        root_ = root_ == nullptr ? &n : meld(root_, &n);
    }

    node& pop_front() noexcept {
        node& first = front();
        root_ = meld_children(first);
        first.sequence_ = 0;
        return first;
    }

    /// One that is in this queue.
    void remove(node& n) noexcept {
        assert(n.linked());
        if (&n == root_) {
            pop_front();
            return;
        }
        (n.before_->child_ == &n ? n.before_->child_ : n.before_->next_) = n.next_;
        if (n.next_ != nullptr) n.next_->before_ = n.before_;
        n.next_ = n.before_ = nullptr;
        n.sequence_ = 0;
        if (node* orphans = meld_children(n)) root_ = meld(root_, orphans);
    }

  private:
    /// Two roots, without siblings, become one.
    [[nodiscard]] static node* meld(node* a, node* b) noexcept {
        if (b->due_before(*a)) std::swap(a, b);
        b->before_ = a;
        b->next_ = a->child_;
        if (b->next_ != nullptr) b->next_->before_ = b;
        a->child_ = b;
        return a;
    }

    /// The children, which leave their parent, as one tree: in pairs from the first to the last,
    /// then the pairs from the last to the first. This order makes it O(log n) amortised.
    [[nodiscard]] static node* meld_children(node& parent) noexcept {
        node* pairs = nullptr;  // the last one first, by next_
        for (node* rest = std::exchange(parent.child_, nullptr); rest != nullptr;) {
            node* pair = pop(rest);
            if (rest != nullptr) pair = meld(pair, pop(rest));
            pair->next_ = std::exchange(pairs, pair);
        }
        node* all = pairs != nullptr ? pop(pairs) : nullptr;
        while (pairs != nullptr) all = meld(all, pop(pairs));
        return all;
    }

    /// The first of some siblings, as a root.
    [[nodiscard]] static node* pop(node*& siblings) noexcept {
        node* first = std::exchange(siblings, siblings->next_);
        first->next_ = first->before_ = nullptr;
        return first;
    }

    node* root_ = nullptr;
    std::uint64_t pushed_ = 0;
};

}  // namespace tailrace::detail
