// atomic_access: one access of a task to the shared memory of the channel, as the engine `interleavings` records it.
// After a change here run: ci/test -L proptests -R 'interleavings|counterexample'
#pragma once

#include <cstdint>
#include <string>

namespace tailrace::verify {

/// One access of an event to the memory that the channel shares, in the order of the execution.
struct atomic_access {
    std::uint32_t task = 0;
    std::uint32_t event = 0;  // of the task
    std::string site;         // "word.fetch_add (3)"
    std::string order;        // "acq_rel"
    std::string value;        // read or written
    bool stale = false;       // a read of a stale value: not the newest one

    friend bool operator==(const atomic_access&, const atomic_access&) = default;
};

}  // namespace tailrace::verify
