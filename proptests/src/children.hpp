// Work in child processes, watched: a channel that hangs or crashes must not take the campaign along.
//
// A child says that it is alive whenever it begins something that has to end by itself; one that says nothing for too long is killed. What
// it has found comes back as text. After a change here run: ctest -L proptests -R children
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tailrace::verify {

/// Told by the child, seen by the parent, whatever becomes of the child.
class pulse {
  public:
    virtual ~pulse() = default;
    /// Beginning number `at` of its work, with so much of it done.
    virtual void beat(std::uint64_t at, std::uint64_t done) = 0;
};

struct child_end {
    enum class how : unsigned char { finished, threw, crashed, hung };

    how is = how::finished;
    std::string text;      // finished: what the work returned; threw: what()
    int signal = 0;        // crashed
    std::uint64_t at = 0;  // the number it was at
};

using child_work = std::function<std::string(pulse&)>;
/// Told, now and then, how much all children together have done.
using children_progress = std::function<void(std::uint64_t done)>;

/// Runs each in a process of its own, all at once, and waits for all. Precondition: the caller has no other threads.
/// A child that does not beat for `patience` is killed.
[[nodiscard]] std::vector<child_end> in_children(const std::vector<child_work>& work,
                                                 std::chrono::milliseconds patience,
                                                 const children_progress& tell = {});

}  // namespace tailrace::verify
