// The waiting operations as asynchronous operations of Asio, with any completion token; and a clock over its timers.
//
//     asio::awaitable<void> pump(tailrace::receiver<int> rx, tailrace::sender<int> tx) {
//         while (auto v = co_await tailrace::async(rx.recv()))
//             if (!co_await tailrace::async(tx.send(*v))) break;
//     }
//
// For Boost.Asio and for standalone Asio: detail/asio_library.hpp says which is used. Nothing else of the library
// includes this header, and it needs exceptions. docs/guide/asio.md is a guide.
// After a change here run: ci/test -L asio
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "tailrace/coroutine.hpp"
#include "tailrace/detail/asio_library.hpp"
#include "tailrace/detail/asio_wait.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::inline TAILRACE_ASIO_NAMESPACE {

/// What async(op) ends with: the result of with_stop(op, token), where `stopped` means cancelled.
///
///     op              result                                     of with_timeout(op, ...)
///     send            expected<void, send_stop_error<T>>         expected<void, send_interrupt_error<T>>
///     recv            expected<T, recv_stop_error>               expected<T, interrupt_error>
///     send_many       expected<size_t, stop_error>               expected<size_t, interrupt_error>
///     recv_many       expected<size_t, recv_stop_error>          expected<size_t, interrupt_error>
///     peek            expected<T*, recv_stop_error>              expected<T*, interrupt_error>
///     reserve ...     expected<permit ..., reserve_stop_error>   expected<permit ..., interrupt_error>
///     closed          bool: closed                               bool: closed
template <class Operation>
using async_result_of = typename detail::async_form<Operation>::result_type;

/// Starts any waiting operation as an asynchronous operation of Asio: plain, with a deadline, with a stop token. The
/// token may be any that takes this signature. The default can be awaited: deferred, before Asio 1.28 use_awaitable.
///
/// Signature: void(std::exception_ptr, async_result_of<Operation>). The end of a channel, a deadline and a cancellation
/// are no exceptions but results, and a send's result has the value that was not sent. With an error_code in front,
/// use_awaitable and use_future would throw that code and drop the value. The exception is one that the operation's
/// poll threw; then the result says nothing.
/// On close: as the operation.
/// Cancel safety: complete. The handler's cancellation slot ends the wait, whatever the type of the cancellation: a
/// cancelled send gives its value back, a cancelled receive has taken nothing, a cancelled reservation returns its
/// permits. Success and closed beat it. As everywhere in Asio, a signal is emitted where the handler runs, on its
/// strand, and one that was emitted before the start is not seen. A coroutine that is cancelled throws at its next
/// co_await, before the operation starts; then the value of a send goes with the operation, unless it was switched off
/// with this_coro::throw_if_cancelled(false).
/// Completion: posted to the handler's associated executor (without one: Asio's system executor), never inside this
/// function or the call that wakes. A result that is there at once goes to the associated immediate executor where Asio
/// has that (1.28). Work is outstanding on the executor until then. The operation is allocated with the associated
/// allocator and freed before the handler is called. A receive takes its value when the completion runs.
/// Throws: std::bad_alloc, if the operation cannot be allocated or its completion not be posted; what the poll throws
/// is given to the handler. A completion of a wait that cannot be posted for lack of memory ends the program.
/// Progress: that of the operation. A wait locks mutexes of the handler's execution context for a moment.
///
/// If the handler's execution context is destroyed first, the handler is destroyed and not called: a wait has had no
/// effect then, and a result that was there at once is destroyed. Code that this function runs, such as a coroutine
/// that a send resumes, must not destroy the context. The handles must outlive the operation as always; the handler may
/// own them.
///
///     tailrace::async(rx.recv(), asio::bind_executor(strand, [](std::exception_ptr e, auto v) {
///         if (!e && v) use(*v);
///     }));
///     auto sent = co_await tailrace::async(tx.send(std::move(v)));
///     if (!sent) v = std::move(sent.error().value);  // stopped or closed
template <waiting_operation Operation, class Token = detail::default_token>
auto async(Operation op, Token&& token = Token()) {
    return detail::net::async_initiate<Token, void(std::exception_ptr, async_result_of<Operation>)>(
        detail::start_async{}, token, std::move(op));
}

/// The steady clock, for deadlines whose timers run on an executor of Asio: no thread of their own. It must outlive
/// every operation that waits on it, and the executor's context must, too. Thread-safe.
///
/// An armed timer is outstanding work of the context. It is cancelled with its operation. A context that is stopped or
/// destroyed wakes no operation.
///
/// Throws: what steady_timer throws, when a deadline is armed.
///
///     tailrace::steady_timer_clock clock(context.get_executor());
///     auto v = co_await tailrace::async(rx.recv_timeout(5ms, clock));
class steady_timer_clock {
  public:
    /// The unit of deadlines.
    using duration = std::chrono::steady_clock::duration;
    /// A deadline.
    using time_point = std::chrono::steady_clock::time_point;

    /// With timers on this executor.
    explicit steady_timer_clock(detail::net::any_io_executor executor) noexcept : executor_(std::move(executor)) {}
    steady_timer_clock(const steady_timer_clock&) = delete;
    steady_timer_clock& operator=(const steady_timer_clock&) = delete;

    /// The time of the steady clock.
    [[nodiscard]] time_point now() const noexcept { return std::chrono::steady_clock::now(); }

    /// One registration, of one owner. Arming it again for the same deadline replaces the waker. Once fired it stays
    /// silent until it is disarmed, and can then be armed again.
    class timer {
      public:
        timer() = default;
        timer(const timer&) = delete;
        timer& operator=(const timer&) = delete;
        /// Disarms it.
        ~timer() { (void)disarm(); }

        /// `w` will be called once, when the deadline has come; never for time_point::max(), which is no deadline.
        ///
        /// Throws: what steady_timer throws.
        void arm(steady_timer_clock& clock, time_point when, const waker& w) {
            if (when == time_point::max()) return;
            if (registration_) return registration_->replace(w);
            auto made = std::make_shared<registration>(w);
            timer_.emplace(clock.executor_, when);
            timer_->async_wait([made](const detail::asio_error& failed) {
                if (!failed) made->fire();
            });
            registration_ = std::move(made);
        }
        /// True: nothing was armed, or the wake-up has not come and never will. False: it has come, or is under way on
        /// another thread.
        bool disarm() noexcept {
            if (!registration_) return true;
            const bool silent = registration_->silence();
            registration_.reset();
            timer_.reset();
            return silent;
        }

      private:
        /// Shared with the handler, which may run after the timer is gone.
        class registration {
          public:
            explicit registration(const waker& w) noexcept : waker_(w) {}
            void replace(const waker& w) {
                const std::lock_guard guard(mutex_);
                waker_ = w;
            }
            [[nodiscard]] bool silence() noexcept {
                const std::lock_guard guard(mutex_);
                const bool in_time = armed_;
                armed_ = false;
                return in_time;
            }
            void fire() noexcept {
                std::unique_lock guard(mutex_);
                if (!armed_) return;
                armed_ = false;
                const waker w = waker_;
                guard.unlock();
                w();
            }

          private:
            std::mutex mutex_;
            bool armed_ = true;  // by the mutex, as the waker
            waker waker_;
        };

        // Used by its owner and by the thread that ends the wait, one after the other.
        std::optional<detail::net::steady_timer> timer_;
        std::shared_ptr<registration> registration_;
    };

  private:
    detail::net::any_io_executor executor_;
};

}  // namespace tailrace::inline TAILRACE_ASIO_NAMESPACE
