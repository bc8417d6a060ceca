// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#include "targets.hpp"

#include <algorithm>

namespace tailrace::verify::zoo {

std::vector<target>& mutant_targets() {
    static std::vector<target> all;  // the object of each mutant adds to it before main
    return all;
}

const target* find_mutant_target(std::string_view name) {
    const auto at = std::ranges::find(mutant_targets(), name, &target::name);
    return at == mutant_targets().end() ? nullptr : &*at;
}

}  // namespace tailrace::verify::zoo
