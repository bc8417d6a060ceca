// moodycamel's BlockingConcurrentQueue, bounded by a LightweightSemaphore of the same library, as a target of the kit.
//
// The queue alone has no bound: the semaphore counts the free slots. Declared is what its documentation says. It has no
// close; size_approx() is an approximation; and wait_dequeue_timed() blocks by the system's clock, where the
// kit's deadlines are polled on a clock of its own.
// After a change here run: ci/test -L proptests -R foreign_cpp
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/lightweightsemaphore.h>

#include <cstddef>
#include <new>
#include <optional>
#include <utility>

#include "queue_api.hpp"
#include "targets.hpp"

namespace tailrace::verify {
namespace {

template <class T>
class moodycamel_queue {
    using semaphore = moodycamel::LightweightSemaphore;

  public:
    explicit moodycamel_queue(std::size_t capacity)
        : queue_(capacity), free_(static_cast<semaphore::ssize_t>(capacity)) {}

    std::optional<try_error> try_push(std::optional<T>& value) {
        if (!free_.tryWait()) return try_error::full;
        enqueue(value);
        return std::nullopt;
    }
    bool push(std::optional<T>& value) {
        while (!free_.wait()) {
        }
        enqueue(value);
        return true;
    }
    std::optional<try_recv_error> try_pop(std::optional<T>& value) {
        if (!queue_.try_dequeue(value)) return try_recv_error::empty;
        free_.signal();
        return std::nullopt;
    }
    bool pop(std::optional<T>& value) {
        queue_.wait_dequeue(value);
        free_.signal();
        return true;
    }

  private:
    void enqueue(std::optional<T>& value) {
        if (!queue_.enqueue(std::move(value))) throw std::bad_alloc();
    }

    moodycamel::BlockingConcurrentQueue<std::optional<T>> queue_;
    semaphore free_;
};

struct moodycamel_api : queue_api<moodycamel_queue> {
    static constexpr verify::capabilities supports = {capability::try_send, capability::try_recv, capability::blocking};
};

}  // namespace

target make_moodycamel_target() {
    return make_target<moodycamel_api>(
        "moodycamel", "moodycamel::BlockingConcurrentQueue with a LightweightSemaphore for the free slots");
}

}  // namespace tailrace::verify
