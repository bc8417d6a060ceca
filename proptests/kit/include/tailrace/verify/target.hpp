// The target adapter: the interface through which the engines drive a channel under test.
//
// A target opens sessions; a session is one channel with everything made from it, driven step by step in the vocabulary
// on one thread. Channels do not implement this by hand: channel_session.hpp builds a session from a small description
// of their API.
// After a change here run: ci/test -L conformance
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/clauses.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/model/vocabulary.hpp"

namespace tailrace::verify {

/// What a channel can do. A target declares its set; what is outside of it is skipped, and reported as skipped.
enum class capability : unsigned char {
    send,
    try_send,
    send_timeout,
    reserve,
    try_reserve,
    reserve_owned,
    try_reserve_owned,
    reserve_many,  // with try_reserve_many and the iterator
    closed,        // listeners
    recv,
    try_recv,
    recv_timeout,
    recv_many,
    close,  // by the receiver
    clone,
    weak,             // weak senders, downgrade and upgrade
    sender_counts,    // strong_count, weak_count
    sender_capacity,  // what is free
    sender_max_capacity,
    sender_is_closed,
    sender_len,
    receiver_observers,  // len, is_empty, is_closed, capacity, max_capacity, counts of a receiver
    blocking,            // blocking_send and blocking_recv

    // What steps of the forms above may rely on.
    sender_drop,    // the last sender can go, which ends the channel for the receiver
    receiver_drop,  // the receiver can go, which closes the channel and destroys what is buffered
    late_poll,      // a woken operation may be left unpolled while other steps are taken: nothing happens by itself
    send_returns_value,  // a waiting send that fails hands its value back; without, it destroys it
    any_capacity,        // a channel has the capacity that was asked for; without, see target::capacity_for
    reentrancy           // a waker and the destructor of a value may take steps
};

inline constexpr std::size_t capability_count = static_cast<std::size_t>(capability::reentrancy) + 1;

class capabilities {
  public:
    constexpr capabilities() = default;
    constexpr capabilities(std::initializer_list<capability> list) {
        for (capability c : list) bits_ |= bit(c);
    }
    [[nodiscard]] static constexpr capabilities all() {
        capabilities c;
        c.bits_ = (1u << capability_count) - 1;
        return c;
    }
    [[nodiscard]] constexpr bool has(capability c) const { return (bits_ & bit(c)) != 0; }
    [[nodiscard]] constexpr capabilities without(capability c) const {
        capabilities r = *this;
        r.bits_ &= ~bit(c);
        return r;
    }
    [[nodiscard]] constexpr capabilities with(capabilities more) const {
        capabilities r = *this;
        r.bits_ |= more.bits_;
        return r;
    }
    friend constexpr bool operator==(capabilities, capabilities) = default;

  private:
    static constexpr unsigned bit(capability c) { return 1u << static_cast<unsigned>(c); }
    unsigned bits_ = 0;
};

[[nodiscard]] std::string_view to_string(capability c) noexcept;

/// The capability that a step of this form needs; nothing for advance, and for poll and drop of what other steps made.
[[nodiscard]] std::optional<capability> needed_for(const model::step& s) noexcept;

/// The operation was woken, or would finish if polled.
[[nodiscard]] bool is_ready(const model::operation& op) noexcept;

/// The step is in order as far as `late_poll` goes: without it a ready operation is polled or dropped before anything
/// else.
[[nodiscard]] bool is_prompt(capabilities within, const model::machine& now, const model::step& s) noexcept;

/// The outcome as a target can show it that has no more than these capabilities.
[[nodiscard]] model::outcome as_shown(capabilities within, const model::step& s, model::outcome o);

/// Where a channel keeps its values: in blocks of slots. The numbers of its messages wrap around at 2^36.
struct storage {
    std::uint64_t next = 0;   // the number of the next message
    std::uint64_t first = 0;  // that of the very first
    std::uint64_t block_slots = 0;
    std::uint64_t blocks = 0;       // allocated
    std::uint64_t most_blocks = 0;  // that it ever needs
    std::uint64_t kept_blocks = 0;  // that it may keep when it is idle
};

/// What a session does with operations besides polling them, and with allocations.
enum class form_event : unsigned char {
    stop_inside_deadline,  // an operation was created with both
    deadline_inside_stop,
    stopped,            // where the program drops it
    timed_out,          // the same, by a deadline that the program does not have
    resumed,            // a coroutine that had been suspended, by an executor
    destroyed_asleep,   // a coroutine that nothing had woken
    destroyed_woken,    // a coroutine that the executor was about to resume
    other_waker,        // a wake through the second waker of an operation, or a later one
    outlived,           // a sender or the receiver went while an operation of it was finished, and still there
    failed_allocation,  // or a move of a value into the channel that has thrown
    finished_first      // an operation, before its interruption came: among other tasks only
};
inline constexpr std::size_t form_event_count = static_cast<std::size_t>(form_event::finished_first) + 1;
using form_counts = std::array<std::uint64_t, form_event_count>;

/// What a channel does by itself, reported as it happens: by any thread, where the channel runs foreign code.
class session_events {
  public:
    session_events() = default;
    session_events(const session_events&) = delete;
    session_events& operator=(const session_events&) = delete;

