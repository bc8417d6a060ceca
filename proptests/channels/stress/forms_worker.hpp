// What the workers of a round of every form share: the objects of all rounds, how hard a round works, the counts of
// what has happened, and where a coroutine is resumed.
// After a change here run: ci/test -L stress
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "forms.hpp"
#include "script.hpp"
#include "tailrace/coroutine.hpp"
#include "tailrace/timer.hpp"

namespace tailrace::verify::stress {

/// The objects shared by all rounds.
struct world {
    timer_thread timers;
    pool workers{2};
    stopper stops;
};

/// A sender takes `least_steps` steps and up to `more_steps - 1` more; some are of up to `burst` sends, or receives.
struct effort {
    unsigned least_steps = 3;
    unsigned more_steps = 8;
    unsigned burst = 1;
};

/// How often each result occurred: a stress test without coverage proves nothing.
struct counts {
    std::uint64_t sent = 0, received = 0, batches = 0;
    std::uint64_t refused = 0;                                          // the channel was closed, or full
    std::uint64_t timed_out = 0, stopped = 0, dropped = 0, framed = 0;  // the ways to cancel; framed: with its frame
    std::uint64_t upgraded = 0;

    void add(const counts& other) {
        for (const auto member :
             {&counts::sent, &counts::received, &counts::batches, &counts::refused, &counts::timed_out,
              &counts::stopped, &counts::dropped, &counts::framed, &counts::upgraded}) {
            this->*member += other.*member;
        }
    }
};

struct here {
    template <class Operation>
    static Operation place(world&, Operation op) {
        return op;
    }
};
struct on_the_pool {
    template <class Operation>
    static auto place(world& w, Operation op) {
        return resume_on(w.workers, std::move(op));
    }
};

/// The operations of this handle can be awaited, and have deadlines and stop tokens.
template <class Handle>
concept has_every_form = requires(Handle& h) { typename decltype(h.clone().reserve())::platform_type; } ||
                         requires(Handle& h) { typename decltype(h.recv())::platform_type; };

/// Called at most once for each poll that returned pending; uses no object that may be destroyed.
inline constexpr waker noisy_waker = {[](void*) noexcept { noise(); }, nullptr};

/// The base of a worker. Its members are read after it has ended, but for `doing`.
class forms_worker {
  public:
    forms_worker(world& w, const plan& p, const effort& e, unsigned number)
        : world_(w), plan_(p), effort_(e), random_(p.engine(number)) {}
    forms_worker(const forms_worker&) = delete;
    forms_worker& operator=(const forms_worker&) = delete;

    [[nodiscard]] const counts& counted() const noexcept { return counts_; }
    [[nodiscard]] const std::optional<std::string>& mistake() const noexcept { return mistake_; }
    /// The step that it takes now; and how many steps and values there were so far.
    [[nodiscard]] const char* doing() const noexcept { return doing_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t moves() const noexcept { return moves_.load(std::memory_order_relaxed); }

  protected:
    void does(const char* step) noexcept {
        doing_.store(step, std::memory_order_relaxed);
        moved();
    }
    void moved() noexcept { moves_.store(moves() + 1, std::memory_order_relaxed); }
    std::chrono::microseconds timeout() { return draw_timeout(random_); }
    unsigned burst() { return 1 + random_.below(effort_.burst); }

    world& world_;
    const plan& plan_;
    const effort& effort_;
    random_engine random_;
    counts counts_;
    std::optional<std::string> mistake_;

  private:
    std::atomic<const char*> doing_{"not yet begun"};
    std::atomic<std::uint64_t> moves_{0};
};

}  // namespace tailrace::verify::stress
