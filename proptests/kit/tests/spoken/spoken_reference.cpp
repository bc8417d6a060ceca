// The reference channel as a target in another process, which speaks docs/protocol.md; and, with an argument, targets
// that keep to it until the receiver is closed, or not even that long.
// After a change here run: ci/test -L proptests -R 'exec|check_target'
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace {

using namespace tailrace::verify;

std::string can() {
    std::string text;
    for (std::size_t i = 0; i < capability_count; ++i) {
        const auto c = static_cast<capability>(i);
        if (c != capability::blocking && c != capability::reentrancy) text += ' ' + std::string(to_string(c));
    }
    return text;
}

class speaker {
  public:
    explicit speaker(std::string_view how) : how_(how) {}

    void introduce() {
        if (how_ == "is-silent") wait_for_ever();
        if (how_ == "leaves") {
            std::fputs("no licence found\n", stderr);
            std::exit(3);
        }
        std::printf("tailrace-target %s\n", how_ == "is-old" ? "0" : "1");
        std::printf("name %s\n", how_ == "has-no-name" ? "" : "spoken");
        std::printf("version 1.0\ncan%s\n", how_ == "boasts" ? " try_send recv_may" : can().c_str());
        std::puts("ready");
        std::fflush(stdout);
    }

    void hear(const std::string& line) {
        if (line.starts_with("trace ")) {
            const std::string capacity = line.substr(line.rfind(' ') + 1);
            channel_ = find_target("reference")->open(std::stoull(capacity));
            std::puts(line.c_str());
        } else if (line == "flush") {
            if (how_ != "never-flushes") std::fflush(stdout);
        } else if (line == "end") {
            channel_.reset();
            std::puts(how_ == "adds-a-line" ? "end\nand more" : "end");
            std::fflush(stdout);
        } else {
            take(line);
        }
    }

  private:
    [[noreturn]] static void wait_for_ever() {
        for (;;) pause();
    }

    void take(const std::string& line) {
        const std::string answer = line + " -> " + to_string(channel_->apply(tailrace::model::parse_step(line)));
        if (line == "r close") misbehave(line, answer);
        if (line == "r close" && how_ == "answers-out-of-order") {
            held_ = answer + '\n';
            return;
        }
        std::printf("%s\n%s", answer.c_str(), held_.c_str());
        held_.clear();
    }

    /// Comes back if the answer is to be said all the same.
    void misbehave(const std::string& line, const std::string& answer) {
        if (how_ == "hangs") wait_for_ever();
        if (how_ == "spins") {
            for (volatile bool on = true; on;) {
            }
        }
        if (how_ == "crashes") {
            std::fputs("assertion failed: cannot close\n", stderr);
            std::abort();
        }
        if (how_ == "exits") std::exit(3);
        if (how_ == "garbles") std::puts((line + " -> okay").c_str());
        if (how_ == "refuses") std::puts("error what is a close?");
        if (how_ == "floods") {
            for (;;) std::puts(answer.c_str());
        }
        if (how_ == "never-ends-a-line") {
            for (;;) std::putchar('x');
        }
        if (how_ == "shouts") {
            for (;;) std::fputs("no! ", stderr);
        }
        if (how_ == "answers-twice") std::puts(answer.c_str());
        if (how_ == "answers-another") std::puts("r len -> 0");
    }

    std::string_view how_;
    std::unique_ptr<session> channel_;
    std::string held_;
};

}  // namespace

int main(int argc, char** argv) {
    std::cin.tie(nullptr);  // or a read would flush
    speaker s(argc > 1 ? argv[1] : "");
    s.introduce();
    for (std::string line; std::getline(std::cin, line);) s.hear(line);
    return 0;
}
