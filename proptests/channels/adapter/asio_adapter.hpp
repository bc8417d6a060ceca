// The optimised channel as a target whose every waiting operation is one of Asio: async(op, token), behind the
// interface of an operation that is polled. The programs and the specification are those of the channel.
//
// The first poll starts it. Its executor keeps the completion until a poll runs it, and calls the poll's waker. A drop
// emits the cancellation signal and destroys the completion, so it has the effects of a drop.
// After a change here run: ci/test -L asio
#pragma once

#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// Without deadlines: an operation of Asio leaves the queue when its deadline comes, and a polled one when it is
/// polled next. Without reactions: inside of a call an operation may be ready although its completion is not posted.
[[nodiscard]] target make_asio_adapter_target();

}  // namespace tailrace::verify
