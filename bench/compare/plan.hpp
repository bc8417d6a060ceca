// What is compared: the contestants and the rows. bench/README.md has the same in words.
// After a change here run: ci/test -L bench && ci/bench --rows W1
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compare/recording.hpp"

namespace bench {

struct known_contestant {
    std::string name;
    bench::role role;
    std::string program;  // that it is in
    std::string package;  // of Debian, whose version is its version
    std::string about;
};

[[nodiscard]] const std::vector<known_contestant>& known_contestants();

/// A row, and how it is measured.
struct planned_row {
    bench::row row;
    std::string workload;
    std::map<std::string, std::uint64_t> parameters;
    std::string only;                  // a regular expression for the contestants that are asked; empty: all
    std::uint64_t least_messages = 1;  // so that what happens once does not count
    bool counted = true;               // the number of messages is found out; otherwise the parameters say how long
    bool once = false;                 // no second round: the result does not vary
    bool two_threads = false;          // the time of a cache line is measured beside it
    bool normal_priority = false;
};

enum class form : unsigned char { quick, full };

[[nodiscard]] std::vector<planned_row> planned_rows(form f);

}  // namespace bench
