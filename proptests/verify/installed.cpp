// tailrace-verify as it is installed: with the recordings that are installed with it, and without the test programs,
// which are only in a build.
// After a change here run: ci/release --dry-run
#include <filesystem>

#include "tailrace/verify/main.hpp"

int main(int argc, char** argv) {
    const auto prefix = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
    return tailrace::verify::main(argc, argv, tailrace::verify::builtin_targets(),
                                  prefix / TAILRACE_DATADIR "/tailrace/traces");
}
