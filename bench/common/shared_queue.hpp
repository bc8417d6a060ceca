// A queue that all threads share by reference, as a kind of channel: its handles are pointers to it.
//
// Queue<T>(capacity) has try_send(value) and send(value); try_recv(into) and recv(into), which fill a value in.
// After a change here run: ci/bench --rows W1
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace bench {

template <template <class> class Queue>
struct shared_queue {
    template <class T>
    class handle {
      public:
        explicit handle(std::shared_ptr<Queue<T>> queue) : queue_(std::move(queue)) {}
        bool try_send(const T& value) { return queue_->try_send(value); }
        void send(const T& value) { queue_->send(value); }
        template <class Use>
        bool try_recv(Use&& use) {
            T value;
            if (!queue_->try_recv(value)) return false;
            use(value);
            return true;
        }
        template <class Use>
        void recv(Use&& use) {
            T value;
            queue_->recv(value);
            use(value);
        }

      private:
        std::shared_ptr<Queue<T>> queue_;
    };

    template <class T>
    static auto make(std::size_t capacity) {
        handle<T> first(std::make_shared<Queue<T>>(capacity));
        return std::pair(first, first);
    }
};

}  // namespace bench
