// What the tests of the engine `oracle` share: the recorded traces, targets to replay them on, and
// whole runs in one call.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/oracle.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

inline const std::vector<model::trace>& recorded_traces() {
    static const std::vector<model::trace> traces = model::read_traces(TAILRACE_TRACES_DIR);
    return traces;
}

/// The specification as a target, with a hook to spoil what a step shows.
class machine_session : public session {
  public:
    using spoiler = std::function<void(const model::step&, model::outcome&)>;

    machine_session(std::uint64_t capacity, spoiler spoil) : machine_(capacity), spoil_(std::move(spoil)) {}

    model::outcome apply(const model::step& s) override {
        if (machine_.refusal(s)) ADD_FAILURE() << "an illegal step reached the target: " << model::to_string(s);
        model::outcome o = machine_.apply(s);
        if (spoil_) spoil_(s, o);
        return o;
    }
    std::optional<std::uint64_t> observe_capacity() override { return machine_.available; }
    std::string describe() override { return model::to_string(machine_); }

  private:
    model::machine machine_;
    spoiler spoil_;
};

inline target machine_target(machine_session::spoiler spoil = {}) {
    return {"machine", "the specification itself", capabilities::all().without(capability::reentrancy),
            [spoil = std::move(spoil)](std::uint64_t capacity) {
                return std::make_unique<machine_session>(capacity, spoil);
            }};
}

/// The lines of one trace, without its frame; the first is line 2 of the text.
inline model::trace trace_of(std::uint64_t capacity, std::string_view lines) {
    const std::string text = "trace t capacity " + std::to_string(capacity) + '\n' + std::string(lines) + "end\n";
    return model::parse_traces(text, "t.trace").front();
}

inline replay_result replay_one(const target& t, model::trace trace) {
    std::vector<model::trace> traces;
    traces.push_back(std::move(trace));
    return replay(t, judge(std::move(traces)));
}

/// The line in which a trace differs from the specification; nothing if it does not.
inline std::optional<std::size_t> differing_line(const target& t, model::trace trace) {
    const replay_result result = replay_one(t, std::move(trace));
    if (result.differences.empty()) return std::nullopt;
    return result.differences.front().line().number;
}

inline std::optional<std::size_t> differing_line(std::uint64_t capacity, std::string_view lines) {
    return differing_line(machine_target(), trace_of(capacity, lines));
}

}  // namespace tailrace::verify
