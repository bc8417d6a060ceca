// The command line of the stress programs. After a change here run: ci/test -L stress
#pragma once

#include <fmt/core.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

namespace tailrace::verify::stress {

struct options {
    std::uint64_t rounds = 3000;
    std::uint64_t seed = 1;
    std::optional<std::uint64_t> only;
    std::string_view platform;  // empty: all that the program has
};

inline constexpr std::string_view usage =
    "usage: {} [--rounds N] [--seed S] [--only R] [--platform production|watched]\n"
    "  --rounds N    how many rounds on each platform (default 3000)\n"
    "  --seed S      seed of the random rounds (default 1)\n"
    "  --only R      the round with this number again and again: how a failure is repeated\n"
    "  --platform P  only on this one: as installed, or one that counts the tasks that sleep\n"
    "exit status: 0 passed, 1 failed, 2 bad usage\n";

/// Prints one line and exits with 2 if the command line is invalid.
inline options parse_options(int argc, char** argv) {
    const std::string_view program = argv[0];
    const auto refuse = [&](std::string_view what) {
        fmt::print(stderr, "{}: {}; see --help\n", program, what);
        std::exit(2);  // NOLINT(concurrency-mt-unsafe): no thread runs yet
    };
    options o;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--help") {
            fmt::print(fmt::runtime(usage), program);
            std::exit(0);  // NOLINT(concurrency-mt-unsafe): as above
        }
        const bool numeric = name == "--rounds" || name == "--seed" || name == "--only";
        if (!numeric && name != "--platform") refuse(fmt::format("unknown argument '{}'", name));
        if (i + 1 == argc) refuse(fmt::format("{} needs a value", name));
        const std::string_view text = argv[++i];
        if (!numeric) {
            o.platform = text;
            continue;
        }
        std::uint64_t number = 0;
        const char* const begin = text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
        const char* const end = begin + text.size();
        const auto [rest, error] = std::from_chars(begin, end, number);
        if (error != std::errc{} || rest != end) {
            refuse(fmt::format("{} needs a number below 2^64, not '{}'", name, text));
        }
        if (name == "--rounds") o.rounds = number;
        if (name == "--seed") o.seed = number;
        if (name == "--only") o.only = number;
    }
    if (o.rounds == 0) refuse("--rounds 0 checks nothing");
    return o;
}

}  // namespace tailrace::verify::stress
