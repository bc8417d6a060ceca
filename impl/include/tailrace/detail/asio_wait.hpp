// A waiting operation as an asynchronous operation of Asio (asio.hpp). It lives in storage of its handler's allocator:
//
//     started ──attempted──▶ posted ──▶ finished, freed, then the handler is called
//        │                      ▲
//        └──▶ waiting ──woken───┘         posted, and the context ends: freed with its handler
//                │
//                └── the context ends: interrupted, freed with its handler
//
// The wait is that of a stop token (interruptible_wait.hpp) with an async_interrupter in its place, which the handler's
// cancellation slot uses, and the end of the context. So these may end a wait from any thread beside the channel's
// wake-up, and the last party to leave posts the completion. A woken operation takes its value or its grant when that
// completion runs: what is never run has taken nothing.
//
// The slot is used where the handler is: it is connected by the initiation and cleared by the completion, never by the
// thread that wakes. In between, the operation and the slot's handler know each other, so either may be destroyed
// first.
// After a change here run: ci/test -L asio
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "tailrace/detail/asio_library.hpp"
#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail::inline TAILRACE_ASIO_NAMESPACE {

/// Ends a wait from outside, at most once.
class async_interrupter {
  public:
    async_interrupter() = default;
    async_interrupter(const async_interrupter&) = delete;
    async_interrupter& operator=(const async_interrupter&) = delete;

    [[nodiscard]] arming arm(const waker& w) noexcept {
        waker_ = w;
        state expected = state::idle;
        // release: fire() reads the waker.
        const bool armed = state_.compare_exchange_strong(expected, state::armed, std::memory_order_release,
                                                          std::memory_order_relaxed);
        return armed ? arming::armed : arming::due;
    }
    /// True: nothing was armed, or the waker has not been called and never will.
    [[nodiscard]] bool disarm() noexcept {
        state expected = state::armed;
        // relaxed: the parties of a wait see each other by its own word.
        return state_.compare_exchange_strong(expected, state::silent, std::memory_order_relaxed) ||
               expected != state::fired;
    }
    /// From any thread. This may be destroyed by the call, once all parties have left the wait.
    void fire() noexcept {
        state seen = state_.load(std::memory_order_relaxed);
        while (seen == state::idle || seen == state::armed) {
            // acquire: the release in arm().
            if (!state_.compare_exchange_weak(seen, state::fired, std::memory_order_acquire, std::memory_order_relaxed))
                continue;
            if (seen == state::armed) {
                const waker w = waker_;
                w();
            }
            return;
        }
    }

  private:
    enum class state : unsigned char { idle, armed, fired, silent };
    std::atomic<state> state_{state::idle};
    waker waker_;
};

/// The same as a source of interruptions: the result is that of a stop request.
class async_stop_source {
  public:
    using reason_type = stop_error;
    template <class Reason>
    static constexpr Reason reason = Reason::stopped;

    explicit async_stop_source(async_interrupter& i) noexcept : interrupter_(&i) {}

    [[nodiscard]] arming arm(const waker& w) noexcept { return interrupter_->arm(w); }
    [[nodiscard]] bool disarm() noexcept { return interrupter_->disarm(); }

  private:
    async_interrupter* interrupter_;
};

template <class Operation>
[[nodiscard]] auto with_interrupter(Operation&& op, async_interrupter& i) {
    return interruptible(std::forward<Operation>(op), async_stop_source(i));
}
template <class Operation>
using async_form = decltype(with_interrupter(std::declval<Operation>(), std::declval<async_interrupter&>()));

/// What an operation has for its handler's cancellation slot. Used where the handler is.
class slot_link {
  public:
    slot_link() = default;
    slot_link(const slot_link&) = delete;
    slot_link& operator=(const slot_link&) = delete;
    ~slot_link() {
        if (in_slot_ != nullptr) in_slot_->link_ = nullptr;
    }

    /// What is in the slot. All types of cancellation are the same here: a wait that is ended has had no effect.
    class canceller {
      public:
        explicit canceller(slot_link& link) noexcept : link_(&link) { link.in_slot_ = this; }
        canceller(const canceller&) = delete;
        canceller& operator=(const canceller&) = delete;
        ~canceller() {
            if (link_ != nullptr) link_->in_slot_ = nullptr;
        }
        void operator()(net::cancellation_type_t type) const noexcept {
            using types = net::cancellation_type;
            constexpr auto any = types::terminal | types::partial | types::total;
            if (link_ != nullptr && (type & any) != types::none) link_->interrupter.fire();
        }

      private:
        friend class slot_link;
        slot_link* link_;
    };

    template <class Slot>
    void connect(Slot slot) {
        if (slot.is_connected()) slot.template emplace<canceller>(*this);
    }
    /// The slot is gone, or has another handler, if its handler here is gone.
    template <class Slot>
    void disconnect(Slot slot) {
        if (in_slot_ != nullptr) slot.clear();
    }

