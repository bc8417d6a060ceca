// The program as its users start it, in a folder of its own, for tests.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace tailrace::verify {

namespace fs = std::filesystem;

struct run_result {
    int status = -1;
    std::string out;
    std::string error;
};

inline std::string text_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class command_line_fixture : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("tailrace-" + std::to_string(std::random_device{}()));
        fs::create_directories(folder_ / "in");
    }
    void TearDown() override { fs::remove_all(folder_); }

    /// Runs the program through the shell, in the test's folder. A crash is a failure of the test.
    run_result run(std::string_view arguments, std::string_view environment = "") {
        const std::string command = "cd '" + folder_.string() + "' && " + std::string(environment) +
                                    " '" TAILRACE_VERIFY_PROGRAM "' " + std::string(arguments) +
                                    " >out.txt 2>error.txt";
        const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 4) << command << '\n' << text_of(folder_ / "error.txt");
        return {WEXITSTATUS(status), without_record(text_of(folder_ / "out.txt")), text_of(folder_ / "error.txt")};
    }

    /// When it ran and on what is not what a test is about.
    static std::string without_record(const std::string& text) { return text.substr(0, text.find("\nrun       ")); }

    void write(std::string_view name, std::string_view text) {
        std::ofstream(folder_ / name, std::ios::binary) << text;
    }

    /// Refused with exactly this line, and nothing printed.
    void expect_refused(std::string_view arguments, std::string_view line, std::string_view environment = "") {
        const run_result r = run(arguments, environment);
        EXPECT_EQ(r.status, 2) << arguments;
        EXPECT_EQ(r.out, "") << arguments;
        EXPECT_EQ(r.error, std::string(line) + '\n') << arguments;
    }

    fs::path folder_;
};

}  // namespace tailrace::verify
