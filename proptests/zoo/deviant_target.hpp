// A deviation (proptests/zoo) as a target: for the tests of the engines that drive targets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "tailrace/model/machine.hpp"
#include "tailrace/verify/deviation.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

class deviant_session final : public session {
  public:
    deviant_session(std::uint64_t capacity, const deviation& d) : machine_(capacity), deviation_(d) {}

    model::outcome apply(const model::step& s) override {
        if (const std::optional<std::string> refusal = machine_.refusal(s)) {
            throw std::logic_error(*refusal);
        }
        return deviation_.apply(machine_, s);
    }
    std::optional<std::uint64_t> observe_capacity() override { return machine_.available; }
    std::string describe() override { return model::to_string(machine_); }

  private:
    model::machine machine_;
    const deviation& deviation_;
};

/// The deviation must outlive the target.
inline target deviant_target(const deviation& d) {
    return {std::string(d.name), std::string(d.summary), capabilities::all(),
            [&d](std::uint64_t capacity) { return std::make_unique<deviant_session>(capacity, d); }};
}

}  // namespace tailrace::verify
