// Work in child processes that are watched: a channel that hangs or crashes must not end the campaign.
//
// A child says that it is alive whenever it begins something that has to end by itself; one that says nothing for too
// long is killed. What it has found comes back as text. When the time is over, or the parent is asked to end, each
// child is asked to end with what it has, and is ended if it does not. No child outlives its parent. After a change
// here run: ci/test -L proptests -R children
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace tailrace::verify {

/// The progress of a child in shared memory: the parent can read it even after a crash.
class pulse {
  public:
    virtual ~pulse() = default;
    /// Beginning number `at` of its work, with so much of it done.
    virtual void beat(std::uint64_t at, std::uint64_t done) = 0;
    /// True once the work has to end with what it has; called before anything more is begun.
    [[nodiscard]] virtual bool over() const = 0;
};

struct child_end {
    enum class how : unsigned char {
        finished,
        threw,
        crashed,
        hung,
        given_up  // it was asked to end, and did not
    };

    how is = how::finished;
    std::string text;      // finished: what the work returned; threw: what()
    int signal = 0;        // crashed
    std::uint64_t at = 0;  // the number it was at
};

using child_work = std::function<std::string(pulse&)>;
/// Called now and then with how much all children together have done.
using children_progress = std::function<void(std::uint64_t done)>;

struct children_limits {
    /// A child that does not beat for so long is killed.
    std::chrono::milliseconds patience;
    /// From here on the work is over, ...
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    /// ... or as soon as this says so; called by the parent, several times a second.
    std::function<bool()> over = {};
    /// A child that goes on for so long after that is killed.
    std::chrono::milliseconds grace = std::chrono::milliseconds(700);

    [[nodiscard]] bool are_over() const { return std::chrono::steady_clock::now() >= deadline || (over && over()); }
};

/// Runs each in a process of its own, all at once, and waits for all. Precondition: the caller has no other threads.
[[nodiscard]] std::vector<child_end> in_children(const std::vector<child_work>& work, const children_limits& limits,
                                                 const children_progress& tell = {});
[[nodiscard]] inline std::vector<child_end> in_children(const std::vector<child_work>& work,
                                                        std::chrono::milliseconds patience,
                                                        const children_progress& tell = {}) {
    return in_children(work, children_limits{.patience = patience}, tell);
}

/// Called first of all by a process that `parent` has forked: it ends when its parent does, however that ends, and
/// leaves it to its parent what a Ctrl-C, which reaches both, is to mean. An exec keeps all of this.
void belong_to(pid_t parent);

}  // namespace tailrace::verify
