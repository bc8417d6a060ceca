// The base of every worker of a round: its part of the plan, its values, and how it polls an operation.
// After a change here run: ci/test -L stress && ci/mutants -R stress
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "ledger.hpp"
#include "script.hpp"
#include "tailrace/waker.hpp"
#include "watch.hpp"

namespace tailrace::verify::stress {

/// The base of every worker: its random engine, and how it polls an operation.
class worker {
  public:
    worker(const plan& p, unsigned number) : plan_(p), random_(p.engine(number)), ledger_(number) {}
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// After the round: a mistake in its values, or in the wake-ups that it got.
    [[nodiscard]] std::optional<std::string> mistake() const {
        for (const probe& p : probes_) {
            if (p.calls.load(std::memory_order_relaxed) > p.pending) {
                return fmt::format("a waker was called {} times for {} polls that said pending",
                                   p.calls.load(std::memory_order_relaxed), p.pending);
            }
        }
        return ledger_.mistake(plan_.end == ending::drop);
    }

  protected:
    ~worker() = default;

    /// A waker, and how often it was called. It lives until the round is over: a wake-up may come
    /// late.
    struct probe {
        std::atomic<unsigned> calls{0};
        unsigned pending = 0;
        watched_parker* parker = nullptr;

        [[nodiscard]] tailrace::waker as_waker() noexcept {
            return {[](void* context) noexcept {
                        auto& p = *static_cast<probe*>(context);
                        p.calls.fetch_add(1, std::memory_order_relaxed);
                        if (p.parker != nullptr) p.parker->unpark();
                    },
                    this};
        }
    };

    template <class Operation>
    auto poll(Operation& op, probe& p) {
        auto result = op.poll(p.as_waker());
        if (!result) ++p.pending;
        return result;
    }

    /// Polls until finished, and in between sleeps until it is woken. Now and then polls with
    /// another waker first, which is not the one to call then. Calls `meanwhile` once, before it
    /// sleeps for the first time.
    template <class Operation, class Meanwhile>
    typename Operation::result_type finish(Operation& op, Meanwhile meanwhile) {
        probe& mine = probes_.emplace_back();
        mine.parker = &parker_;
        for (bool first = true;; first = false) {
            if (random_.one_in(3)) {
                if (auto result = poll(op, probes_.emplace_back())) return std::move(*result);
            }
            if (auto result = poll(op, mine)) return std::move(*result);
            if (first) meanwhile();
            parker_.park();
            idle();  // the permit may be there already, and this worker has not polled yet
        }
    }
    template <class Operation>
    typename Operation::result_type finish(Operation& op) {
        return finish(op, [] {});
    }

    /// Polls a few times, and leaves it to the caller to destroy the operation.
    template <class Operation>
    std::optional<typename Operation::result_type> try_a_while(Operation& op) {
        const unsigned polls = random_.below(4);
        for (unsigned i = 0; i < polls; ++i) {
            if (auto result = poll(op, probes_.emplace_back())) return result;
            idle();
        }
        return std::nullopt;
    }

    void idle() {
        for (unsigned i = random_.below(random_.one_in(8) ? 64 : 4); i > 0; --i) {
            std::this_thread::yield();
        }
    }
    [[noreturn]] void fail(const std::string& what) const {
        the_watch.fail(fmt::format("worker {}, in {}: {}", self.number, self.doing, what));
    }

    const plan& plan_;
    random_engine random_;
    stress::ledger ledger_;

  private:
    watched_parker parker_;
    std::deque<probe> probes_;
};

}  // namespace tailrace::verify::stress
