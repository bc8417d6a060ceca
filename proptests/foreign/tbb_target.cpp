// oneTBB's concurrent_bounded_queue as a target of the kit.
//
// Declared is what its specification says. It has no close: abort() throws out of the calls that wait and leaves the
// queue open. size() may not run beside other calls, which the kit's observers do. That a try_push which fails leaves
// the value where it is, on which the adapter relies, is not promised.
// After a change here run: ci/test -L proptests -R foreign_cpp
#include <oneapi/tbb/concurrent_queue.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "queue_api.hpp"
#include "targets.hpp"

namespace tailrace::verify {
namespace {

template <class T>
class tbb_queue {
  public:
    explicit tbb_queue(std::size_t capacity) { queue_.set_capacity(static_cast<std::ptrdiff_t>(capacity)); }

    std::optional<try_error> try_push(std::optional<T>& value) {
        if (queue_.try_push(std::move(value))) return std::nullopt;
        return try_error::full;
    }
    bool push(std::optional<T>& value) {
        queue_.push(std::move(value));
        return true;
    }
    std::optional<try_recv_error> try_pop(std::optional<T>& value) {
        if (queue_.try_pop(value)) return std::nullopt;
        return try_recv_error::empty;
    }
    bool pop(std::optional<T>& value) {
        queue_.pop(value);
        return true;
    }
    [[nodiscard]] std::size_t capacity() const { return static_cast<std::size_t>(queue_.capacity()); }

  private:
    tbb::concurrent_bounded_queue<std::optional<T>> queue_;
};

struct tbb_api : queue_api<tbb_queue> {
    static constexpr verify::capabilities supports = {capability::try_send, capability::try_recv, capability::blocking,
                                                      capability::sender_max_capacity};
};

}  // namespace

target make_tbb_target() { return make_target<tbb_api>("tbb", "oneTBB's tbb::concurrent_bounded_queue"); }

}  // namespace tailrace::verify
