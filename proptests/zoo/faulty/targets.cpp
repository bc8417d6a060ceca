// After a change here run: ctest -L proptests -R 'zoo|bugs' && ci/zoo
#include "targets.hpp"

#include <algorithm>

namespace tailrace::verify::zoo {

std::vector<target>& faulty_targets() {
    static std::vector<target> all;  // the objects of the faults add to it before main
    return all;
}

const target* find_faulty_target(std::string_view fault) {
    const auto at = std::ranges::find(faulty_targets(), fault, &target::name);
    return at == faulty_targets().end() ? nullptr : &*at;
}

}  // namespace tailrace::verify::zoo
