// The engine `exhaustive`: every program of one thread up to a number of steps, against the specification.
//
// Each program is run by itself from its first step, in the order of program/enumerate.hpp; so each is a prefix of
// longer ones that has been run before them, and the first that fails is a smallest one. What is compared is what
// `sequential` compares; after the last step, which is the only one that no shorter program has ended with, also every
// observer of every handle. No observer is called before that: it cannot mend what a step has broken.
// After a change here run: ci/test -L proptests -R 'enumeration|exhaustive'
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "engine/sequential.hpp"
#include "program/enumerate.hpp"

namespace tailrace::verify {

struct exhaustive_options {
    std::uint64_t first = 0;  // index of the first program
    std::uint64_t programs = std::numeric_limits<std::uint64_t>::max();
    std::size_t most_failures = 1;  // of different classes: the run ends with the last
    failure_class classify = {};    // otherwise by the verb and what differs
    /// True once no more programs are to be begun.
    std::function<bool()> enough = {};
};

struct exhaustive_result {
    std::uint64_t programs = 0;
    std::uint64_t steps = 0;
    std::uint64_t observations = 0;
    std::uint64_t failed = 0;                  // programs
    std::vector<sequential_failure> failures;  // of different classes, each the smallest
};

[[nodiscard]] exhaustive_result run_exhaustive(const target& t, const all_programs& all,
                                               const exhaustive_options& options = {}, const progress& tell = {});

}  // namespace tailrace::verify