    async_interrupter interrupter;

  private:
    canceller* in_slot_ = nullptr;
};

/// An operation that waits, as its context sees it.
class on_context {
  public:
    on_context() = default;
    on_context(const on_context&) = delete;
    on_context& operator=(const on_context&) = delete;

  protected:
    ~on_context() = default;

  private:
    friend class waiting_operations;
    virtual void interrupt() noexcept = 0;
    virtual void destroy() noexcept = 0;

    on_context* previous_ = nullptr;
    on_context* next_ = nullptr;
};

/// The operations that wait for the handlers of one execution context. When the context is destroyed, so are they.
///
/// An operation belongs to this from join() to leave(). In a shutdown it stays: it is interrupted, says with leave()
/// that its wait is over, and is destroyed then, when no thread uses it any more.
class waiting_operations final : public net::execution_context::service {
  public:
    using key_type = waiting_operations;
    static inline net::execution_context::id id;

    explicit waiting_operations(net::execution_context& context) : service(context) {}

    /// False: the context is being destroyed.
    [[nodiscard]] bool join(on_context& op) {
        const std::lock_guard guard(mutex_);
        if (shut_down_) return false;
        op.next_ = first_;
        if (first_ != nullptr) first_->previous_ = &op;
        first_ = &op;
        return true;
    }
    /// True: the caller posts its completion, and then says posted(); the context waits for that. False: the operation
    /// is not the caller's any more.
    [[nodiscard]] bool leave(on_context& op) noexcept {
        const std::lock_guard guard(mutex_);
        if (shut_down_) {
            if (--still_waiting_ == 0) changed_.notify_all();
            return false;
        }
        (op.previous_ != nullptr ? op.previous_->next_ : first_) = op.next_;
        if (op.next_ != nullptr) op.next_->previous_ = op.previous_;
        ++posting_;
        return true;
    }
    void posted() noexcept {
        const std::lock_guard guard(mutex_);
        --posting_;
        if (shut_down_) changed_.notify_all();  // under the mutex: this is destroyed next
    }

  private:
    // Wakers and destructors run here: not under the mutex.
    void shutdown() noexcept override {
        {
            const std::lock_guard guard(mutex_);
            shut_down_ = true;
            for (on_context* op = first_; op != nullptr; op = op->next_) ++still_waiting_;
        }
        for (on_context* op = first_; op != nullptr; op = op->next_) op->interrupt();
        {
            std::unique_lock guard(mutex_);
            changed_.wait(guard, [this] { return still_waiting_ == 0 && posting_ == 0; });
        }
        while (first_ != nullptr) std::exchange(first_, first_->next_)->destroy();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    on_context* first_ = nullptr;    // by the mutex; after the shutdown has begun, by it alone
    bool shut_down_ = false;         // by the mutex, as the rest
    std::size_t still_waiting_ = 0;  // in the shutdown
    std::size_t posting_ = 0;
};

/// The context of an executor, or null if it does not have one that it shows.
template <class Executor>
[[nodiscard]] net::execution_context* context_of(const Executor& ex) noexcept {
    if constexpr (net::can_query<const Executor&, net::execution::context_t>::value) {
        auto&& context = net::query(ex, net::execution::context);
        if constexpr (std::is_convertible_v<decltype(context), net::execution_context&>) {
            return std::addressof(static_cast<net::execution_context&>(context));
        }
    } else if constexpr (requires { static_cast<net::execution_context&>(ex.context()); }) {
        return std::addressof(static_cast<net::execution_context&>(ex.context()));
    }
    return nullptr;
}

/// What stands beside an exception in the place of the result: no success, where an operation has a failure that needs
/// no value.
template <class Result>
[[nodiscard]] Result no_result() {
    if constexpr (requires { Result(std::unexpect, Result::error_type::stopped); }) {
        return Result(std::unexpect, Result::error_type::stopped);
    } else {
        return Result{};
    }
}

template <class Handler, class Operation>
class async_operation final : private on_context {
  public:
    using result_type = typename async_form<Operation>::result_type;

    /// Throws: what the allocator and the handler's move throw, and then nothing has happened.
    static void start(Handler handler, Operation&& op) { make(std::move(handler), std::move(op))->begin(); }

  private:
    // The default is named: newer versions of Asio have another one, which calls the handler where it is.
    using executor_type = net::associated_executor_t<Handler, net::system_executor>;
    using allocator_type = net::associated_allocator_t<Handler>;
    using traits = typename std::allocator_traits<allocator_type>::template rebind_traits<async_operation>;

    struct destroyer {
        typename traits::allocator_type storage;
        void operator()(async_operation* op) noexcept {
            op->~async_operation();
            traits::deallocate(storage, op, 1);
        }
    };
    using owner = std::unique_ptr<async_operation, destroyer>;
    /// Before the handler is moved, which has the allocator.
    [[nodiscard]] owner owned() noexcept { return owner(this, destroyer{allocator()}); }
    [[nodiscard]] allocator_type allocator() const noexcept { return net::get_associated_allocator(handler_); }

