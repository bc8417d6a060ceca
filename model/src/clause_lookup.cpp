// Finding clauses: by name, by glob, and the names of the engines.
// After a change here run: ci/test -L model
#include <algorithm>

#include "tailrace/model/clauses.hpp"

namespace tailrace::model {

std::string_view to_string(engine e) noexcept {
    switch (e) {
        case engine::oracle: return "oracle";
        case engine::sequential: return "sequential";
        case engine::exhaustive: return "exhaustive";
        case engine::threads: return "threads";
        case engine::interleavings: return "interleavings";
        case engine::tests: return "tests";
    }
    return "?";
}

const clause* find_clause(std::string_view name) noexcept {
    const auto at = std::ranges::find(clauses(), name, &clause::name);
    return at == clauses().end() ? nullptr : &*at;
}

bool matches_glob(std::string_view glob, std::string_view name) noexcept {
    // On a mismatch, let the last star take one more character: no earlier one needs another try.
    std::size_t g = 0;
    std::size_t n = 0;
    std::size_t star = std::string_view::npos;
    std::size_t taken_to = 0;
    while (n < name.size()) {
        if (g < glob.size() && glob[g] == '*') {
            star = g++;
            taken_to = n;
        } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
            ++g;
            ++n;
        } else if (star != std::string_view::npos) {
            g = star + 1;
            n = ++taken_to;
        } else {
            return false;
        }
    }
    return glob.substr(g).find_first_not_of('*') == std::string_view::npos;
}

}  // namespace tailrace::model
