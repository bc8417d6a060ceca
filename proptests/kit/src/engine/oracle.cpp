// The engine `oracle`: judges traces, and replays them on a target. The rules are in oracle.hpp.
// After a change here run: ci/test -L proptests && ci/verify
#include "engine/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <numeric>
#include <utility>

#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

std::vector<aspect> compare(const model::outcome& expected, const model::outcome& got) {
    std::vector<aspect> differs;
    if (expected.answer != got.answer) differs.push_back(aspect::answer);
    if (expected.woken != got.woken) differs.push_back(aspect::woken);
    if (expected.destroyed != got.destroyed) differs.push_back(aspect::destroyed);
    return differs;
}

const contradiction* contradiction_at(const normal_form& n, std::size_t i) {
    const auto at = std::ranges::find(n.contradictions, i, &contradiction::at);
    return at == n.contradictions.end() ? nullptr : &*at;
}

/// Where in the line the refused thing stands. A refusal begins with its name: "s0 is borrowed by
/// ...".
std::size_t column_of(const std::string& refusal, const model::step& s) {
    const std::string text = ' ' + model::to_string(s) + ' ';
    std::string name = refusal.substr(0, refusal.find(' '));
    std::erase(name, '\'');
    const std::size_t at = text.find(' ' + name + ' ');
    return at == std::string::npos ? 1 : at + 1;
}

judged_trace judge(model::trace recorded) {
    judged_trace j{std::move(recorded), {}, 0, true};
    j.normal = normalise(j.recorded);
    model::machine specification(j.recorded.capacity);
    for (const model::line& l : j.normal.trace.lines) {
        if (l.step.at.depth > 0) {
            throw model::parse_error(
                j.recorded.file, l.number, 1,
                fmt::format("expected a step outside of calls, found the reaction '{}'", model::to_string(l.step)));
        }
        if (const std::optional<std::string> refusal = specification.refusal(l.step)) {
            throw model::parse_error(
                j.recorded.file, l.number, column_of(*refusal, l.step),
                fmt::format("expected a legal step, found '{}': {}", model::to_string(l.step), *refusal));
        }
        const model::outcome specified = comparable(l.step, specification.apply(l.step));
        const bool contradicts = contradiction_at(j.normal, j.length) != nullptr;
        ++j.length;
        if (specified != l.expected || contradicts) {
            j.agrees = false;
            break;
        }
    }
    return j;
}

/// One trace on one target, to its end or its first difference.
class replayer {
  public:
    replayer(const target& t, const judged_trace& j, replay_result& result)
        : target_(t), trace_(j), result_(result), specification_(j.recorded.capacity) {}

    fate replay() {
        for (at_ = 0; at_ < trace_.length; ++at_) {
            difference d;
            if (take(d)) {
                report(std::move(d));
                return fate::differed;
            }
        }
        return fate::agreed;
    }

  private:
    [[nodiscard]] const model::line& line() const { return trace_.normal.trace.lines[at_]; }

    void open() {
        session_ = target_.open(trace_.recorded.capacity);
        if (!target_.foresees) return;
        std::vector<model::step> steps;
        for (std::size_t i = 0; i < trace_.length; ++i) steps.push_back(trace_.normal.trace.lines[i].step);
        session_->foresee(steps);
    }

    /// Takes the step on both; true if anything differs.
    bool take(difference& d) {
        const model::outcome specified = comparable(line().step, specification_.apply(line().step));
        try {
            if (!session_) open();
            d.got = comparable(line().step, session_->apply(line().step));
            ++result_.steps;
            d.differs = compare(as_shown(target_.capabilities, line().step, line().expected), *d.got);
            if (d.differs.empty()) check_form(d, as_shown(target_.capabilities, line().step, specified));
            if (d.differs.empty()) check_conservation(d);
        } catch (...) {
            thrown_in_place t = what_was_thrown();
            d.differs.push_back(t.differs);
            d.notes = std::move(t.notes);
        }
        const bool late = std::ranges::binary_search(trace_.normal.late, at_);
        if (d.differs.empty() && late) ++result_.late;
        return !d.differs.empty();
    }

    /// The target answers as the normal form says. That is right unless the recording is wrong
    /// here.
    void check_form(difference& d, const model::outcome& specified) const {
        if (contradiction_at(trace_.normal, at_) != nullptr) {
            d.differs.push_back(aspect::form);
        } else if (*d.got != specified) {
            d.differs.push_back(aspect::specification);
            d.notes.push_back(fmt::format("the specification says {}", model::to_string(specified)));
        }
    }

