// Runs a script: parses all of it first, then executes each step on the specification and on the target, and compares.
// After a change here run: ci/test -L conformance -R script
#include "script.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {

namespace {

constexpr std::size_t history_length = 10;

script_result failed(std::string text) { return {script_result::verdict::failed, std::move(text)}; }

model::trace parse(std::uint64_t capacity, std::string_view text) {
    model::trace program;
    program.id = "script";
    program.capacity = capacity;
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        line.remove_suffix(line.size() - (line.find_last_not_of(' ') + 1));
        if (!line.empty()) program.lines.push_back(model::parse_line(line, "script", number));
    }
    return program;
}

bool shows(const model::step& step, model::outcome expected, model::outcome got) {
    if (step.what == model::verb::advance) {  // timers that are due together have no order
        std::ranges::sort(expected.woken);
        std::ranges::sort(got.woken);
    }
    return expected == got;
}

/// One run. Stops at the first mistake.
class player {
  public:
    player(const target& t, const model::trace& program)
        : target_(t), program_(program), specification_(program.capacity) {}

    script_result play() {
        session_ = target_.open(program_.capacity);
        for (; at_ < program_.lines.size(); ++at_) {
            std::optional<std::string> problem;
            try {
                problem = take(program_.lines[at_]);
            } catch (const std::exception& e) {
                problem = fmt::format("{} throws: {}", target_.name, e.what());
            }
            if (problem) return failed(report(*problem));
        }
        return {};
    }

  private:
    std::optional<std::string> take(const model::line& line) {
        if (const auto refusal = specification_.refusal(line.step)) {
            return fmt::format("the script is wrong: {}", *refusal);
        }
        const model::outcome specified = specification_.apply(line.step);
        if (!shows(line.step, line.expected, specified)) return differs("the specification", line, specified);
        if (!specification_.conserves()) return "the specification breaks the conservation law";

        const model::outcome got = session_->apply(line.step);
        if (!shows(line.step, line.expected, got)) return differs(target_.name, line, got);
        const std::optional<std::uint64_t> free = session_->observe_capacity();
        if (free && *free != specification_.available) {
            return fmt::format("{} has a capacity of {} after this step, the specification of {}", target_.name, *free,
                               specification_.available);
        }
        return std::nullopt;
    }

    static std::string differs(std::string_view who, const model::line& line, const model::outcome& got) {
        return fmt::format("{} differs\n  expected  {}\n  got       {}", who, model::to_string(line.expected),
                           model::to_string(got));
    }

    std::string report(std::string_view problem) {
        const model::line& line = program_.lines[at_];
        std::string text = fmt::format("script line {}: {}\n{}\n", line.number, model::to_string(line), problem);
        text += at_ == 0 ? "no step before it\n" : "the steps before it\n";
        for (std::size_t i = at_ - std::min(at_, history_length); i < at_; ++i) {
            const model::line& before = program_.lines[i];
            text += fmt::format("  {:4}  {}\n", before.number, model::to_string(before));
        }
        text +=
            fmt::format("capacity {}, specification now\n  {}\n", program_.capacity, model::to_string(specification_));
        if (const std::string state = session_->describe(); !state.empty()) {
            text += fmt::format("{} now\n  {}\n", target_.name, state);
        }
        return text;
    }

    const target& target_;
    const model::trace& program_;
    model::machine specification_;
    std::unique_ptr<session> session_;
    std::size_t at_ = 0;
};

}  // namespace

script_result run_script(const target& t, std::uint64_t capacity, std::string_view text) {
    try {
        const model::trace program = parse(capacity, text);
        if (program.lines.empty()) return failed("the script has no step");
        if (const std::optional<capability> missing = first_missing(t, program)) {
            return {script_result::verdict::skipped, fmt::format("{} does not have: {}", t.name, to_string(*missing))};
        }
        return player(t, program).play();
    } catch (const model::parse_error& e) {
        return failed(fmt::format("the script is wrong: {}", e.what()));
    } catch (const std::exception& e) {
        return failed(fmt::format("{} throws: {}", t.name, e.what()));
    }
}

}  // namespace tailrace::verify
