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

class node_list;

/// A resumption. Once unlinked it is not touched any more: it may have destroyed itself.
struct run_node {
    run_node() = default;
    run_node(const run_node&) = delete;
    run_node& operator=(const run_node&) = delete;

    waker action;
    run_node* previous = nullptr;
    run_node* next = nullptr;
    node_list* list = nullptr;  // the list that contains it
};

/// Resumptions in their order. Of one thread.
class node_list {
  public:
    node_list() = default;
    node_list(const node_list&) = delete;
    node_list& operator=(const node_list&) = delete;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    /// Precondition: not empty.
    [[nodiscard]] run_node& front() const noexcept { return *first_; }

    void push(run_node& n) noexcept {
        n.list = this;
        n.previous = last_;
        n.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &n;
        last_ = &n;
    }
    void remove(run_node& n) noexcept {
        assert(n.list == this);
        (n.previous != nullptr ? n.previous->next : first_) = n.next;
        (n.next != nullptr ? n.next->previous : last_) = n.previous;
        n.previous = n.next = nullptr;
        n.list = nullptr;
    }
    /// Unlinks the first one and runs it. Precondition: not empty.
    void run_first() noexcept {
        const waker action = first_->action;
        remove(*first_);
        action();
    }

  private:
    run_node* first_ = nullptr;
    run_node* last_ = nullptr;
};

class run_list : public node_list {
  public:
    /// Runs the node at once, and then all nodes that this adds; or, if called from a running node, in its turn.
    void run(run_node& n) noexcept {
        if (running_) return push(n);
        running_ = true;
        const waker first = n.action;
        first();
        while (!empty()) run_first();
        running_ = false;
    }

    /// Whether the calling thread, the owner of this list, is inside a resumption.
    [[nodiscard]] bool running() const noexcept { return running_; }

  private:
    bool running_ = false;
};

/// Where coroutines of a run queue (run_queue.hpp) or of a pool (thread_pool.hpp) are resumed. A coroutine that is
/// suspended on a thread that runs one is resumed there, and any other by the call that completes its operation.
class ready_queue {
  public:
    ready_queue() = default;
    ready_queue(const ready_queue&) = delete;
    ready_queue& operator=(const ready_queue&) = delete;

    /// From any thread.
    virtual void ready(run_node& n) noexcept = 0;
    /// `n`, which is ready, is about to be destroyed. Only where no thread may be resuming it.
    virtual void forget(run_node& n) noexcept = 0;

    /// The one that the calling thread runs, or null.
    [[nodiscard]] static ready_queue*& of_this_thread() noexcept {
        constinit thread_local ready_queue* value = nullptr;
        return value;
    }

  protected:
    ~ready_queue() = default;
};

/// Resumes on the run queue or the pool on which the coroutine was suspended; without one, on the thread that completes
/// the operation.
template <class Platform>
class inline_resumption {
  public:
    explicit inline_resumption(const waker& resumption) noexcept : queue_(ready_queue::of_this_thread()) {
        node_.action = resumption;
    }
    inline_resumption(const inline_resumption&) = delete;
    inline_resumption& operator=(const inline_resumption&) = delete;
    ~inline_resumption() {
        if (node_.list != nullptr) [[unlikely]]
            forget();
    }
    [[nodiscard]] waker as_waker() noexcept { return {&wake, this}; }

    /// Whether a wake-up, called now, only puts a coroutine on a list or queue, so that no foreign code runs in it.
    [[nodiscard]] static bool only_lists(const waker& w) noexcept {
        if (w.wake != &wake) return false;
        return static_cast<inline_resumption*>(w.context)->queue_ != nullptr || list_of_this_thread().running();
    }

  private:
    static void wake(void* self) noexcept {
        auto& [node, queue] = *static_cast<inline_resumption*>(self);
        if (queue != nullptr) return queue->ready(node);
        list_of_this_thread().run(node);
    }
    static run_list& list_of_this_thread() noexcept { return Platform::template of_this_thread<run_list>(); }
    [[gnu::noinline]] void forget() noexcept {
        if (queue_ != nullptr) return queue_->forget(node_);
        assert(node_.list == &list_of_this_thread() &&
               "a coroutine that one thread is to resume was destroyed on another");
        node_.list->remove(node_);
    }

    run_node node_;
    ready_queue* const queue_;
};

}  // namespace tailrace::detail
