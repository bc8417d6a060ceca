// The reference channel as a target in another process, which speaks docs/protocol.md; and, with an argument, targets
// that keep to it until the receiver is closed, or not even that long. After the argument `tasks` it takes several
// tasks at once.
// After a change here run: ci/test -L proptests -R 'exec|check_target'
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../foreign_queue.hpp"
#include "shared_channel.hpp"
#include "tailrace/model/reference_channel.hpp"
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

/// The reference channel, or a queue with a race.
std::unique_ptr<spoken::any_shared_channel> open_shared(std::string_view how, std::uint64_t capacity) {
    using foreign::mistake;
    if (how == "overfills") return spoken::share(foreign::api<mistake::look_then_push>::open<tracked>(capacity));
    if (how == "forgets") return spoken::share(foreign::api<mistake::forgets_to_wake>::open<tracked>(capacity));
    return spoken::share(tailrace::model::reference_channel<tracked>(capacity));
}

std::string_view can_in_tasks(std::string_view how) {
    if (how == "boasts-of-tasks") return "try_send try_recv send";
    if (how == "has-no-way-out") return "try_send blocking";
    if (how == "overfills") return "try_send try_recv";
    if (how == "forgets") return "try_send try_recv blocking";
    return "blocking try_send try_recv close clone sender_is_closed sender_drop receiver_drop send_returns_value";
}

class speaker {
  public:
    speaker(std::string_view how, bool tasks) : how_(how), has_tasks_(tasks) {}

    void introduce() {
        if (how_ == "is-silent") wait_for_ever();
        if (how_ == "leaves") {
            std::fputs("no licence found\n", stderr);
            std::exit(3);
        }
        std::printf("tailrace-target %s\n", how_ == "is-old" ? "0" : "1");
        std::printf("name %s\n", how_ == "has-no-name" ? "" : "spoken");
        std::printf("version 1.0\ncan%s\n", how_ == "boasts" ? " try_send recv_may" : can().c_str());
        if (has_tasks_) std::printf("tasks %s\n", std::string(can_in_tasks(how_)).c_str());
        std::puts("ready");
        std::fflush(stdout);
    }

    void hear(const std::string& line) {
        if (line.starts_with("trace ")) {
            capacity_ = std::stoull(line.substr(line.rfind(' ') + 1));
            channel_ = find_target("reference")->open(capacity_);
            std::puts(line.c_str());
        } else if (line == "flush") {
            if (how_ != "never-flushes") std::fflush(stdout);
        } else if (line == "end") {
            tasks_.clear();
            shared_.reset();
            before_.clear();
            channel_.reset();
            std::puts(how_ == "adds-a-line" ? "end\nand more" : "end");
            std::fflush(stdout);
        } else if (const std::size_t label = line.find(": "); has_tasks_ && label != line.npos) {
            take_as_task(line.substr(0, label), line.substr(label + 2));
        } else {
            take(line);
        }
    }

  private:
    [[noreturn]] static void wait_for_ever() {
        for (;;) pause();
    }

    /// The tasks begin with all that was done before. Each takes its steps one after another.
    void take_as_task(const std::string& task, const std::string& step) {
        if (!shared_) {
            shared_ = open_shared(how_, capacity_);
            for (const auto& s : before_) (void)shared_->take(s);
        }
        std::future<void>& last = tasks_[task];
        last = std::async(std::launch::async, [this, task, step, before = std::move(last)] {
            if (before.valid()) before.wait();
            noise_state = ++seed_;
            const std::string line = (how_ == "mislabels" ? "7" : task) + ": " + step;
            const std::string answer = line + " -> " + to_string(shared_->take(tailrace::model::parse_step(step)));
            if (step == "r close") misbehave(line, answer);
            std::printf("%s\n", answer.c_str());
            std::fflush(stdout);
        });
    }

    tailrace::model::outcome apply(const tailrace::model::step& s) {
        if (shared_) return shared_->take(s);
        before_.push_back(s);
        return channel_->apply(s);
    }

    void take(const std::string& line) {
        const std::string answer = line + " -> " + to_string(apply(tailrace::model::parse_step(line)));
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
    bool has_tasks_;
    std::uint64_t capacity_ = 1;
    std::unique_ptr<session> channel_;
    std::vector<tailrace::model::step> before_;           // the tasks
    std::unique_ptr<spoken::any_shared_channel> shared_;  // by them
    std::atomic<std::uint64_t> seed_ = 0;
    std::map<std::string, std::future<void>> tasks_;  // the last step of each
    std::string held_;
};

}  // namespace

int main(int argc, char** argv) {
    std::cin.tie(nullptr);  // or a read would flush
    const bool tasks = argc > 1 && std::string_view(argv[1]) == "tasks";
    const int at = tasks ? 2 : 1;
    speaker s(argc > at ? argv[at] : "", tasks);
    s.introduce();
    for (std::string line; std::getline(std::cin, line);) s.hear(line);
    return 0;
}
