// The whole library in one header, but for what is used with another library (asio.hpp, execution.hpp). A program that
// is compiled often includes what it uses instead: `tailrace/channel.hpp` alone is enough to send and to receive.
//
//     auto [tx, rx] = tailrace::channel<int>(64);
//     std::jthread producer([tx = std::move(tx)] { (void)tx.blocking_send(1); });
//     while (auto v = rx.blocking_recv()) use(*v);
//
// After a change here run: ci/test -L impl
#pragma once

#include "tailrace/async_context.hpp"  // IWYU pragma: export
#include "tailrace/blocking.hpp"       // IWYU pragma: export
#include "tailrace/channel.hpp"        // IWYU pragma: export
#include "tailrace/coroutine.hpp"      // IWYU pragma: export
#include "tailrace/deadline.hpp"       // IWYU pragma: export
#include "tailrace/errors.hpp"         // IWYU pragma: export
#include "tailrace/fwd.hpp"            // IWYU pragma: export
#include "tailrace/manual_clock.hpp"   // IWYU pragma: export
#include "tailrace/platform.hpp"       // IWYU pragma: export
#include "tailrace/run_queue.hpp"      // IWYU pragma: export
#include "tailrace/select.hpp"         // IWYU pragma: export
#include "tailrace/stop.hpp"           // IWYU pragma: export
#include "tailrace/task.hpp"           // IWYU pragma: export
#include "tailrace/thread_pool.hpp"    // IWYU pragma: export
#include "tailrace/timer.hpp"          // IWYU pragma: export
#include "tailrace/version.hpp"        // IWYU pragma: export
#include "tailrace/waker.hpp"          // IWYU pragma: export
