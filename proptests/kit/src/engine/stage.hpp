// Runs concurrent programs on real threads and records what happened.
//
// Threads keep their own logs, with times of one monotonic clock, and share nothing that the program does not: what is
// asked of the channel is not put in order by being watched. A wake sets a flag of its operation, and who sleeps on it
// wakes; when nobody is awake any more, the program is at rest, which is known without waiting for it. Then one thread
// takes everything apart, so that each value and permit has to show. Only a blocking call sleeps where we cannot see
// it: there the history so far decides whether it may. If it may not, and the kernel says that all who are inside calls
// are asleep and stay so, they will never return: that is the failure. After a change here run:
// ctest -L proptests -R 'stage|threads|foreign'
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "program/concurrent_program.hpp"
#include "tailrace/model/history.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct performance {
    model::history history;
    /// A value that was lost, or had two fates; an exception: nothing if all is well.
    std::string problem;

    std::size_t slept = 0;        // waits that were asleep at some time
    std::size_t woken = 0;        // of these, woken before the rest
    std::size_t blocked = 0;      // calls of blocking forms
    std::size_t passed_over = 0;  // steps
    bool stuck = false;           // some will never return from a blocking call: their threads are left behind
};

/// How a performance is to differ from others of the same program.
struct variation {
    std::uint64_t seed = 0;  // of the noise between steps
    enum class noise : unsigned char { none, light, heavy };
    noise inside = noise::none;  // the channel
};

class stage {
  public:
    stage();
    ~stage();
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    /// Precondition: the target has `open_lanes`, and can perform the program. Does not return if a call goes round in
    /// circles: watch it from another process.
    [[nodiscard]] performance perform(const target& t, const concurrent_program& p, variation v);

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace tailrace::verify
