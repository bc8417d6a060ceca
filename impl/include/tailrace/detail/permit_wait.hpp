// The wait for permits: what send, reserve, reserve_many and reserve_owned have in common.
//
//     created ──poll──▶ waiting ──poll──▶ finished        destroying it while it waits cancels it
//        └───────────poll────────────────▶ finished
//
// It may be moved until it is first polled; from then on others may hold its address. Whatever it stores, it stores before its node
// is published: from then on its owner may be running on another thread.
// After a change here run: ctest -L impl && ctest -L conformance && ctest -L relacy
#pragma once

#include <cassert>
#include <utility>

#include "tailrace/detail/borrows.hpp"
#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

enum class phase : unsigned char { created, waiting, finished };

/// How an operation stopped waiting.
enum class stopped : unsigned char {
    undecided,  // it got nothing; no wake-up will come
    decided,    // its answer is there; no wake-up will come
    woken       // its answer is there; a wake-up has come or will
};

/// An operation may be moved before its first poll. Afterwards nothing may be done with what is left.
[[nodiscard]] inline phase move_phase(phase& from) noexcept {
    assert(from != phase::waiting && "an operation may be moved only before its first poll");
    return std::exchange(from, phase::finished);
}

inline void require_unfinished(phase p) {
    if (p == phase::finished) misuse("tailrace: an operation was used after it had finished");
}

template <class T, class Platform>
class permit_wait {
  public:
    using core_type = core<carried<T>, Platform>;

    permit_wait(core_type& c, word_type need) noexcept : core_(c) { node_.need = need; }
    permit_wait(permit_wait&& other) noexcept : core_(std::move(other.core_)), phase_(move_phase(other.phase_)) {
        node_.need = other.node_.need;
    }
    permit_wait& operator=(permit_wait&&) = delete;
    ~permit_wait() {
        if (phase_ != phase::waiting) return;
        (void)core_->withdraw(node_);
        core_->return_permits(node_.held.load());
    }

    [[nodiscard]] core_type& channel() const noexcept { return *core_; }
    [[nodiscard]] word_type need() const noexcept { return node_.need; }
    [[nodiscard]] bool created() const {
        require_unfinished(phase_);
        return phase_ == phase::created;
    }
    /// The end of the borrow. What is left to be done with the channel is done by the caller, whose sender is alive.
    core_type& finish() noexcept {
        phase_ = phase::finished;
        core_type& c = *core_;
        core_.reset();
        return c;
    }

    /// Called where a claim has found too little capacity. none: pending.
    [[nodiscard]] verdict enqueue(const waker& w) {
        core_->prepare_to_wait();
        phase_ = phase::waiting;
        const verdict v = core_->enqueue(node_, w);
        if (v != verdict::none) phase_ = phase::created;
        return v;
    }
    /// What became of the wait. none: still pending. failed: what it held has been given back.
    [[nodiscard]] verdict look(const waker& w) noexcept {
        const verdict v = core_->look(node_, w);
        if (v == verdict::failed) core_->return_permits(node_.held.load());
        return v;
    }
    /// The whole wait, but for finish(): none while pending; granted, with the permits; failed.
    [[nodiscard]] verdict poll(const waker& w) {
        if (created()) {
            if (need() > core_->max()) return verdict::failed;
            switch (core_->claim_permits(need())) {
                case claim_result::claimed: return verdict::granted;
                case claim_result::closed: return verdict::failed;
                case claim_result::full: break;
            }
            return enqueue(w);
        }
        const verdict v = look(w);
        if (v != verdict::granted || !core_->closed()) return v;
        core_->return_permits(need());  // granted, but closed is looked at first
        return verdict::failed;
    }

    /// Ends the wait unless it is decided; then what it held has been given back.
    [[nodiscard]] stopped stop_waiting() noexcept {
        const auto [result, owed] = core_->withdraw(node_);
        if (owed) return stopped::woken;
        if (result != verdict::none) return stopped::decided;
        finish().return_permits(node_.held.load());
        return stopped::undecided;
    }

  private:
    borrowed<core_type> core_;
    waiter<Platform> node_;
    phase phase_ = phase::created;
};

}  // namespace tailrace::detail
