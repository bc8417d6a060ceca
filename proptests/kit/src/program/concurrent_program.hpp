// Programs of several concurrent tasks, and their generation.
//
// The handle of a step may not exist when the step is reached: a reservation may have been refused, a permit used. Then
// the step is skipped, and so is one that would be illegal (a borrowed sender cannot be dropped). So every program is
// legal in every interleaving, and stays legal when steps are removed. Names are part of the program: the step names
// what it makes, never the channel.
// After a change here run: ci/test -L proptests -R 'concurrent|threads'
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tailrace/model/vocabulary.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct task_step {
    /// `operation` is the number of the handle that is made: by itself, or by the operation when it finishes.
    model::step step;
    /// For a step that creates an operation: poll it until it has finished, and sleep in between.
    bool waits = false;
    /// The same by the channel's own blocking form, if it has one.
    bool blocks = false;

    friend bool operator==(const task_step&, const task_step&) = default;
};

struct concurrent_program {
    std::uint64_t capacity = 1;
    std::vector<model::step> before;            // by one task, legal to the specification
    std::vector<std::vector<task_step>> tasks;  // at once

    friend bool operator==(const concurrent_program&, const concurrent_program&) = default;
};

inline constexpr std::size_t most_tasks = 4;
/// Handles made by the steps of task k are numbered from (k + 1) * names_per_task; those made before, from 0.
inline constexpr std::uint32_t names_per_task = 100;

/// The task that a handle made in `before` is given to: the one that names it. A sender that several tasks name is
/// shared, and stays; so does a handle that no task names.
[[nodiscard]] std::vector<std::vector<model::handle>> gifts(const concurrent_program& p);

/// How large generated programs are at most, and what is in them.
struct program_size {
    std::size_t tasks = most_tasks;
    std::size_t steps = 6;  // of a task, before the ends that some programs have
    std::uint64_t capacity = 4;
    bool time = true;    // deadlines, and the clock
    bool blocks = true;  // blocking calls
    bool permits =
        false;  // one, or all, are out already when the tasks begin: few steps are too few to come by one and lose it
};

/// For real threads; and for a simulation, where every interleaving counts, and time is not simulated.
inline constexpr program_size large_programs{};
inline constexpr program_size small_programs{
    .tasks = 3, .steps = 3, .capacity = 2, .time = false, .blocks = false, .permits = true};

/// The same for the same capabilities, seed, index and size. A target that can only block has sends and receives that
/// block; one without late_poll waits for whatever it begins.
[[nodiscard]] concurrent_program generate_concurrent(capabilities within, std::uint64_t seed, std::uint64_t index,
                                                     const program_size& size = large_programs);

/// The same within what the target can do, its capacities included.
[[nodiscard]] concurrent_program generate_concurrent(const target& t, std::uint64_t seed, std::uint64_t index,
                                                     const program_size& size = large_programs);

/// Whether the target can run it.
[[nodiscard]] bool can_run(const target& t, const concurrent_program& p);

/// One step a line, task by task.
[[nodiscard]] std::string to_string(const concurrent_program& p);
/// The same for programs that differ in nothing but how values and handles are called.
[[nodiscard]] std::string without_names(const concurrent_program& p);

/// Keeps track of the handles of one task, and of what borrows them: which steps are legal.
class task_books {
  public:
    /// No other task uses `h`. A shared sender may be used, but not dropped.
    void add(model::handle h, std::uint32_t borrows = no_sender, model::verb made_by = model::verb::advance);
    [[nodiscard]] bool allow(const model::step& s) const;
    /// What the step did, by its answer.
    void note(const model::step& s, const model::answer& a);
    [[nodiscard]] bool has(model::handle h) const;
    void share(model::handle sender) { shared_.push_back(sender); }
    /// Takes a handle out, to be added elsewhere; with the sender it borrows.
    std::uint32_t remove(model::handle h);
    [[nodiscard]] std::vector<model::handle> all() const;
    [[nodiscard]] std::uint32_t sender_of(model::handle h) const;

    static constexpr std::uint32_t no_sender = ~std::uint32_t{0};

  private:
    struct entry {
        model::handle name;
        std::uint32_t borrows = no_sender;
        model::verb made_by = model::verb::advance;
    };
    [[nodiscard]] const entry* find(model::handle h) const;

    std::vector<entry> entries_;
    std::vector<model::handle> shared_;
};

}  // namespace tailrace::verify
