// Targets in other processes, in any language: the kit starts a command and speaks docs/protocol.md with it.
//
// A session sends a whole program ahead if it is foreseen (session::foresee): that costs one round trip. Otherwise each
// step costs one. A program that was sent ahead and not answered to its end is taken again step by step, in a new
// process: so the step that hangs or crashes is known, whatever the target had not yet written.
// After a change here run: ci/test -L proptests -R exec
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/dialogue.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

inline constexpr std::size_t longest_target_name = 40;

/// As a target introduces itself.
struct introduction {
    std::string name;
    std::string version;
    verify::capabilities capabilities;
    verify::capabilities tasks;  // none, if it cannot take several at once

    friend bool operator==(const introduction&, const introduction&) = default;
};

struct exec_command {
    std::string command;                    // for a shell
    std::string name = {};                  // of the target; otherwise as it introduces itself
    std::chrono::milliseconds patience{0};  // for the answers to a program, or to a step
};

/// The connection to a target, which takes one program at a time. A process that has failed is ended, and a new one is
/// started for the next program; so it is after a fork. Throws no_answer.
class exec_link {
  public:
    explicit exec_link(exec_command c) : command_(std::move(c)) {}

    /// What the process has said of itself; starts one if there is none.
    const introduction& meet();
    /// The program begins. What is left of the one before is read and forgotten, refusals included: after a difference
    /// the target may lack what a step is about.
    void begin(std::uint64_t capacity);
    /// Steps of it, one a line, and how they end: by `flush` or `end`.
    void say(std::string_view lines, bool ends);
    /// The next line of the answer.
    [[nodiscard]] std::string hear();
    /// The next line, which can only be this one.
    void expect(std::string_view line);
    /// Hears the `end` of the answer.
    void finish();
    /// The process that was met. Threads may listen and speak to it, one listening at a time.
    [[nodiscard]] dialogue& talk() { return *with_; }
    /// What was heard there, as the next line of the answer. Not for `nothing`.
    [[nodiscard]] std::string understand(dialogue::heard heard, std::string text);
    /// The same line, unless it is a refusal.
    [[nodiscard]] std::string accepted(std::string line);
    /// The line that was heard last, as the answer to this step; of one of these forms, if there are any.
    [[nodiscard]] model::outcome read(const std::string& text, const model::step& s,
                                      const std::vector<model::answer>& forms = {});
    /// There is no answer in time.
    [[noreturn]] void give_up(const std::string& what) { fail(no_answer::why::late, what); }
    /// Says that the line that was heard last is not in order, from this column on.
    [[noreturn]] void misspoke(std::size_t column, std::string_view expected, std::string_view found);
    [[noreturn]] void misspoke(const std::string& what) { fail(no_answer::why::misspoke, what); }
    /// Of the program, which is its name too.
    [[nodiscard]] std::uint64_t number() const { return number_; }
    /// Of the line that was heard last: from 1, in the introduction or in the answer to a program.
    [[nodiscard]] std::size_t line() const { return line_; }
    [[nodiscard]] const exec_command& command() const { return command_; }
    [[nodiscard]] std::string_view place() const { return number_ == 0 ? "its introduction" : "its answer"; }
    /// Ends the process.
    void leave();
    /// Ends its input: it has to end too, and well.
    void part();

  private:
    void start();
    [[nodiscard]] std::string next_line();
    [[noreturn]] void fail(no_answer::why is, const std::string& what);

    exec_command command_;
    std::unique_ptr<dialogue> with_;
    std::optional<introduction> said_;
    dialogue::clock::time_point until_;
    pid_t owner_ = -1;
    std::uint64_t number_ = 0;
    std::size_t line_ = 0;
    std::size_t asked_ = 0;  // lines of the answer to what was said so far
    bool answers_ = false;   // to a program
    bool ends_ = false;      // it was told the end of it
};

/// An example of each form of answer to a step; `asked` is the step that has created the operation if it is a poll, and
/// the step itself otherwise. Made from the table of answers in coverage/reach_answers.cpp.
[[nodiscard]] std::vector<model::answer> answers_to(const model::step& s, const model::step& asked,
                                                    capabilities within);

/// A session on a link that other sessions use before and after it.
[[nodiscard]] std::unique_ptr<session> open_exec_session(std::shared_ptr<exec_link> link, std::uint64_t capacity);

/// The target behind the link, as it introduces itself. Throws no_answer.
[[nodiscard]] target make_exec_target(const std::shared_ptr<exec_link>& link);

/// Meets the target, which has to be there and to introduce itself. Throws std::runtime_error, one line.
[[nodiscard]] target make_exec_target(const exec_command& c);

}  // namespace tailrace::verify
