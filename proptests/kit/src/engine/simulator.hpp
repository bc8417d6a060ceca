// The simulator as a child process: it is sent a program, and answers with what the exploration found.
// After a change here run: ci/test -L proptests -R interleavings
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/interleavings.hpp"

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
    ~simulator();
    simulator(const simulator&) = delete;
    simulator& operator=(const simulator&) = delete;

    /// A crash of the simulator is a failure of the program; it is started again. Throws std::runtime_error if it does
    /// not understand.
    [[nodiscard]] exploration explore(const std::string& target, const concurrent_program& p,
                                      const interleavings_options& options, bool show_histories);

  private:
    void start();
    /// Its status.
    int stop();
    /// After its end: how it has ended. Throws std::runtime_error if it is not there.
    [[nodiscard]] std::string start_again();
    /// Nothing at the end of the simulator, which `over` brings about.
    [[nodiscard]] std::optional<std::string> read_line(const std::function<bool()>& over);

    std::string program_;
    pid_t child_ = -1;  // none, after stop()
    int socket_ = -1;
    std::string unread_;
};

}  // namespace tailrace::verify
