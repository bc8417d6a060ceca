// The targets that come with the kit: the reference channel and the optimised one.
// After a change here run: ci/test -L conformance
#include <utility>
#include <vector>

#include "tailrace/verify/target.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {

namespace {

using opener = std::unique_ptr<task_session> (*)(std::uint64_t capacity, session_events* events);

target own_target(std::string name, std::string summary, opener plain, opener perturbed) {
    return {std::move(name),
            std::move(summary),
            capabilities::all(),
            [plain](std::uint64_t capacity) { return plain(capacity, nullptr); },
            [plain, perturbed](std::uint64_t capacity, session_events& events, bool noisy) {
                return (noisy ? perturbed : plain)(capacity, &events);
            },
            true,
            std::string(own_adapter)};
}

}  // namespace

const std::vector<target>& builtin_targets() {
    static const std::vector<target> all = {
        own_target("reference", "the specification behind a mutex (model/)", open_reference, open_noisy_reference),
        own_target("optimized", "tailrace::channel (impl/)", open_optimized, open_noisy_optimized)};
    return all;
}

}  // namespace tailrace::verify
