// All mutants of the model, family by family.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <vector>

#include "model_mutants/tools.hpp"

namespace tailrace::verify {

namespace {

std::vector<mutant> gather() {
    std::vector<mutant> all;
    for (const auto family :
         {zoo::queue_family, zoo::send_family, zoo::try_send_family, zoo::reserve_family, zoo::receive_family,
          zoo::wake_family, zoo::close_family, zoo::many_family, zoo::observer_family}) {
        const std::span<const mutant> members = family();
        all.insert(all.end(), members.begin(), members.end());
    }
    return all;
}

}  // namespace

std::span<const mutant> mutants() noexcept {
    static const std::vector<mutant> all = gather();
    return all;
}

}  // namespace tailrace::verify
