// The simulator as a child process: it is sent a program, and answers with what the exploration found.
// After a change here run: ci/test -L proptests -R interleavings
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/interleavings.hpp"
#include "support/dialogue.hpp"

namespace tailrace::verify {

struct exploration {
    std::uint64_t executions = 0;
    std::uint64_t stalled = 0;  // of these, with a task that was stalled while others ran
    std::uint64_t histories = 0;
    std::uint64_t unknown = 0;
    bool complete = false;                         // exhaustive, up to the bound
    std::uint64_t microseconds = 0;                // of the processor
    std::vector<partial_history> all;              // if they were asked for
    std::optional<interleavings_failure> failure;  // as far as the simulator knows it
    bool cut = false;                              // the time was over: nothing else is known
};

class simulator {
  public:
    /// Throws std::runtime_error.
    explicit simulator(std::string program);

    /// A crash of the simulator is a failure of the program; it is started again. Throws std::runtime_error if it does
    /// not understand.
    [[nodiscard]] exploration explore(const std::string& target, const concurrent_program& p,
                                      const interleavings_options& options, bool show_histories);

  private:
    void start();
    /// After its end: how it has ended. Throws std::runtime_error if it is not there.
    [[nodiscard]] std::string start_again();
    /// Nothing at the end of the simulator, or of the time.
    [[nodiscard]] std::optional<std::string> read_line(const std::function<bool()>& over);

    std::string program_;
    std::unique_ptr<dialogue> with_;
};

}  // namespace tailrace::verify
