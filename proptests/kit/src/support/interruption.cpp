// Signal handlers for SIGINT and SIGTERM.
// After a change here run: ci/test -L proptests -R 'manners'
#include "support/interruption.hpp"

#include <csignal>

namespace tailrace::verify {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM};

volatile std::sig_atomic_t noted = 0;

void note(int signal) {
    noted = signal;
    for (const int s : signals) std::signal(s, SIG_DFL);
}

}  // namespace

void note_interruptions() {
    for (const int s : signals) {
        struct sigaction is{};
        sigaction(s, nullptr, &is);
        if (is.sa_handler == SIG_IGN) continue;
        is = {};
        is.sa_handler = note;  // without SA_RESTART: what waits looks up
        sigaction(s, &is, nullptr);
    }
}

int interruption() noexcept { return noted; }

}  // namespace tailrace::verify
