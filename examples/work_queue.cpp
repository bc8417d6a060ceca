// A bounded work queue with one worker. A stop token ends every wait: no job is accepted any more, each that was
// accepted is run, and the submitter keeps a job that was not.
#include <functional>
#include <iostream>
#include <thread>
#include <utility>

#include <tailrace/blocking.hpp>
#include <tailrace/channel.hpp>
#include <tailrace/stop.hpp>

using job = std::move_only_function<void()>;

void work(std::stop_token stop, tailrace::receiver<job> jobs) {
    // A job that is there is received although a stop was requested.
    while (auto next = tailrace::block_on(tailrace::with_stop(jobs.recv(), stop))) (*next)();
    jobs.close();
    while (auto next = jobs.blocking_recv()) (*next)();  // what was accepted until then
}

/// Waits while the queue is full. False: stopped, and `j` is as it was.
bool submit(tailrace::sender<job>& jobs, job& j, const std::stop_token& stop) {
    if (stop.stop_requested()) return false;
    auto sent = tailrace::block_on(tailrace::with_stop(jobs.send(std::move(j)), stop));
    if (!sent) j = std::move(sent.error().value);
    return sent.has_value();
}

int main() {
    auto [jobs, queue] = tailrace::channel<job>(8);
    std::stop_source stop;
    int ran = 0;  // changed by the worker alone
    std::jthread worker(work, stop.get_token(), std::move(queue));

    int accepted = 0;
    for (;;) {
        job next = [&ran, &stop] {
            if (++ran == 100) stop.request_stop();  // from wherever it is wanted
        };
        if (!submit(jobs, next, stop.get_token())) break;
        ++accepted;
    }
    worker.join();
    std::cout << (accepted >= 100 && ran == accepted ? "every accepted job has run\n" : "a job was lost\n");
    return ran == accepted ? 0 : 1;
}
