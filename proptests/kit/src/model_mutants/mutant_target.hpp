// A mutant (proptests/zoo) as a target, for tests of the engines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "model_mutants/mutant.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

class mutant_session final : public session {
  public:
    mutant_session(std::uint64_t capacity, const mutant& d) : machine_(capacity), mutant_(d) {}

    model::outcome apply(const model::step& s) override {
        if (const std::optional<std::string> refusal = machine_.refusal(s)) {
            throw std::logic_error(*refusal);
        }
        return mutant_.apply(machine_, s);
    }
    std::optional<std::uint64_t> observe_capacity() override { return machine_.available; }
    std::string describe() override { return model::to_string(machine_); }

  private:
    model::machine machine_;
    const mutant& mutant_;
};

/// The mutant must outlive the target.
inline target mutant_target(const mutant& d) {
    return {std::string(d.name), std::string(d.summary), capabilities::all().without(capability::reentrancy),
            [&d](std::uint64_t capacity) { return std::make_unique<mutant_session>(capacity, d); }};
}

}  // namespace tailrace::verify
