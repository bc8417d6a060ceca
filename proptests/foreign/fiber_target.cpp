// Boost.Fiber's buffered_channel as a target of the kit.
//
// Declared is what its documentation says, with the main fiber of each thread as the fiber that waits: the channel is
// for fibers "running on same or different threads". The kit's operations can be dropped while they wait, and a fiber
// cannot be cancelled: so there is no `send` and no `recv`. Nor are there deadlines, for the scheduler takes the time
// from the system's clock alone. Of a capacity of 2^n "the channel can hold only capacity - 1".
// After a change here run: ci/test -L proptests -R foreign_cpp
#include <algorithm>
#include <bit>
#include <boost/fiber/buffered_channel.hpp>
#include <cstddef>
#include <optional>
#include <utility>

#include "queue_api.hpp"
#include "targets.hpp"

namespace tailrace::verify {
namespace {

template <class T>
class fiber_queue {
    using status = boost::fibers::channel_op_status;

  public:
    explicit fiber_queue(std::size_t asked) : channel_(slots(asked)) {}
    static std::size_t slots(std::size_t asked) { return std::bit_ceil(std::max(asked, std::size_t{2})); }

    std::optional<try_error> try_push(std::optional<T>& value) {
        const status result = channel_.try_push(std::move(value));
        if (result == status::success) return std::nullopt;
        return result == status::full ? try_error::full : try_error::closed;
    }
    bool push(std::optional<T>& value) { return channel_.push(std::move(value)) == status::success; }
    std::optional<try_recv_error> try_pop(std::optional<T>& value) {
        const status result = channel_.try_pop(value);
        if (result == status::success) return std::nullopt;
        return result == status::empty ? try_recv_error::empty : try_recv_error::disconnected;
    }
    bool pop(std::optional<T>& value) { return channel_.pop(value) == status::success; }
    void close() { channel_.close(); }

  private:
    boost::fibers::buffered_channel<std::optional<T>> channel_;
};

struct fiber_api : queue_api<fiber_queue> {
    static constexpr verify::capabilities supports = {capability::try_send, capability::try_recv, capability::blocking,
                                                      capability::close};
    static std::size_t capacity_for(std::size_t asked) { return fiber_queue<int>::slots(asked) - 1; }
};

}  // namespace

target make_fiber_target() { return make_target<fiber_api>("fiber", "Boost.Fiber's buffered_channel (Boost 1.81)"); }

}  // namespace tailrace::verify
