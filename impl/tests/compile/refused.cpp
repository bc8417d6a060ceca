// What must not compile, each under its macro; and what the compiler has to say, in the comment behind. Without a macro
// all of it is fine.
// After a change here run: ci/test -R impl.compile
#include <chrono>
#include <span>

#include "tailrace/channel.hpp"

struct value {
    value() = default;
    value(value&&) noexcept = default;
#ifdef THROWING_DESTRUCTOR  // a destructor that throws would end the program
    ~value() noexcept(false) {}
#endif
};

struct boxed {
    boxed() = default;
    boxed(boxed&&) noexcept(false) {}
};

struct pool {
#ifdef THROWING_EXECUTOR  // constraints not satisfied|no matching function
    void execute(const tailrace::waker& w) { w(); }
#else
    void execute(const tailrace::waker& w) noexcept { w(); }
#endif
};

int main() {
    auto [tx, rx] = tailrace::channel<value>(1);
    pool p;
    (void)tailrace::resume_on(p, rx.recv());
#ifdef BATCH_OF_VALUES_WHOSE_MOVE_MAY_THROW  // send_many is for values whose move cannot throw
    std::span<boxed> values;
    (void)tailrace::channel<boxed>(1).first.send_many(values);
#endif
#ifdef DEADLINE_WITHOUT_A_CLOCK  // include <tailrace/timer.hpp>
    (void)rx.recv_timeout(std::chrono::milliseconds(5));
#endif
#ifdef SEND_DEADLINE_WITHOUT_A_CLOCK  // include <tailrace/timer.hpp>
    (void)tx.send_timeout(value(), std::chrono::milliseconds(5));
#endif
    return tx.try_send(value()) ? 0 : 1;
}
