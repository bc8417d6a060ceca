// Programs with reactions as tests: what is taken inside which call, and in which order things are seen.
// After a change here run: ci/test -L proptests -R regression
#include <algorithm>

#include "report/test_writer.hpp"

namespace tailrace::verify {
namespace {

bool is_inside(const sequential_run& run, std::size_t step, std::size_t of) {
    return step < run.steps.size() && run.steps[step].step.at.depth > run.steps[of].step.at.depth;
}

/// An occasion of step `of`, and what its reactions come to.
void add_reactions(const sequential_run& run, std::size_t of, const model::occasion& at, model::outcome& seen) {
    for (const std::size_t i : reactions_in(run, of)) {
        if (run.steps[i].step.at != at) continue;
        const model::outcome inner = seen_of_call(run, i);
        seen.woken.insert(seen.woken.end(), inner.woken.begin(), inner.woken.end());
        seen.destroyed.insert(seen.destroyed.end(), inner.destroyed.begin(), inner.destroyed.end());
    }
}

}  // namespace

bool has_reactions(const sequential_run& run) {
    return std::ranges::any_of(run.steps, [](const taken_step& s) { return s.step.at.depth > 0; });
}

std::vector<std::size_t> reactions_in(const sequential_run& run, std::size_t of) {
    std::vector<std::size_t> all;
    for (std::size_t i = of + 1; is_inside(run, i, of); ++i) {
        if (run.steps[i].step.at.depth == run.steps[of].step.at.depth + 1) all.push_back(i);
    }
    return all;
}

model::outcome seen_of_call(const sequential_run& run, std::size_t first) {
    using kind = model::occasion::kind;
    const model::outcome& own = run.steps[first].expected;
    const unsigned depth = run.steps[first].step.at.depth + 1;
    model::outcome seen;
    for (const model::handle f : own.woken) {
        seen.woken.push_back(f);
        add_reactions(run, first, {depth, kind::woken, f.number}, seen);
    }
    for (const model::value_id v : own.destroyed) {
        seen.destroyed.push_back(v);
        add_reactions(run, first, {depth, kind::destroyed, v}, seen);
    }
    return seen;
}

std::string_view type_of(model::handle_kind kind) {
    using model::handle_kind;
    switch (kind) {
        case handle_kind::sender: return "decltype(tx)";
        case handle_kind::weak_sender: return "decltype(tx.downgrade())";
        case handle_kind::permit: return "decltype(tx.try_reserve())::value_type";
        case handle_kind::iterator: return "decltype(tx.try_reserve_many(1))::value_type";
        case handle_kind::owned_permit: return "decltype(std::move(tx).try_reserve_owned())::value_type";
        case handle_kind::receiver:
        case handle_kind::operation: break;
    }
    return "void";
}

}  // namespace tailrace::verify
