// tailrace: a bounded, asynchronous, multi-producer single-consumer channel with permits.
//
//     auto [tx, rx] = tailrace::channel<int>(16);
//     (void)tx.try_send(1);
//     co_await tx.send(2);
//     std::optional<int> v = co_await rx.recv();
//
// The contract, clause by clause: model/README.md. The algorithm: impl/DESIGN.md.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "tailrace/coroutine.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/fwd.hpp"
#include "tailrace/permit.hpp"
#include "tailrace/platform.hpp"
#include "tailrace/receiver.hpp"
#include "tailrace/sender.hpp"
#include "tailrace/weak_sender.hpp"

namespace tailrace {

/// Makes a channel with a capacity of 1 to 67,108,863 values. Returns its first sender and its receiver.
///
/// T has to be movable, and its destructor must not throw. `Platform` is what the channel needs from the machine below
/// it (platform.hpp); programs leave it at its default.
///
/// Throws: std::invalid_argument for any other capacity; std::bad_alloc.
/// Clauses: channel.capacity, channel.allocation, channel.idle-storage, capacity.starts-at-max, conservation,
/// wake.outside-locks, wake.all, foreign.effect, foreign.no-late-wake, foreign.may-end, throw.move-in, throw.move-out,
/// alloc.
///
///     auto [numbers, received] = tailrace::channel<int>(16);
///     (void)numbers.try_send(1);
template <class T, class Platform = std_platform>
[[nodiscard]] auto channel(std::size_t capacity) {
    static_assert(std::is_move_constructible_v<T>, "tailrace: a value is moved into the channel and out of it");
    static_assert(std::is_nothrow_destructible_v<T>,
                  "tailrace: a destructor that throws would end the program (clause wake.all)");
    if (capacity == 0 || capacity > detail::max_capacity) detail::bad_capacity();
    auto* core = new detail::core<T, Platform>(capacity);
    return std::pair(sender<T, Platform>(core), receiver<T, Platform>(core));
}

}  // namespace tailrace
