// Shrinking of concurrent programs: the smaller candidates, and the search for the smallest.
// After a change here run: ci/test -L proptests -R 'smaller|threads'
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "program/concurrent_program.hpp"

namespace tailrace::verify {

/// A way to make a program smaller: the candidates, from the back of the program to its front, so that after a
/// candidate has been taken the next one stands in its place.
using reduction = std::vector<concurrent_program> (*)(const concurrent_program& p);

/// Those that take away much first.
[[nodiscard]] std::span<const reduction> reductions() noexcept;

/// A smaller program that is as good, by trying; `accept` says whether it is.
[[nodiscard]] concurrent_program smallest(concurrent_program p,
                                          const std::function<bool(const concurrent_program&)>& accept);

/// A counterexample does not say which calls blocked: those do that the target can do in no other way.
[[nodiscard]] concurrent_program blocking_where_needed(const target& t, concurrent_program p);

}  // namespace tailrace::verify
