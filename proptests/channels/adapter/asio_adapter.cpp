#include "asio_adapter.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "tailrace/asio.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/verify/channel_session.hpp"
#include "target/forms.hpp"

namespace tailrace::verify {
namespace {

namespace net = boost::asio;

/// Keeps one completion, from any thread, until its owner takes it.
class mailbox {
  public:
    using completion = std::move_only_function<void()>;

    void put(completion c) {
        std::unique_lock guard(mutex_);
        completion_ = std::move(c);
        const waker w = waker_;
        came_.notify_all();
        guard.unlock();
        w();
    }
    /// Nothing: the next one calls `w`.
    [[nodiscard]] completion take(const waker& w) {
        const std::lock_guard guard(mutex_);
        waker_ = w;
        return std::exchange(completion_, nullptr);
    }
    [[nodiscard]] completion wait() {
        std::unique_lock guard(mutex_);
        came_.wait(guard, [this] { return completion_ != nullptr; });
        return std::exchange(completion_, nullptr);
    }

  private:
    std::mutex mutex_;
    std::condition_variable came_;
    completion completion_;
    waker waker_;
};

class mailbox_executor {
  public:
    explicit mailbox_executor(mailbox& box) noexcept : box_(&box) {}

    static constexpr auto query(net::execution::blocking_t) noexcept { return net::execution::blocking.never; }
    template <class F>
    void execute(F f) const {
        box_->put(std::move(f));
    }
    // Asio asks for it, and clang-tidy sees no call.
    [[maybe_unused]] friend bool operator==(const mailbox_executor&, const mailbox_executor&) noexcept = default;

  private:
    mailbox* box_;
};

/// An operation of Asio that is polled.
template <class Operation>
class asynchronous {
    using async_result = async_result_of<Operation>;
    struct running {
        mailbox box;
        net::cancellation_signal signal;
        std::exception_ptr failure;
        std::optional<async_result> result;
    };

  public:
    using result_type = typename Operation::result_type;

    asynchronous(Operation&& op, const bool& receiver_is_gone, bool receives)
        : operation_(std::move(op)), receiver_is_gone_(receives ? &receiver_is_gone : nullptr) {}
    asynchronous(asynchronous&&) = default;
    asynchronous& operator=(asynchronous&&) = delete;
    ~asynchronous() {
        if (!running_) return;
        if (mailbox::completion woken = running_->box.take({})) return;
        cancel();
    }

    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        if (!running_) start();
        mailbox::completion completion = running_->box.take(w);
        // A receive whose receiver has gone is not woken, and ends when it is polled (borrow.receiver).
        if (!completion && receiver_is_gone_ != nullptr && *receiver_is_gone_) {
            (void)running_->box.take({});
            completion = cancel();
        }
        if (!completion) return std::nullopt;
        completion();
        const std::unique_ptr<running> ended = std::move(running_);
        if (ended->failure) std::rethrow_exception(ended->failure);
        auto result = in_forms::plain(std::type_identity<result_type>{}, std::move(*ended->result));
        if constexpr (std::is_default_constructible_v<result_type>) {
            if (!result) result.emplace();
        }
        return result;
    }

  private:
    void start() {
        running_ = std::make_unique<running>();
        auto op = std::move(*operation_);
        operation_.reset();
        async(std::move(op),
              net::bind_executor(mailbox_executor(running_->box),
                                 net::bind_cancellation_slot(running_->signal.slot(),
                                                             [to = running_.get()](std::exception_ptr e, auto&& r) {
                                                                 to->failure = std::move(e);
                                                                 to->result.emplace(std::forward<decltype(r)>(r));
                                                             })));
    }
    mailbox::completion cancel() {
        running_->signal.emit(net::cancellation_type::total);
        return running_->box.wait();
    }

    std::optional<Operation> operation_;  // until it is started
    std::unique_ptr<running> running_;
    const bool* receiver_is_gone_;
};

/// The forms of the operations of a session (target/forms.hpp): all of them one of Asio.
class asio_forms {
  public:
    template <class Operation>
    [[nodiscard]] asynchronous<Operation> of(Operation&& op, std::uint32_t, bool receives) {
        return {std::forward<Operation>(op), receiver_is_gone_, receives};
    }
    static void be_among_others() {}
    static void expect_reactions(bool) {}
    static void begin_step(bool) {}
    static void end_step() {}
    void handle_goes(bool is_receiver) { receiver_is_gone_ = receiver_is_gone_ || is_receiver; }
    static const char* complaint() { return nullptr; }

  private:
    bool receiver_is_gone_ = false;
};

struct asio_adapter_api {
    static constexpr verify::capabilities supports = capabilities::all()
                                                         .without(capability::send_timeout)
                                                         .without(capability::recv_timeout)
                                                         .without(capability::reentrancy);
    using forms = asio_forms;
    template <class T>
    static auto open(std::size_t capacity) {
        return channel<T>(capacity);
    }
};

}  // namespace

target make_asio_adapter_target() {
    return make_target<asio_adapter_api>("asio_adapter", "tailrace::channel (impl/) through tailrace::async");
}

}  // namespace tailrace::verify
