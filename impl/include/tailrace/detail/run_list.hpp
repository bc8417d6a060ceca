// Where resumptions run: a list for each thread, emptied by the outermost caller, so that a chain of a million of them
// does not grow the stack.
//
//     waking ──▶ on the list ──▶ taken off, then run
//
// A coroutine that is destroyed on that thread is taken off the list.
//
// After a change here run: ctest -L impl
#pragma once

#include <cassert>

#include "tailrace/waker.hpp"

namespace tailrace::detail {

class run_list;

/// What is to run. Once taken off the list it is not touched any more: it may have destroyed itself.
struct run_node {
    run_node() = default;
    run_node(const run_node&) = delete;
    run_node& operator=(const run_node&) = delete;

    waker action;
    run_node* previous = nullptr;
    run_node* next = nullptr;
    run_list* list = nullptr;  // where it stands
};

class run_list {
  public:
    /// Runs the node: at once, and then whatever that brings, or, where this is called from something that runs, when
    /// its turn comes.
    void run(run_node& n) noexcept {
        push(n);
        if (running_) return;
        running_ = true;
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

    /// The calling thread, whose list this is, is somewhere inside of a resumption.
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
