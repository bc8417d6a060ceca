// The wait for permits, shared by send, reserve, reserve_many and reserve_owned.
//
//     created ──poll──▶ waiting ──poll──▶ finished        destroying it while it waits cancels it
//        └───────────poll────────────────▶ finished
//
// It may be moved until it is first polled; from then on its address is shared. It stores everything before its node is
// published: afterwards its owner may run on another thread. Permits that the owner has to return are returned last,
// because that may wake a waiter, which may destroy this.
// After a change here run: ci/test -L impl && ci/test -L conformance && ci/test -L relacy
#pragma once

#include <optional>
#include <utility>

#include "tailrace/detail/borrows.hpp"
#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

template <class T, class Platform>
class permit_wait {
  public:
    using core_type = core<T, Platform>;
    using owed_wakes = typename core_type::owed_wakes;

    permit_wait(core_type& c, word_type need) noexcept : core_(c), need_(need) {}
    permit_wait(permit_wait&& other) noexcept
        : core_(other.core_), need_(other.need_), phase_(move_phase(other.phase_)) {}
    permit_wait& operator=(permit_wait&&) = delete;
    ~permit_wait() {
        if (phase_ != phase::finished) [[unlikely]]
            cancel();
    }

    [[nodiscard]] core_type& channel() const noexcept { return *core_; }
    [[nodiscard]] word_type need() const noexcept { return need_; }
    /// The permits that it has so far.
    [[nodiscard]] word_type held() const noexcept { return node_ ? node_->held.load() : 0; }
    [[nodiscard]] bool created() const {
        require_unfinished(phase_);
        return phase_ == phase::created;
    }
    /// The end of the wait and of the borrow. The caller, whose sender is alive, does the rest of the work on the
    /// channel.
    [[gnu::always_inline]] core_type& finish() noexcept {
        phase_ = phase::finished;
        return core_.end();
    }

    /// granted: with the permits. failed, finished: `left` is returned when the caller has its result. none: it has to
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
        if (v == verdict::granted && core_->closed()) return {verdict::failed, need()};  // closed is checked first
        return {v};
    }
    /// The state of the wait.
    [[nodiscard]] verdict look() const noexcept { return node_ ? core_type::look(*node_) : verdict::none; }

    /// Called after an attempt has found too little capacity. True: pending, and `w` will be called. False: it is
    /// decided.
    [[nodiscard]] bool wait(const waker& w) {
        if (phase_ == phase::waiting) return core_->look(*node_, w) == verdict::none;
        node_.emplace().need = need_;
        for (;;) {
            core_->prepare_to_wait();
            phase_ = phase::waiting;  // before it is queued: afterwards its owner may run on another thread
            const verdict v = core_->enqueue(*node_, w);
            if (v != verdict::unprepared) return v == verdict::none;
            phase_ = phase::created;
        }
    }

    /// Ends the wait unless it is decided. Its permits are returned, and the waiters that this serves are in `owed`.
    [[nodiscard]] stopped stop_waiting(owed_wakes& owed) noexcept {
        if (phase_ == phase::waiting) {
            const auto [result, sent] = core_->withdraw(*node_, owed);
            if (sent) return stopped::woken;
            if (result != verdict::none) return stopped::decided;
        }
        (void)finish();
        return stopped::undecided;
    }

  private:
    [[gnu::noinline]] void cancel() noexcept {
        owed_wakes owed;
        if (phase_ == phase::waiting) (void)core_->withdraw(*node_, owed);
        finish().return_permits(held())();
    }

    borrow<core_type> core_;  // until it is finished
    const word_type need_;
    std::optional<waiter<Platform>> node_;  // made when there is something to wait for
    phase phase_ = phase::created;
};

}  // namespace tailrace::detail
