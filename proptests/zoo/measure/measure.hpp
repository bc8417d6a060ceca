// How fast a bug is found, by several seeds, and how small its counterexample becomes.
// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bugs.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify::zoo {

struct measuring {
    std::uint64_t seeds = 20;                                       // 1, 2, ...
    std::size_t jobs = 2;                                           // child processes at once
    std::chrono::milliseconds patience = std::chrono::seconds(20);  // with one that does nothing
};

/// What one seed came to.
struct sighting_of_bug {
    bool found = false;
    std::uint64_t programs = 0;  // until it was found
    std::size_t operations = 0;  // of the shrunk program; 0: it hung or crashed, and was not shrunk
    std::string text;            // of the failure
};

/// One for each seed. `on_progress` is called whenever some seeds are done.
[[nodiscard]] std::vector<sighting_of_bug> measure(const target& t, model::engine by, std::uint64_t programs,
                                                   const measuring& how, const std::function<void()>& on_progress = {});

/// The programs in which the engine has to find a bug that names no budget of its own: those of a campaign.
[[nodiscard]] std::uint64_t usual_budget(model::engine by);

/// The programs in which it has to find nothing in the channels themselves.
[[nodiscard]] std::uint64_t sound_budget(model::engine by);

/// The target in which the bug lives. Precondition: it lives somewhere.
[[nodiscard]] target home_of(const bug& b);

}  // namespace tailrace::verify::zoo