    void check_conservation(difference& d) {
        const std::optional<std::uint64_t> free = session_->observe_capacity();
        if (!free) return;
        ++result_.conservation_checks;
        const model::machine& m = specification_;
        const std::uint64_t sum = *free + m.buffer.size() + m.outstanding() + m.held();
        if (sum == m.max) return;
        d.differs.push_back(aspect::conservation);
        d.notes.push_back(fmt::format("permits after the step: {} free + {} buffered + {} out + {} held = {}, not {}",
                                      *free, m.buffer.size(), m.outstanding(), m.held(), sum, m.max));
    }

    void report(difference d) {
        d.target = target_.name;
        d.recorded = trace_.recorded;
        d.recorded.lines.resize(at_ + 1);
        d.expected = line().expected;
        if (const contradiction* c = contradiction_at(trace_.normal, at_)) d.notes.push_back(c->problem);
        if (d.expected != comparable(line().step, d.line().expected)) {
            d.notes.push_back(fmt::format("recorded as '{}': tokio destroys late and keeps the permit until then",
                                          model::to_string(d.line().expected)));
        }
        try {
            if (session_) d.state = session_->describe();
        } catch (const std::exception& e) {
            d.state = fmt::format("cannot describe itself: {}", e.what());
        }
        result_.differences.push_back(std::move(d));
    }

    const target& target_;
    const judged_trace& trace_;
    replay_result& result_;
    model::machine specification_;
    std::unique_ptr<session> session_;
    std::size_t at_ = 0;
};

}  // namespace

std::string_view to_string(aspect a) noexcept {
    switch (a) {
        case aspect::answer: return "answer";
        case aspect::woken: return "woken";
        case aspect::destroyed: return "destroyed";
        case aspect::conservation: return "conservation";
        case aspect::storage: return "storage";
        case aspect::thrown: return "exception";
        case aspect::late: return "time-out";
        case aspect::ended: return "crash";
        case aspect::protocol: return "protocol";
        case aspect::specification: return "specification";
        case aspect::form: return "form of the recording";
    }
    return "?";
}

thrown_in_place what_was_thrown() {
    try {
        throw;
    } catch (const no_answer& e) {
        std::vector<std::string> notes{e.what()};
        if (!e.errors().empty()) notes.push_back("standard error: " + in_one_line(e.errors()));
        switch (e.is()) {
            case no_answer::why::late: return {aspect::late, std::move(notes)};
            case no_answer::why::ended: return {aspect::ended, std::move(notes)};
            case no_answer::why::misspoke:
            case no_answer::why::refused: break;
        }
        return {aspect::protocol, std::move(notes)};
    } catch (const std::exception& e) {
        return {aspect::thrown, {fmt::format("the target threw: {}", e.what())}};
    } catch (...) {
        return {aspect::thrown, {"the target threw something that is not an exception of the standard library"}};
    }
}

model::outcome comparable(const model::step& s, model::outcome o) {
    if (s.what == model::verb::advance) std::ranges::sort(o.woken);
    return o;
}

std::vector<judged_trace> judge(std::vector<model::trace> traces) {
    std::vector<judged_trace> judged;
    judged.reserve(traces.size());
    for (model::trace& t : traces) judged.push_back(judge(std::move(t)));
    return judged;
}

std::size_t replay_result::skipped_traces() const {
    return std::accumulate(skipped.begin(), skipped.end(), std::size_t{0});
}

replay_result replay(const target& t, std::span<const judged_trace> traces, const progress& tell,
                     const std::function<bool()>& over) {
    replay_result result;
    result.target = t.name;
    result.fates.assign(traces.size(), fate::left);
    for (std::size_t i = 0; i < traces.size() && !(over && over()); ++i) {
        if (tell) tell(i, traces.size());
        if (const std::optional<capability> missing = first_missing(t, traces[i].recorded)) {
            ++result.skipped[static_cast<std::size_t>(*missing)];
            result.fates[i] = fate::skipped;
            continue;
        }
        ++result.traces;
        result.fates[i] = replayer(t, traces[i], result).replay();
    }
    return result;
}

}  // namespace tailrace::verify
