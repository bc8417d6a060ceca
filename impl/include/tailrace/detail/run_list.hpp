// The run list: each thread has a list of resumptions, which the outermost caller empties, so a chain of a million
// resumptions does not grow the stack.
//
//     waking ──▶ on the list ──▶ unlinked, then run
//
// A coroutine that is destroyed on that thread is unlinked.
//
// After a change here run: ci/test -L impl
#pragma once

#include <cassert>

#include "tailrace/waker.hpp"

namespace tailrace::detail {

class run_list;

/// A resumption. Once unlinked it is not touched any more: it may have destroyed itself.
struct run_node {
    run_node() = default;
    run_node(const run_node&) = delete;
    run_node& operator=(const run_node&) = delete;

    waker action;
    run_node* previous = nullptr;
    run_node* next = nullptr;
    run_list* list = nullptr;  // the list that contains it
};

class run_list {
  public:
    /// Runs the node at once, and then all nodes that this adds; or, if called from a running node, in its turn.
    void run(run_node& n) noexcept {
        if (running_) return push(n);
        running_ = true;
        const waker first = n.action;
        first();
        while (first_ != nullptr) {
            const waker action = first_->action;
            remove(*first_);
            action();
        }
        running_ = false;
    }

    void remove(run_node& n) noexcept {
        assert(n.list == this);
        (n.previous != nullptr ? n.previous->next : first_) = n.next;
        (n.next != nullptr ? n.next->previous : last_) = n.previous;
        n.previous = n.next = nullptr;
        n.list = nullptr;
    }

    /// Whether the calling thread, the owner of this list, is inside a resumption.
    [[nodiscard]] bool running() const noexcept { return running_; }

  private:
    void push(run_node& n) noexcept {
        n.list = this;
        n.previous = last_;
        n.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &n;
        last_ = &n;
    }

    run_node* first_ = nullptr;
    run_node* last_ = nullptr;
    bool running_ = false;
};

}  // namespace tailrace::detail
