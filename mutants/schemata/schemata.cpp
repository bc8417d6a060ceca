// tailrace-schemata: copies headers with mutants in them, of which at most one is on when a program runs
// (tailrace_mutate.hpp). mutants/README.md has the operators.
//
//     tailrace-schemata FROM TO EXCLUDED
//
// reads all headers below FROM as clang does, writes the copies below TO, and the list of the mutants as
// TO/mutants.json. EXCLUDED is the list of those that do not compile (judged.hpp). A line keeps its number.
// After a change here run: ci/test -L house
#include <exception>
#include <filesystem>
#include <iostream>
#include <span>

#include <nlohmann/json.hpp>

#include "copies.hpp"
#include "judged.hpp"
#include "operators.hpp"

int main(int argc, char** argv) {
    using namespace tailrace::schemata;
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    if (argc != 4) {
        std::cerr << "usage: tailrace-schemata FROM TO EXCLUDED\n";
        return 2;
    }
    try {
        const fs::path from = fs::canonical(arguments[1]);
        const fs::path to = arguments[2];
        copies all(from, read_judged(arguments[3]));
        mutate(all);
        all.write(to);
        std::cout << all.mutants().size() << " mutants in " << all.headers().size() << " headers\n";
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "tailrace-schemata: " << error.what() << '\n';
        return 2;
    }
}
