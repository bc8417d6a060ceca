#include "tailrace/verify/channel_session.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {

std::unique_ptr<task_session> open_optimized(std::uint64_t capacity, session_events* events) {
    using session_type = channel_session<optimized_api<std_platform>>;
    if (events == nullptr) return std::make_unique<session_type>(capacity);
    return std::make_unique<session_type>(capacity, *events);
}

}  // namespace tailrace::verify
