// The wait for permits: what send, reserve, reserve_many and reserve_owned have in common.
//
//     created ──poll──▶ waiting ──poll──▶ finished        destroying it while it waits cancels it
//        └───────────poll────────────────▶ finished
//
// It may be moved until it is first polled; from then on others may hold its address. Whatever it stores, it stores
// before its node is published: from then on its owner may be running on another thread. Permits that the owner is to
// give back are given back last, for that may wake a waiter, and end this.
// After a change here run: ctest -L impl && ctest -L conformance && ctest -L relacy
#pragma once

#include <utility>

#include "tailrace/detail/borrows.hpp"
#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

/// Permits that go back when this ends.
template <class Core>
struct returned {
    Core& channel;
    word_type permits;
    ~returned() { channel.return_permits(permits); }
};

template <class T, class Platform>
class permit_wait {
  public:
    using core_type = core<T, Platform>;
    using owed_wakes = typename core_type::owed_wakes;

    permit_wait(core_type& c, word_type need) noexcept : core_(c) { node_.need = need; }
    permit_wait(permit_wait&& other) noexcept : core_(std::move(other.core_)), phase_(move_phase(other.phase_)) {
        node_.need = other.node_.need;
    }
    permit_wait& operator=(permit_wait&&) = delete;
    ~permit_wait() {
        if (phase_ != phase::waiting) return;
        owed_wakes owed;
        (void)core_->withdraw(node_, owed);
        finish().return_permits(held());
    }

    [[nodiscard]] core_type& channel() const noexcept { return *core_; }
    [[nodiscard]] word_type need() const noexcept { return node_.need; }
    /// What it has of what it needs.
    [[nodiscard]] word_type held() const noexcept { return node_.held.load(); }
    [[nodiscard]] bool created() const {
        require_unfinished(phase_);
        return phase_ == phase::created;
    }
    /// The end of the wait and of the borrow. What is left to be done with the channel is done by the caller, whose
    /// sender is alive.
    core_type& finish() noexcept {
        phase_ = phase::finished;
        return core_.release();
    }

    /// granted: with the permits. failed, finished: `left` goes back when the caller has its answer. none: it has to
    /// wait.
    struct outcome {
        verdict result;
        word_type left = 0;
    };
    [[nodiscard]] outcome attempt() {
        if (created()) {
            if (need() > core_->max()) return {verdict::failed};
            switch (core_->claim_permits(need())) {
                case claim_result::claimed: return {verdict::granted};
                case claim_result::closed: return {verdict::failed};
                case claim_result::full: return {verdict::none};
            }
        }
        const verdict v = look();
        if (v == verdict::failed) return {v, held()};
        if (v == verdict::granted && core_->closed()) return {verdict::failed, need()};  // closed is looked at first
        return {v};
    }
    /// What became of the wait.
    [[nodiscard]] verdict look() const noexcept { return core_type::look(node_); }

    /// Called where an attempt has found too little capacity. True: pending, and `w` will be called. False: it is
    /// decided.
    [[nodiscard]] bool wait(const waker& w) {
        if (phase_ == phase::waiting) return core_->look(node_, w) == verdict::none;
        for (;;) {
            core_->prepare_to_wait();
            phase_ = phase::waiting;  // before: once it is queued, its owner may be running elsewhere
            const verdict v = core_->enqueue(node_, w);
            if (v != verdict::unprepared) return v == verdict::none;
            phase_ = phase::created;
        }
    }

    /// Ends the wait unless it is decided; then what it held has been given back, and those whom that has served are
    /// owed a wake-up.
    [[nodiscard]] stopped stop_waiting(owed_wakes& owed) noexcept {
        if (phase_ == phase::waiting) {
            const auto [result, sent] = core_->withdraw(node_, owed);
            if (sent) return stopped::woken;
            if (result != verdict::none) return stopped::decided;
        }
        (void)finish();
        return stopped::undecided;
    }

  private:
    borrowed<core_type> core_;
    waiter<Platform> node_;
    phase phase_ = phase::created;
};

}  // namespace tailrace::detail
