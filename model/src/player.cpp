// The calls of a program with reactions, each with the wakes and destructions that it has still to deliver.
// After a change here run: ci/test -L 'model|proptests'
#include "tailrace/model/player.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tailrace::model {

void player::queue(call& c, outcome&& stage) {
    c.to_wake.assign(stage.woken.begin(), stage.woken.end());
    c.to_destroy.assign(stage.destroyed.begin(), stage.destroyed.end());
}

std::optional<occasion> player::go_on() {
    assert(!calls_.empty());
    call& c = calls_.back();
    line& l = lines_[c.index];
    const auto depth = static_cast<unsigned>(calls_.size());
    for (;;) {
        if (!c.to_wake.empty()) {
            const handle f = c.to_wake.front();
            c.to_wake.pop_front();
            if (!machine_.is_to_be_woken(f.number, l.step.what)) continue;
            l.expected.woken.push_back(f);
            return c.at = {depth, occasion::kind::woken, f.number};
        }
        if (!c.to_destroy.empty()) {
            const value_id v = c.to_destroy.front();
            c.to_destroy.pop_front();
            l.expected.destroyed.push_back(v);
            return c.at = {depth, occasion::kind::destroyed, v};
        }
        outcome stage;
        if (!machine_.proceed(c.rest, stage)) break;
        queue(c, std::move(stage));
    }
    machine_.end(l.step);
    calls_.pop_back();
    return std::nullopt;
}

bool player::go_to(const occasion& at) {
    if (at.depth == 0) return search(at);
    if (here() == at) return true;
    player ahead = *this;
    if (!ahead.search(at)) return false;
    *this = std::move(ahead);
    return true;
}

bool player::search(const occasion& at) {
    while (calls_.size() > at.depth) (void)go_on();
    if (calls_.size() < at.depth) return false;
    while (here() != at && calls_.size() == at.depth) (void)go_on();
    return calls_.size() == at.depth;
}

std::optional<std::string> player::refusal(const step& s) const {
    if (!calls_.empty() && s.what == verb::advance) return "a reaction cannot advance the clock";
    return machine_.refusal(s);
}

void player::take(const step& s) {
    assert(s.at == here());
    lines_.push_back({s, {}, lines_.size() + 1});
    call& c = calls_.emplace_back(call{lines_.size() - 1, {}, {}, {}, {}});
    outcome stage;
    c.rest = machine_.begin(s, stage);
    outcome& whole = lines_.back().expected;
    whole.answer = std::move(stage.answer);
    if (s.what == verb::advance && stage.woken.size() > 1) {
        whole.woken = std::exchange(stage.woken, {});  // timers that are due together have no order: no occasions
    }
    queue(c, std::move(stage));
}

std::vector<line> play(std::uint64_t capacity, const std::vector<step>& program) {
    player p(capacity);
    for (const step& s : program) {
        if (p.go_to(s.at) && !p.refusal(s)) p.take(s);
    }
    p.finish();
    return p.lines();
}

bool has_reactions(const std::vector<line>& lines) noexcept {
    return std::ranges::any_of(lines, [](const line& l) { return l.step.at.depth > 0; });
}

}  // namespace tailrace::model
