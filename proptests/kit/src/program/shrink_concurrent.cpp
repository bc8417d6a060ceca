// The reductions of a concurrent program.
// After a change here run: ci/test -L proptests -R 'smaller|threads'
#include "program/shrink_concurrent.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "program/verb_table.hpp"
#include "tailrace/model/machine.hpp"

namespace tailrace::verify {
namespace {

using model::handle;
using model::handle_kind;
using model::step;
using model::verb;
using programs = std::vector<concurrent_program>;

/// No step makes it.
constexpr handle unused(handle_kind kind) { return {kind, names_per_task - 1}; }

template <class T>
void erase_at(std::vector<T>& from, std::size_t i) {
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
}

// ---- Names

/// What each step of `before` makes at once; nothing for one that makes nothing, or is illegal.
std::vector<std::optional<handle>> made_before(const concurrent_program& p) {
    std::vector<std::optional<handle>> made;
    model::machine m(p.capacity);
    for (const step& s : p.before) {
        made.emplace_back();
        if (m.refusal(s)) continue;
        const model::answer a = m.apply(s).answer;
        if (a.status == model::status::made && s.what != verb::poll) made.back() = a.made;
    }
    return made;
}

void rename(concurrent_program& p, const std::map<handle, handle>& names, std::size_t from) {
    const auto apply = [&](step& s) {
        if (s.what == verb::advance) return;
        const auto at = names.find(s.subject);
        if (at != names.end()) s.subject = at->second;
    };
    for (std::size_t i = from; i < p.before.size(); ++i) apply(p.before[i]);
    for (auto& task : p.tasks) {
        for (task_step& t : task) apply(t.step);
    }
}

/// The program without one of the steps before. Steps that used what it made use `instead`; the others keep their
/// handles, under the new names.
concurrent_program without_before(const concurrent_program& p, std::size_t i, std::optional<handle> instead) {
    const std::vector<std::optional<handle>> was = made_before(p);
    concurrent_program q = p;
    erase_at(q.before, i);
    if (!was[i]) return q;
    // Handles of a kind are numbered in order: those behind it move up by one.
    std::map<handle, handle> names{{*was[i], instead.value_or(unused(was[i]->kind))}};
    for (std::size_t k = i + 1; k < was.size(); ++k) {
        if (!was[k] || was[k]->kind != was[i]->kind) continue;
        names[*was[k]] = {was[k]->kind, was[k]->number - 1};
    }
    rename(q, names, i);
    return q;
}

// ---- Reductions

programs without_task(const concurrent_program& p) {
    programs all;
    for (std::size_t l = p.tasks.size(); l-- > 0;) {
        if (p.tasks[l].empty()) continue;
        all.push_back(p);
        all.back().tasks[l].clear();
    }
    return all;
}

programs without_step(const concurrent_program& p) {
    programs all;
    for (std::size_t l = p.tasks.size(); l-- > 0;) {
        for (std::size_t i = p.tasks[l].size(); i-- > 0;) {
            all.push_back(p);
            erase_at(all.back().tasks[l], i);
        }
    }
    return all;
}

/// A clone's place may be taken by what it is a clone of.
programs without_step_before(const concurrent_program& p) {
    programs all;
    for (std::size_t i = p.before.size(); i-- > 0;) {
        all.push_back(without_before(p, i, std::nullopt));
        if (p.before[i].what == verb::clone) {
            all.push_back(without_before(p, i, p.before[i].subject));
        }
    }
    return all;
}

/// Neither a clone nor the end of what it is a clone of: that lives on in its place.
programs without_clone_and_drop(const concurrent_program& p) {
    programs all;
    for (std::size_t j = p.before.size(); j-- > 0;) {
        if (p.before[j].what != verb::drop) continue;
        for (std::size_t i = j; i-- > 0;) {
            if (p.before[i].what != verb::clone || p.before[i].subject != p.before[j].subject) continue;
            all.push_back(without_before(without_before(p, j, std::nullopt), i, p.before[i].subject));
        }
    }
    return all;
}

/// Two steps at once: one that fills and one that drains, or two that cancel each other out. Too many for a large
/// program.
programs without_two(const concurrent_program& p) {
    constexpr std::size_t most = 16;
    struct at {
        std::size_t task;
        std::size_t index;
    };
    std::vector<at> places;
    for (std::size_t l = 0; l < p.tasks.size(); ++l) {
        for (std::size_t i = 0; i < p.tasks[l].size(); ++i) places.push_back({l, i});
    }
    programs all;
    if (places.size() > most) return all;
    const auto without = [&](const concurrent_program& q, const at& a) {
        concurrent_program r = q;
        erase_at(r.tasks[a.task], a.index);
        return r;
    };
    for (std::size_t b = places.size(); b-- > 0;) {
        const concurrent_program one = without(p, places[b]);
        for (std::size_t a = b; a-- > 0;) all.push_back(without(one, places[a]));
        for (std::size_t i = p.before.size(); i-- > 0;) all.push_back(without_before(one, i, std::nullopt));
    }
    return all;
}

programs lowered(const concurrent_program& p) {
    programs all;
    for (std::uint64_t capacity = 1; capacity < p.capacity; ++capacity) {
        all.push_back(p);
        all.back().capacity = capacity;
    }
    for (std::size_t l = p.tasks.size(); l-- > 0;) {
        for (std::size_t i = p.tasks[l].size(); i-- > 0;) {
            if (p.tasks[l][i].blocks) {
                all.push_back(p);
                all.back().tasks[l][i].blocks = false;
            }
            if (p.tasks[l][i].step.count > 1) {
                all.push_back(p);
                --all.back().tasks[l][i].step.count;
            }
        }
    }
    return all;
}

constexpr std::array<reduction, 6> table{without_task,           without_step, without_step_before,
                                         without_clone_and_drop, lowered,      without_two};

}  // namespace

std::span<const reduction> reductions() noexcept { return table; }

concurrent_program smallest(concurrent_program p, const std::function<bool(const concurrent_program&)>& accept) {
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (const reduction reduce : reductions()) {
            programs candidates = reduce(p);
            for (std::size_t i = 0; i < candidates.size();) {
                if (accept(candidates[i])) {
                    p = std::move(candidates[i]);
                    candidates = reduce(p);
                    smaller = true;
                } else {
                    ++i;
                }
            }
        }
    }
    return p;
}

concurrent_program blocking_where_needed(const target& t, concurrent_program p) {
    if (!t.capabilities.has(capability::blocking)) return p;
    for (auto& task : p.tasks) {
        for (task_step& s : task) {
            if (s.waits && !is_within(t.capabilities, s.step)) s.blocks = true;
        }
    }
    return p;
}

}  // namespace tailrace::verify
