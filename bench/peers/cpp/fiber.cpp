// Boost.Fiber's buffered_channel: W5 and W8 are fibers on one thread. Its fibers move between threads only with a
// scheduler that shares them, which is not tried here.
// After a change here run: ci/bench --contestants fiber
#include <bit>
#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/contestant.hpp"
#include "common/shared_queue.hpp"
#include "peers.hpp"

namespace bench {

namespace {

/// The capacity has to be a power of two, 2 at least, and one slot stays empty: 64 holds 63.
template <class T>
class fiber_queue {
  public:
    using status = boost::fibers::channel_op_status;

    explicit fiber_queue(std::size_t capacity) : queue_(capacity < 2 ? 2 : std::bit_ceil(capacity)) {}
    bool try_send(const T& value) { return queue_.try_push(value) == status::success; }
    bool try_recv(T& value) { return queue_.try_pop(value) == status::success; }
    void send(const T& value) { require(queue_.push(value) == status::success, "the channel is closed"); }
    void recv(T& value) { require(queue_.pop(value) == status::success, "the channel ended"); }

  private:
    boost::fibers::buffered_channel<T> queue_;
};

template <class T>
result tasks(const parameters& p) {
    const std::uint64_t each = p.messages / p.senders;
    tally received;
    stopwatch watch;
    watch.start();
    fiber_queue<T> queue(p.capacity);
    std::vector<boost::fibers::fiber> fibers;
    fibers.emplace_back([&, each] {
        while (received.count() < each * p.senders) {
            T value;
            queue.recv(value);
            received.add(value);
        }
        watch.stop();
    });
    for (std::uint64_t s = 0; s < p.senders; ++s) {
        fibers.emplace_back([&queue, each] {
            for (std::uint64_t i = 1; i <= each; ++i) queue.send(numbered<T>(i));
        });
    }
    for (auto& f : fibers) f.join();
    received.check(p.senders, each);
    return watch.per(each * p.senders);
}

template <class T>
result ping_pong(const parameters& p) {
    tally received;
    stopwatch watch;
    watch.start();
    fiber_queue<T> there(1), back(1);
    boost::fibers::fiber answers([&] {
        for (std::uint64_t i = 0; i < p.messages; ++i) {
            T value;
            there.recv(value);
            back.send(value);
        }
    });
    boost::fibers::fiber asks([&] {
        for (std::uint64_t i = 1; i <= p.messages; ++i) {
            there.send(numbered<T>(i));
            T value;
            back.recv(value);
            received.add(value);
        }
        watch.stop();
    });
    asks.join();
    answers.join();
    received.check(1, p.messages);
    return watch.per(p.messages);
}

}  // namespace

contestant fiber_contestant() {
    using kind = shared_queue<fiber_queue>;
    contestant c{"boost-fiber", one_thread_workloads<kind>()};
    c += thread_workloads<kind>();
    c += memory_workloads<kind>();
    c += {{"W5", tasks<small_value>, tasks<large_value>}, {"W8", ping_pong<small_value>, ping_pong<large_value>}};
    return c;
}

}  // namespace bench
