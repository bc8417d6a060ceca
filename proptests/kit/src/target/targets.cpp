// The targets that come with the kit: the reference channel, and the optimised one with its geometries.
// After a change here run: ci/test -L conformance
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "tailrace/verify/target.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {

namespace {

target own_target(std::string name, std::string summary, opener plain, opener perturbed) {
    return {.name = std::move(name),
            .summary = std::move(summary),
            .capabilities = capabilities::all(),
            .open = [plain](std::uint64_t capacity) { return plain(capacity, nullptr); },
            .open_tasks = [plain, perturbed](std::uint64_t capacity, session_events& events,
                                             bool noisy) { return (noisy ? perturbed : plain)(capacity, &events); },
            .is_simulated = true,
            .adapter = std::string(own_adapter)};
}

}  // namespace

target optimized_target(const geometry_openers& plain, const geometry_openers& perturbed) {
    target t = own_target("optimized", "tailrace::channel (impl/)", plain.usual, perturbed.usual);
    for (std::size_t i = 0; i < geometries.size(); ++i) {
        const geometry& g = geometries[i];
        t.geometries.push_back(own_target(fmt::format("{}:{}", t.name, g.name), std::string(g.summary), plain.others[i],
                                          perturbed.others[i]));
        t.geometries.back().is_simulated = g.has_tasks;
        if (perturbed.others[i] == nullptr) t.geometries.back().open_tasks = {};
    }
    return t;
}

const std::vector<target>& builtin_targets() {
    static const std::vector<target> all = {
        own_target("reference", "the specification behind a mutex (model/)", open_reference(), open_noisy_reference()),
        optimized_target(open_optimized(), open_noisy_optimized())};
    return all;
}

}  // namespace tailrace::verify
