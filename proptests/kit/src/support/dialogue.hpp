// A dialogue with a child process, in lines: over its standard input and output, within a time, with what it writes to
// its standard error kept.
//
// Whatever the child does, no call waits beyond its time or keeps more than a line of it: a child may hang, end, never
// read, or write for ever. After a change here run: ci/test -L proptests -R dialogue
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::verify {

class dialogue {
  public:
    using clock = std::chrono::steady_clock;

    enum class heard : unsigned char {
        line,
        end,      // of the child's output
        nothing,  // in this time
        too_long  // a line of more than `longest_line`
    };
    static constexpr std::size_t longest_line = std::size_t{1} << 20;
    static constexpr std::size_t kept_errors = 2'000;  // bytes, the last ones

    /// Starts the command in a shell, where `zeroth` is $0, in a process group of its own. Throws std::system_error.
    explicit dialogue(const std::string& command, const std::string& zeroth = "sh");
    /// Kills the group. In a process forked since, it only forgets it.
    ~dialogue();
    dialogue(const dialogue&) = delete;
    dialogue& operator=(const dialogue&) = delete;

    /// Sent while listening, as far as the child reads.
    void say(std::string_view text) { unsent_ += text; }
    /// Sent at once: for other threads than the one that listens.
    void say_now(std::string_view text);
    /// The next line, without its end, of at most `longest_line` bytes.
    [[nodiscard]] heard listen(std::string& line, clock::time_point until);
    /// Ends the group, whatever it does. Threads may do it while another one listens, who hears the end.
    void kill();
    /// Closes the child's input, once everything is sent.
    void hang_up() { hangs_up_ = true; }
    /// The child's status, once it has ended; nothing if it has not by then.
    [[nodiscard]] std::optional<int> wait(clock::time_point until);
    /// The end of what it has written to its standard error.
    [[nodiscard]] const std::string& errors() const { return errors_; }

  private:
    void send_some();
    /// False at the end of the child's output.
    [[nodiscard]] bool hear_some(clock::time_point until);
    void hear_errors();

    pid_t owner_;
    pid_t child_ = -1;
    int to_ = -1;
    int from_ = -1;
    int errors_from_ = -1;
    std::mutex sending_;
    std::string unsent_;
    std::string unread_;
    std::size_t searched_ = 0;  // of that, without an end of a line
    std::string errors_;
    bool hangs_up_ = false;
    std::optional<int> status_;
};

/// "signal 11, Segmentation fault", "exit status 3"
[[nodiscard]] std::string how_it_ended(int status);

/// The shell has found no such program, or none that it could run.
[[nodiscard]] bool was_not_there(int status);

}  // namespace tailrace::verify
