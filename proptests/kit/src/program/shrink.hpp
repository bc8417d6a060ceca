// Shrinking: makes a failing program of one thread small.
//
// Steps are taken out, numbers lowered, waits replaced by attempts, over and over until nothing of
// this leaves a program that fails. Each step keeps hold of the very handles it was about: a handle
// goes by the name it had at first, whatever it is called in the smaller program, and a step whose
// handle never came to be, or that is illegal now, goes too. RapidCheck's own way, which takes
// commands out by position, makes those behind them pick other handles: on all mutants of the zoo
// it needed forty times the attempts for programs a third longer.
// After a change here run: ci/test -L proptests -R 'shrink|sequential'
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tailrace/model/vocabulary.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// For making a program smaller that is not answered in time: each attempt takes that time.
inline constexpr std::chrono::seconds most_time_for_a_hang{60};

/// Legal steps, to be taken from the start on a new channel.
struct script {
    std::uint64_t capacity = 1;
    std::vector<model::step> steps;

    friend bool operator==(const script&, const script&) = default;
};

/// The index of the step that fails, if one does.
using failing_step = std::function<std::optional<std::size_t>(const script&)>;

struct shrunk_script {
    script smallest;           // fails at its last step
    std::size_t attempts = 0;  // scripts that were tried
};

/// Precondition: `failing` fails at its last step. It is deterministic, or the result may not fail.
/// Verbs stay within the capabilities. After `most_attempts`, and when it is `over`, the smallest so far is good
/// enough.
[[nodiscard]] shrunk_script shrink(const script& failing, capabilities within, const failing_step& fails,
                                   std::size_t most_attempts = 20'000, const std::function<bool()>& over = {});

}  // namespace tailrace::verify
