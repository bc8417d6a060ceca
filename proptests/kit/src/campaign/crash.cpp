// Runs parts of a crashing program, each in a child process with a limit of processor time: the load of the machine
// does not matter. After a change here run: ci/test -L proptests -R 'crash|slices'
#include "campaign/crash.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "engine/sequential.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

constexpr rlim_t most_seconds = 1;                   // of processor time: a program of a few hundred steps takes none
constexpr auto patience = std::chrono::seconds(60);  // for one that sleeps

/// In a child process.
std::string run_quietly(const target& t, const script& s) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) (void)dup2(nowhere, STDERR_FILENO);
    const rlimit limit{most_seconds, most_seconds};
    (void)setrlimit(RLIMIT_CPU, &limit);
    const rlimit no_core{0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)take_again(t, s);
    return {};
}

bool ends_its_process(const target& t, const script& s) {
    const child_end end = in_children({[&](pulse&) { return run_quietly(t, s); }}, patience).front();
    return end.is == child_end::how::crashed || end.is == child_end::how::hung;
}

}  // namespace

shrunk_script shrink_crash(const target& t, const script& crashing, std::size_t most_attempts,
                           const std::function<bool()>& over) {
    const auto fails = [&t](const script& s) -> std::optional<std::size_t> {
        const bool possible = reachable(t, s.capacity) == s.capacity && !s.steps.empty();
        return possible && ends_its_process(t, s) ? std::optional(s.steps.size() - 1) : std::nullopt;
    };
    if ((over && over()) || !fails(crashing)) return {crashing, 0};
    return shrink(crashing, t.capabilities, fails, most_attempts, over);
}

std::string how_it_ended(const child_end& end) {
    switch (end.is) {
        case child_end::how::given_up: return "it did not end when it was asked to (UNKNOWN whether it hangs)";
        case child_end::how::hung: return "it hangs";
        default: break;
    }
    return end.signal != 0 ? fmt::format("it crashes (signal {}, {})", end.signal, strsignal(end.signal))
                           : "it ends the process";
}

std::string lines_of(const token& t, const target& on, const std::string& command) {
    return fmt::format("  program\n{}  again     {}\n", first_lines(to_string(t.program)),
                       replay_command(shell_word(command), on.option, to_string(t)));
}

}  // namespace tailrace::verify
