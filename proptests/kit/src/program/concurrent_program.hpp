// Programs for several tasks at once, and how they are generated.
//
// What a task's step is about may not exist when its turn comes: a reservation may have been refused, a permit used.
// Then the step is passed over, and so is one that would be illegal (a sender that is borrowed cannot go). So every
// program is legal, however tasks interleave, and stays legal whatever is taken out of it. Names are part of the
// program: what step makes is named by the step, never by the channel.
// After a change here run: ctest -L proptests -R 'concurrent|threads'
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tailrace/model/vocabulary.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct task_step {
    /// `operation` numbers whatever handle is made: by itself, or by the operation when it finishes.
    model::step step;
    /// A step that creates an operation: poll it until it has finished, asleep in between.
    bool waits = false;
    /// The same by the channel's own blocking form, if it has one.
    bool blocks = false;

    friend bool operator==(const task_step&, const task_step&) = default;
};

struct concurrent_program {
    std::uint64_t capacity = 1;
    std::vector<model::step> before;            // by one task, legal to the specification
    std::vector<std::vector<task_step>> lanes;  // at once

    friend bool operator==(const concurrent_program&, const concurrent_program&) = default;
};

inline constexpr std::size_t most_lanes = 4;
/// Handles made by the steps of lane k are numbered from (k + 1) * lane_names; those made before, from 0.
inline constexpr std::uint32_t lane_names = 100;

/// The lane that a handle made in `before` is given to: the one that names it. A sender that several lanes name is
/// shared, and stays; so does what nobody names.
[[nodiscard]] std::vector<std::vector<model::handle>> gifts(const concurrent_program& p);

/// How large generated programs are at most, and what is in them.
struct program_size {
    std::size_t lanes = most_lanes;
    std::size_t steps = 6;  // of a lane, before the ends that some programs have
    std::uint64_t capacity = 4;
    bool time = true;    // deadlines, and the clock
    bool blocks = true;  // blocking calls
    /// What is told from another variable than everything else is (a number of handles, a sender's len, a receiver's
    /// is_closed): under weak memory it is a number of its own time, and no order that has to explain the rest can have
    /// it, too.
    bool counts = true;
    bool permits =
        false;  // one, or all, are out already when the tasks begin: few steps are too few to come by one and lose it
};

/// For real threads; and for a simulation, where every interleaving counts, and time is not simulated.
inline constexpr program_size large_programs{};
inline constexpr program_size small_programs{
    .lanes = 3, .steps = 3, .capacity = 2, .time = false, .blocks = false, .counts = false, .permits = true};

/// The same for the same capabilities, seed, index and size. A target that can only block has sends and receives that
/// block; one without late_poll waits for whatever it begins.
[[nodiscard]] concurrent_program generate_concurrent(capabilities within, std::uint64_t seed, std::uint64_t index,
                                                     const program_size& size = large_programs);

/// The same within what the target can do, its capacities included.
[[nodiscard]] concurrent_program generate_concurrent(const target& t, std::uint64_t seed, std::uint64_t index,
                                                     const program_size& size = large_programs);

/// Can the target perform it?
[[nodiscard]] bool can_perform(const target& t, const concurrent_program& p);

/// One step a line, lane by lane.
[[nodiscard]] std::string to_string(const concurrent_program& p);

/// True for steps that go by the books: what is there, and who borrows it. Follows one task.
class task_books {
  public:
    /// Nobody else uses `h`. A sender that is not owned may be used, but not ended.
    void add(model::handle h, std::uint32_t borrows = nobody, model::verb made_by = model::verb::advance);
    [[nodiscard]] bool allow(const model::step& s) const;
    /// What the step did, by its answer.
    void note(const model::step& s, const model::answer& a);
    [[nodiscard]] bool has(model::handle h) const;
    void share(model::handle sender) { shared_.push_back(sender); }
    /// Takes a handle out, to be added elsewhere; with the sender it borrows.
    std::uint32_t remove(model::handle h);
    [[nodiscard]] std::vector<model::handle> all() const;
    [[nodiscard]] std::uint32_t sender_of(model::handle h) const;

    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

  private:
    struct entry {
        model::handle name;
        std::uint32_t borrows = nobody;
        model::verb made_by = model::verb::advance;
    };
    [[nodiscard]] const entry* find(model::handle h) const;

    std::vector<entry> entries_;
    std::vector<model::handle> shared_;
};

}  // namespace tailrace::verify
