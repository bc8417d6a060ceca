// Boost.Thread's sync_bounded_queue as a target of the kit.
//
// Declared is what its documentation says. It has no deadlines: those are sync_timed_queue's.
// After a change here run: ci/test -L proptests -R foreign_cpp
#include <boost/thread/concurrent_queues/sync_bounded_queue.hpp>
#include <cstddef>
#include <optional>
#include <utility>

#include "queue_api.hpp"
#include "targets.hpp"

namespace tailrace::verify {
namespace {

template <class T>
class sync_queue {
    using status = boost::queue_op_status;

  public:
    explicit sync_queue(std::size_t capacity) : queue_(capacity) {}

    std::optional<try_error> try_push(std::optional<T>& value) {
        const status result = queue_.try_push_back(std::move(value));
        if (result == status::success) return std::nullopt;
        return result == status::full ? try_error::full : try_error::closed;
    }
    bool push(std::optional<T>& value) { return queue_.wait_push_back(std::move(value)) == status::success; }
    std::optional<try_recv_error> try_pop(std::optional<T>& value) {
        const status result = queue_.try_pull_front(value);
        if (result == status::success) return std::nullopt;
        return result == status::empty ? try_recv_error::empty : try_recv_error::disconnected;
    }
    bool pop(std::optional<T>& value) { return queue_.wait_pull_front(value) == status::success; }
    void close() { queue_.close(); }
    [[nodiscard]] bool is_closed() const { return queue_.closed(); }
    [[nodiscard]] std::size_t size() const { return queue_.size(); }
    [[nodiscard]] std::size_t capacity() const { return queue_.capacity(); }

  private:
    boost::sync_bounded_queue<std::optional<T>> queue_;
};

struct sync_bounded_queue_api : queue_api<sync_queue> {
    static constexpr verify::capabilities supports = {
        capability::try_send,   capability::try_recv,         capability::blocking,           capability::close,
        capability::sender_len, capability::sender_is_closed, capability::sender_max_capacity};
};

}  // namespace

target make_sync_bounded_queue_target() {
    return make_target<sync_bounded_queue_api>("sync_bounded_queue", "Boost.Thread's sync_bounded_queue (Boost 1.81)");
}

}  // namespace tailrace::verify
