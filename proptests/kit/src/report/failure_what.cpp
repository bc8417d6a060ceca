// The sentence that says what went wrong, and the list of what differs.
// After a change here run: ci/test -L proptests -R 'failure|report'
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "program/named_machine.hpp"
#include "report/failure_report.hpp"

namespace tailrace::verify {
namespace {

using model::answer;
using model::status;

std::string name_of(model::handle h) { return model::to_string(h); }
std::string name_of(model::value_id v) { return fmt::format("v{}", v); }

/// Those of `all` that are not among `some`: "v1 v2".
template <class Element>
std::string missing_from(std::vector<Element> all, std::vector<Element> some) {
    std::ranges::sort(all);
    std::ranges::sort(some);
    std::vector<Element> missing;
    std::ranges::set_difference(all, some, std::back_inserter(missing));
    std::string text;
    for (const Element& e : missing) text += (text.empty() ? "" : " ") + name_of(e);
    return text;
}

template <class Element>
std::string list_difference(std::string_view what, const std::vector<Element>& expected,
                            const std::vector<Element>& got) {
    const std::string missing = missing_from(expected, got);
    const std::string extra = missing_from(got, expected);
    if (missing.empty() && extra.empty()) {
        const auto at = std::ranges::mismatch(expected, got);
        return fmt::format("{} (in another order: {} in place {}, expected {})", what, name_of(*at.in2),
                           at.in1 - expected.begin() + 1, name_of(*at.in1));
    }
    return fmt::format("{} ({}{}{}{}{})", what, missing.empty() ? "" : "missing ", missing,
                       missing.empty() || extra.empty() ? "" : ", ", extra.empty() ? "" : "not expected ", extra);
}

/// `step` did not wake f0, or destroyed v1 although it should not, or in another order.
template <class Element>
std::string list_sentence(const std::string& step, std::string_view verb, std::string_view did,
                          const std::vector<Element>& expected, const std::vector<Element>& got) {
    const std::string missing = missing_from(expected, got);
    const std::string extra = missing_from(got, expected);
    if (missing.empty() && extra.empty()) {
        const auto at = std::ranges::mismatch(expected, got);
        return fmt::format("{} {} {} before {}", step, did, name_of(*at.in2), name_of(*at.in1));
    }
    if (extra.empty()) return fmt::format("{} did not {} {}", step, verb, missing);
    return fmt::format("{} {} {}{}", step, did, extra,
                       missing.empty() ? ", and should not" : fmt::format(" in place of {}", missing));
}

bool has_room(status s) { return s == status::ok || s == status::made; }
bool ended(status s) { return s == status::none || s == status::disconnected; }

/// The step answered `got`, where the specification says `legal`.
std::string answer_sentence(const std::string& step, const answer& legal, const answer& got) {
    const std::string said = fmt::format("{} answered {}", step, model::to_string(got));
    const auto but = [&](std::string_view why) { return fmt::format("{}, although {}", said, why); };
    if (got.status == status::some && legal.status == status::some)
        return fmt::format("v{} was received before v{}", *got.value, *legal.value);
    if (got.status == status::some) return but(fmt::format("v{} was not there to be received", *got.value));
    if (legal.status == status::some && got.status != status::many)
        return but(fmt::format("v{} was there to be received", *legal.value));
    if (got.status == status::full && has_room(legal.status)) return but("capacity was free");
    if (has_room(got.status) && legal.status == status::full) return but("no capacity was free");
    if (legal.status == status::closed) return but("the channel was closed");
    if (got.status == status::closed) return but("the channel was open");
    if (ended(got.status) && (legal.status == status::empty || legal.status == status::pending))
        return but("values could still come");
    if (ended(legal.status)) return but("no value could come any more");
    if (got.status == status::pending) return but("it could finish");
    if (legal.status == status::pending) return but("it had to wait");
    return fmt::format("{}; legal was {}", said, model::to_string(legal));
}

std::string what_of(const sequential_run& run) {
    const taken_step& last = run.failing();
    std::string step = model::to_string(last.step);
    const std::string note = run.notes.empty() ? std::string() : run.notes.front();
    if (run.differs.empty() || !run.got)
        return note.empty() ? fmt::format("{} failed", step) : fmt::format("{}: {}", step, note);
    switch (run.differs.front()) {
        case aspect::answer: return answer_sentence(step, last.expected.answer, run.got->answer);
        case aspect::woken: return list_sentence(step, "wake", "woke", last.expected.woken, run.got->woken);
        case aspect::destroyed:
            return list_sentence(step, "destroy", "destroyed", last.expected.destroyed, run.got->destroyed);
        case aspect::conservation: return fmt::format("{} lost a permit, or made one: {}", step, note);
        case aspect::storage: return fmt::format("{} left an idle channel with too much storage: {}", step, note);
        case aspect::thrown:
        case aspect::late:
        case aspect::ended:
        case aspect::protocol: return fmt::format("{}: {}", step, note);
        case aspect::specification:
            return fmt::format("{} was recorded with an outcome that the specification forbids: {}", step, note);
        case aspect::form: return fmt::format("the recording contradicts itself at {}: {}", step, note);
    }
    return step;
}

std::string what_of(const concurrent_run& run) {
    if (!run.problem.empty()) return run.problem;
    if (run.finding == model::finding::allowed) return "the answers are linearizable; the failure is elsewhere";
    if (run.finding == model::finding::asleep) {
        std::vector<std::string> asleep;
        for (const explained_point& p : run.refused)
            asleep.push_back(model::to_string(event_at(run.history, p.point.at).step));
        return fmt::format("left asleep, although the specification would wake it: {}", fmt::join(asleep, ", "));
    }
    for (const explained_point& p : run.refused) {
        const model::event& e = event_at(run.history, p.point.at);
        if (!e.answer) continue;
        return fmt::format("{}, and no linearization explains it",
                           answer_sentence(model::to_string(e.step), p.point.by_specification.answer, *e.answer));
    }
    return "no linearization explains the answers";
}

}  // namespace

std::string what_went_wrong(const counterexample& c) {
    const auto* one = std::get_if<sequential_run>(&c.run);
    if (one == nullptr) return plain(what_of(std::get<concurrent_run>(c.run)));
    return one->steps.empty() ? std::string(c.property) : plain(what_of(*one));
}

std::string differing(const sequential_run& run) {
    std::string text;
    for (const aspect a : run.differs) {
        if (!text.empty()) text += ", ";
        if (a == aspect::woken) {
            text += list_difference("woken", run.failing().expected.woken, run.got->woken);
        } else if (a == aspect::destroyed) {
            text += list_difference("destroyed", run.failing().expected.destroyed, run.got->destroyed);
        } else {
            text += to_string(a);
        }
    }
    return text;
}

}  // namespace tailrace::verify