    virtual void woken(std::uint32_t operation) noexcept = 0;
    virtual void destroyed(model::value_id value) noexcept = 0;

  protected:
    ~session_events() = default;
};

/// What a session throws whose channel is in another process: there is no answer to a step, and there will be none.
class no_answer : public std::runtime_error {
  public:
    enum class why : unsigned char {
        late,      // within the time
        ended,     // the process has
        misspoke,  // it has written something else
        refused    // it has written why it gives none
    };

    no_answer(why is, const std::string& what, std::string errors)
        : std::runtime_error(what), why_(is), errors_(std::move(errors)) {}
    [[nodiscard]] why is() const noexcept { return why_; }
    /// The end of what it has written to its standard error.
    [[nodiscard]] const std::string& errors() const noexcept { return errors_; }

  private:
    why why_;
    std::string errors_;
};

class session {
  public:
    session() = default;
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    virtual ~session() = default;

    /// Before the first step: all steps that will be taken, unless one differs. To save round trips, if a target
    /// `foresees`.
    virtual void foresee(std::span<const model::step> steps) { (void)steps; }

    /// Takes a step that is legal and within the capabilities, and says everything that could be seen of it. Destroyed
    /// values are those destroyed by the channel; a value handed back is in the answer.
    virtual model::outcome apply(const model::step& s) = 0;

    /// The number of free permits, by any handle that can tell without disturbing anything; nothing if none is left.
    [[nodiscard]] virtual std::optional<std::uint64_t> observe_capacity() = 0;

    /// Nothing if the target cannot tell.
    [[nodiscard]] virtual std::optional<storage> observe_storage() { return std::nullopt; }

    /// Since the session was opened; nothing if operations are polled only.
    [[nodiscard]] virtual std::optional<form_counts> observe_forms() const { return std::nullopt; }

    /// Before the first step: whether steps will be taken inside the calls of others, as one has to suppose otherwise.
    virtual void expect_reactions(bool some) { (void)some; }

    /// For a target with `reentrancy`: from now on each wake and destruction of a step is reported as it happens too,
    /// and the receiver of the report may take steps then. Null ends it.
    virtual void react_with(session_events* reactions) { (void)reactions; }

    /// An invariant of the target that is broken, and its state; nothing if all hold. Precondition: no call is under
    /// way.
    [[nodiscard]] virtual std::optional<std::string> broken_invariant() { return std::nullopt; }

