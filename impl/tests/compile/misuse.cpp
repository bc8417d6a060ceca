// Misuse in a program without exceptions: each kind, by its name, must terminate it; "nothing" and
// proper use return.
// After a change here run: ci/test -R impl.compile
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "tailrace/async_context.hpp"
#include "tailrace/channel.hpp"

int main(int argc, char** argv) {
    const auto is = [what = argc > 1 ? argv[1] : ""](const char* name) { return std::strcmp(what, name) == 0; };
    auto [tx, rx] = tailrace::channel<int>(2);
    if (is("capacity_0")) (void)tailrace::channel<int>(0);
    if (is("capacity_too_large")) (void)tailrace::channel<int>(67'108'864);
    if (is("moved_from_sender")) {
        const auto taken = std::move(tx);
        (void)tx.try_send(1);
    }
    if (is("moved_from_weak_sender")) {
        auto weak = tx.downgrade();
        const auto taken = std::move(weak);
        (void)weak.upgrade();
    }
    if (is("moved_from_receiver")) {
        const auto taken = std::move(rx);
        (void)rx.try_recv();
    }
    if (is("permit_used_twice")) {
        auto permit = tx.try_reserve();
        permit->send(1);
        permit->send(2);
    }
    if (is("moved_from_permits")) {
        auto permits = *tx.try_reserve_many(2);
        const auto taken = std::move(permits);
        (void)permits.next();
    }
    if (is("owned_permit_used_twice")) {
        auto permit = *tx.clone().try_reserve_owned();
        const auto back = std::move(permit).release();
        (void)std::move(permit).send(1);
    }
    if (is("operation_polled_after_its_end")) {
        auto op = tx.send(1);
        (void)op.poll({});
        (void)op.poll({});
    }
    if (is("second_receive")) {
        auto first = rx.recv();
        (void)first.poll({});
        (void)rx.try_recv();
    }
    if (is("blocking_in_an_async_context")) {
        const tailrace::async_context here;
        (void)tx.blocking_send(1);
    }
    if (is("nothing")) {
        auto permit = tx.try_reserve();
        permit->send(1);
        (void)rx.try_recv();
        return 0;
    }
    std::fprintf(stderr, "went on, or there is no such misuse\n");
    return 3;
}
