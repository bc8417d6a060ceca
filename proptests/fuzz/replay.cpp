// Goes through inputs that are kept: files, and folders of files. Needs no libFuzzer, so every compiler and sanitizer
// runs it. Exit status: 0, 1 if there is a finding, 2 for bad usage. After a change here run: ci/test -L fuzz
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "fuzz.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& path) {
    if (!fs::is_directory(path)) return {path};
    std::vector<fs::path> files;
    for (const fs::directory_entry& e : fs::directory_iterator(path)) files.push_back(e.path());
    std::ranges::sort(files);
    return files;
}

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw fs::filesystem_error("expected an input that can be read", file, {errno, std::generic_category()});
    return {std::istreambuf_iterator<char>(in), {}};
}

int replay(const std::vector<std::string>& paths) {
    std::size_t inputs = 0;
    std::size_t findings = 0;
    for (const std::string& path : paths) {
        for (const fs::path& file : files_of(path)) {
            ++inputs;
            fmt::print(stderr, "{}\n", file.string());  // before it: a crash has no other trace
            const std::string input = content_of(file);
            try {
                tailrace::fuzz::try_input(input);
            } catch (const std::exception& e) {
                ++findings;
                fmt::print(stderr, "  {}\n", e.what());
            }
        }
    }
    fmt::print("{} inputs, {} findings\n", inputs, findings);
    return findings == 0 && inputs > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "{}: expected files of input, or folders of them\n", argv[0]);
        return 2;
    }
    try {
        return replay({argv + 1, argv + argc});
    } catch (const fs::filesystem_error& e) {
        fmt::print(stderr, "{}: {}\n", argv[0], e.what());
        return 2;
    }
}
