// tailrace in coroutines: one contestant for each form of running (executors.hpp).
// After a change here run: ci/bench --rows 'W[5-8]|recv_many' --contestants tailrace
#include "tasks.hpp"

#include <vector>

#include "common/contestant.hpp"
#include "contestants.hpp"

namespace bench {

void add_tasks(contestant& tailrace, std::vector<contestant>& others) {
    tailrace += workloads_on_one_thread<inline_form>();
    tailrace += {tasks_as<inline_form_on_two_threads>("W6")};

    contestant one_thread{"tailrace-one-thread", {tasks_as<inline_form>("W6")}};
    contestant queue{"tailrace-queue", {tasks_as<run_queue_form>("W6")}};
    queue += workloads_on_one_thread<run_queue_form>();
    contestant executor{"tailrace-executor", {tasks_as<plain_queue>("W6")}};
    executor += workloads_on_one_thread<plain_queue>();
    contestant pool{"tailrace-pool", {tasks_as<pool_form>("W6")}};
    contestant asio{"tailrace-asio",
                    {tasks_as<asio_form<1>>("W5"), tasks_as<asio_form<2>>("W6"), ping_pong_as<asio_form<1>>("W8")}};
    contestant async{
        "tailrace-async",
        {tasks_as<awaitable_form<1>>("W5"), tasks_as<awaitable_form<2>>("W6"), ping_pong_as<awaitable_form<1>>("W8")}};
    others.insert(others.end(), {one_thread, queue, executor, pool, asio, async});

    // The plain form, for the rows that are about another one.
    others.push_back({"tailrace-send", {tasks_as<inline_form>("W7")}});
    others.push_back({"tailrace-recv", {tasks_as<inline_form>("recv_many")}});
}

}  // namespace bench
