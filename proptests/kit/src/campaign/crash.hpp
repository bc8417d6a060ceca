// Programs that crash or hang: what is said of them, and shrinking of those of one thread.
// After a change here run: ci/test -L proptests -R 'crash|slices|replay'
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "program/shrink.hpp"
#include "report/token.hpp"
#include "support/children.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// The smallest part of the program that still ends its process, by a crash or by using up a second of processor time.
/// Each attempt is a child process, whose error output is thrown away; none is begun once it is `over`. If not even the
/// program itself ends its process, it is returned as it is, without attempts. Precondition: the caller has no other
/// threads.
[[nodiscard]] shrunk_script shrink_crash(const target& t, const script& crashing, std::size_t most_attempts = 2'000,
                                         const std::function<bool()>& over = {});

/// "it hangs", "it crashes (signal 11, Segmentation fault)". Precondition: the child neither finished nor threw.
[[nodiscard]] std::string how_it_ended(const child_end& end);
/// The program, and what repeats it, as lines of a report.
[[nodiscard]] std::string lines_of(const token& t, const target& on, const std::string& command);

}  // namespace tailrace::verify