    /// What is posted. It owns the operation.
    class completion {
      public:
        using allocator_type = async_operation::allocator_type;

        explicit completion(async_operation& op) noexcept : operation_(&op) {}
        completion(completion&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
        completion& operator=(completion&&) = delete;
        ~completion() {
            if (operation_ != nullptr) operation_->destroy();
        }
        [[nodiscard]] allocator_type get_allocator() const noexcept { return operation_->allocator(); }
        void operator()() { std::exchange(operation_, nullptr)->finish(); }

      private:
        async_operation* operation_;
    };
    struct posted_at_the_end {
        waiting_operations* list;
        ~posted_at_the_end() {
            if (list != nullptr) list->posted();
        }
    };

    async_operation(Handler&& handler, Operation&& op)
        : handler_(std::move(handler)),
          work_(net::get_associated_executor(handler_, net::system_executor())),
          wait_(with_interrupter(std::move(op), slot_.interrupter).start_waiting()) {}
    ~async_operation() = default;

    [[nodiscard]] static async_operation* make(Handler&& handler, Operation&& op) {
        typename traits::allocator_type storage(net::get_associated_allocator(handler));
        auto* const place = traits::allocate(storage, 1);
        try {
            return ::new (static_cast<void*>(place)) async_operation(std::move(handler), std::move(op));
        } catch (...) {
            traits::deallocate(storage, place, 1);
            throw;
        }
    }
    void destroy() noexcept override { owned().reset(); }
    void interrupt() noexcept override { slot_.interrupter.fire(); }

    void begin() {
        try {
            if (!wait_.try_at_once()) {
                if (!join()) return destroy();
                slot_.connect(net::get_associated_cancellation_slot(handler_));
                bool over = false;  // stays so: code that this runs may not destroy the context, which is in use
                if (!wait_.start({&woken, this}, over)) return;
            }
        } catch (...) {
            failure_ = std::current_exception();
        }
        deliver(at_once);
    }
    /// False: the context is being destroyed.
    [[nodiscard]] bool join() {
        net::execution_context* const context = context_of(work_.get_executor());
        if (context == nullptr) return true;
        auto& list = net::use_service<waiting_operations>(*context);
        if (!list.join(*this)) return false;
        list_ = &list;
        return true;
    }

    static void woken(void* self) noexcept { static_cast<async_operation*>(self)->deliver(after_a_wait); }
    /// Never inside the call that wakes: its caller may hold locks or be a handler of the same strand, chains of
    /// wake-ups would be a recursion, and a handler may throw.
    static void after_a_wait(async_operation& self) {
        const executor_type ex = self.work_.get_executor();
        net::post(ex, completion(self));
    }
    /// Never inside the initiating function, unless the handler has asked for that.
    static void at_once(async_operation& self) {
#if TAILRACE_ASIO_VERSION >= 102800
        const executor_type handlers = self.work_.get_executor();
        const auto ex = net::get_associated_immediate_executor(self.handler_, handlers);
        net::dispatch(ex, completion(self));
#else
        after_a_wait(self);
#endif
    }
    void deliver(void (*how)(async_operation&)) {
        waiting_operations* const list = list_;
        if (list != nullptr && !list->leave(*this)) return;
        const posted_at_the_end guard{list};
        how(*this);
    }

    /// On the handler's executor.
    void finish() {
        owner self = owned();
        slot_.disconnect(net::get_associated_cancellation_slot(handler_));
        std::exception_ptr failure = std::move(failure_);
        Handler handler(std::move(handler_));  // before the result, which may be a permit of a sender that it owns
        std::optional<result_type> result;
        if (!failure) {
            try {
                result.emplace(wait_.finish());
            } catch (...) {
                failure = std::current_exception();
            }
        }
        if (!result) result.emplace(no_result<result_type>());
        self.reset();
        std::move(handler)(std::move(failure), std::move(*result));
    }

    Handler handler_;
    net::executor_work_guard<executor_type> work_;
    std::exception_ptr failure_;
    waiting_operations* list_ = nullptr;
    slot_link slot_;
    typename async_form<Operation>::wait_type wait_;  // ends first: the handler may own the handles that it borrows
};

/// The initiation.
struct start_async {
    template <class Handler, class Operation>
    void operator()(Handler&& handler, Operation&& op) const {
        static_assert(!std::is_lvalue_reference_v<Operation>, "tailrace: an operation is started once");
        async_operation<std::decay_t<Handler>, Operation>::start(std::forward<Handler>(handler),
                                                                 std::forward<Operation>(op));
    }
};

}  // namespace tailrace::detail::inline TAILRACE_ASIO_NAMESPACE
