// What the examples in the comments of the public headers use without declaring it.
// After a change here run: ci/test -L examples
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include <tailrace/execution.hpp>
#include <tailrace/tailrace.hpp>

using namespace std::chrono_literals;

/// Runs wakers at once, which is enough for examples.
struct example_executor {
    void execute(const tailrace::waker& w) noexcept { w(); }
};

/// The names of stdexec, which is not needed to compile a sender.
namespace stdexec {
struct sender_t {};
struct operation_state_t {};
struct set_value_t {};
struct set_error_t {};
struct set_stopped_t {};
struct get_stop_token_t {};
template <class...>
struct completion_signatures {};
void sync_wait(auto&&) {}
}  // namespace stdexec
struct stdexec_names {
    using sender_t = stdexec::sender_t;
    using operation_state_t = stdexec::operation_state_t;
    using set_value_t = stdexec::set_value_t;
    using set_error_t = stdexec::set_error_t;
    using set_stopped_t = stdexec::set_stopped_t;
    using get_stop_token_t = stdexec::get_stop_token_t;
    template <class... Signatures>
    using completion_signatures = stdexec::completion_signatures<Signatures...>;
};

struct header_examples {
    std::pair<tailrace::sender<int>, tailrace::receiver<int>> channel = tailrace::channel<int>(16);
    tailrace::sender<int> tx = channel.first;
    tailrace::sender<int> out = channel.first;
    tailrace::receiver<int> rx = std::move(channel.second);
    tailrace::receiver<int> other_rx = tailrace::channel<int>(16).second;
    tailrace::receiver<int> urgent = tailrace::channel<int>(16).second;
    tailrace::receiver<int> orders = tailrace::channel<int>(16).second;
    tailrace::receiver<int> stops = tailrace::channel<int>(16).second;
    tailrace::weak_sender<int> weak = tx.downgrade();
    tailrace::permit<int> permit = *tx.try_reserve();
    tailrace::permit_iterator<int> permits = *tx.try_reserve_many(3);
    tailrace::owned_permit<int> owned = *tx.clone().try_reserve_owned();
    tailrace::manual_clock clock;
    tailrace::waker wake_me;
    tailrace::thread_pool pool{1};
    example_executor executor;
    std::stop_token token;
    int v = 0;

    static int make() { return 1; }
    template <class V>
    static void use(V&&) {}
    template <class V>
    static void handle(V&&) {}
    template <class V>
    static void keep(V&&) {}
    template <class V>
    static void take_back(V&&) {}
    template <class V>
    static void retry_later(V&&) {}
    static void idle() {}
    static void run_tasks() {}
    static void wait_for_the_waker() {}
    static tailrace::task consume(tailrace::receiver<int> from) {
        while (co_await from.recv()) continue;
    }
    static tailrace::task produce(tailrace::sender<int> to) { (void)co_await to.send(1); }
};
