// Measures: for each row every contestant once a round, one after the other, in an order that moves on from round to
// round.
// After a change here run: ci/test -L bench && ci/bench --rows W1
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compare/plan.hpp"
#include "compare/recording.hpp"

namespace bench {

struct settings {
    bench::form form = form::quick;
    std::string programs;  // the folder they are in
    std::string rows;      // regular expressions; empty: all
    std::string contestants;
    std::string commit;
    bool real_time = true;  // if it is allowed
    std::uint64_t rounds = 5;
    std::chrono::milliseconds sample{60};
};

/// Each line of the recording is passed to `keep` as soon as it is known, and each remark on the progress to `say`.
/// Throws bad_input if no row matches.
void measure(const settings& s, const std::function<void(const std::string& line)>& keep,
             const std::function<void(const std::string& remark)>& say);

}  // namespace bench