    /// Everything the target can say about its state, for failure messages.
    [[nodiscard]] virtual std::string describe() { return {}; }
};

/// The handles of one channel that one task has. Different tasks may use theirs at the same time.
class task_session : public session {
  public:
    /// Wake-ups and destructions go to the session_events, and are not part of the outcome.
    virtual model::answer act(const model::step& s) = 0;
    /// Before an operation is dropped: ends its wait in the way of its form. True if it has finished first: then it is
    /// as if it had been polled, with this answer.
    virtual bool interrupt(std::uint32_t operation, model::answer& a) {
        (void)operation;
        (void)a;
        return false;
    }
    /// The number of the handle that the next step makes.
    virtual void name_next(std::uint32_t number) = 0;
    /// Runs what the channel has posted and not yet run. Only while the task is quiescent.
    virtual void settle() {}
    /// Takes the step as a call that blocks. Precondition: `can_block(s)`.
    virtual model::answer block(const model::step& s) = 0;
    [[nodiscard]] virtual bool can_block(const model::step& s) const = 0;
    /// For a thread that may take handles of this session while another is inside block(): what that call has read here
    /// happens before this.
    virtual void look_inside() const {}

    /// The session of another task on the same channel and clock, without handles. It may use the senders of this one,
    /// but not drop them, and only while this one is quiescent. Must not outlive this one.
    [[nodiscard]] virtual std::unique_ptr<task_session> branch() = 0;
    /// Gives a handle to a branch of this one.
    virtual void give(model::handle h, task_session& branch) = 0;
    /// Ends all calls of all tasks: each throws. False if that cannot be done.
    virtual bool cut_off() { return false; }
};

/// A GoogleTest program with tests that are written against the types of a channel.
struct test_program {
    std::string path;
    std::string filter = "*";  // of its tests, those for this target: its --gtest_filter
    /// The folder of its sources `*_test.cpp`, where a comment `// Clause: name.` above a test names what it tests.
    std::string sources;
};

struct target {
    std::string name;
    std::string summary;
    verify::capabilities capabilities;
    /// Opens a session on a new channel: sender s0 and the receiver exist, the clock is at 0.
    std::function<std::unique_ptr<session>(std::uint64_t capacity)> open;
    /// The same for concurrent tasks, with schedule perturbation inside the channel if it supports that; empty if the
    /// target is for one thread only.
    std::function<std::unique_ptr<task_session>(std::uint64_t capacity, session_events& events, bool noisy)>
        open_tasks = {};
    /// What tasks can do, if it is not the same.
    std::optional<verify::capabilities> of_tasks = {};
    /// A call of a task that has slept for so long, although the specification would wake it, will never return.
    std::chrono::milliseconds patience{250};
    /// The simulator knows it by this name, and the engine `interleavings` can explore it.
    bool is_simulated = false;
    /// How C++ names the Api of a foreign channel, for a test to paste; `own_adapter` for the channels of this project;
    /// nothing if no name is known.
    std::string adapter = {};
    /// The capacity of a channel that is opened with `asked`; empty: just as large. Programs have such capacities only.
    std::function<std::uint64_t(std::uint64_t asked)> capacity_for = {};
    /// The same channel with its storage in other geometries: the engines that generate programs spread them over the
    /// target and these.
    std::vector<target> geometries = {};
    /// What no program of steps can show: the engine `tests` runs these.
    std::vector<test_program> tests = {};
    /// Its sessions are in another process, and are shown whole programs before they take them.
    bool foresees = false;
    /// What a command line has to say to have this target, if it is not there by itself.
    std::string option = {};
};

inline constexpr std::string_view own_adapter = "tailrace::channel";

/// The capacity that programs have in place of `wanted`.
[[nodiscard]] std::uint64_t reachable(const target& t, std::uint64_t wanted);

/// The target, or one of its geometries that the engine can run: what runs the program with this index.
[[nodiscard]] const target& target_for(const target& t, std::uint64_t program, model::engine by);
/// The target with the capabilities of its tasks.
[[nodiscard]] target as_tasks(target t);
/// Each target, followed by its geometries.
[[nodiscard]] std::vector<const target*> with_geometries(const std::vector<target>& all);

/// `reference`, `optimized`, in this order.
[[nodiscard]] const std::vector<target>& builtin_targets();
/// Among them and their geometries.
[[nodiscard]] const target* find_target(std::string_view name);

/// What the target lacks for the first step of the program that it cannot take, if there is one.
[[nodiscard]] std::optional<capability> first_missing(const target& t, const model::trace& program);

}  // namespace tailrace::verify
