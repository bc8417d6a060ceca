// Generated programs of one thread, and their interpretation.
//
// A program is a list of commands, and a command is three small numbers: what to do, to which of
// the handles it could be done to, and how much. It is chosen blindly and gets its meaning from the
// state it meets: the specification says which handles are there, and a command that fits none of
// them is skipped. So every program is legal, whatever its numbers.
// After a change here run: ci/test -L proptests -R 'generator|sequential'
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/player.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct command {
    std::uint8_t act = 0;     // an entry of the table of acts
    std::uint8_t pick = 0;    // which of the handles, modulo their number
    std::uint8_t amount = 0;  // how many, or how long

    friend bool operator==(const command&, const command&) = default;
};

/// After the commands everything that is left is dropped, so that no value or permit is forgotten:
/// everything that can be.
enum class ending : unsigned char {
    none,
    operations_first,
    receiver_first,
    senders_first,
    close_first  // a receive drains the buffer, parks, and waits for the last permit
};

struct program {
    std::uint64_t seed = 0;
    std::uint64_t index = 0;  // seed and index repeat it
    std::uint64_t capacity = 1;
    std::vector<command> commands;
    std::size_t most_steps = 0;  // before the ending
    verify::ending ending = ending::none;
    capabilities within = capabilities::all();  // commands and ending
    bool reacts = false;  // with steps inside of calls: the commands once more, from the last to the first

    friend bool operator==(const program&, const program&) = default;
};

/// The length for which the coverage goals (reach.hpp) were measured.
inline constexpr std::size_t usual_length = 30;

struct generator_options {
    std::uint64_t seed = 1;
    std::size_t max_length = usual_length;  // in steps; the crowds are longer
    /// Never generated: to see that the run notices.
    std::optional<model::verb> left_out = {};
    /// See target: programs have such capacities only.
    std::function<std::uint64_t(std::uint64_t asked)> capacity_for = {};
};

/// Makes programs of commands within the capabilities. Most are a mixture of everything; some are a
/// stream of values, longer than the others: more of them than a block of storage has slots; some a
/// crowd, longer still, in which more than 32 operations wait at once. Of each kind one in four has reactions.
class generator {
  public:
    explicit generator(capabilities within, const generator_options& options = {});

    /// The same for the same capabilities, options and index, whatever was made before.
    [[nodiscard]] program operator()(std::uint64_t index) const;

  private:
    void let_one_take_all(command& c) const;

    generator_options options_;
    std::vector<std::uint8_t> mixture_;  // acts, each as often as it has weight
    std::vector<std::uint8_t> crowd_;
    std::vector<std::uint8_t> stream_;
    capabilities within_;
    std::vector<ending> endings_{ending::operations_first};
};

/// What the command means in this state: a legal step, or nothing.
[[nodiscard]] std::optional<model::step> resolve(const model::machine& now, command c);

/// Says step by step what a program does. Precondition of `next`: the machine or the player has taken the steps said
/// before, and no others.
class interpreter {
  public:
    explicit interpreter(const program& p) : program_(&p) {}

    /// Nothing at the end. The player has come to the occasion of the step.
    [[nodiscard]] std::optional<model::step> next(model::player& p);
    /// Without reactions.
    [[nodiscard]] std::optional<model::step> next(const model::machine& now);

  private:
    [[nodiscard]] std::optional<model::step> react(model::player& p);

    const program* program_;
    std::size_t at_ = 0;         // commands
    std::size_t taken_ = 0;      // steps
    std::size_t reactions_ = 0;  // commands read for them
    struct due {
        unsigned steps = 0;
        std::optional<ending> drops_all;
    };
    std::vector<due> due_;  // reactions at the occasion of each call
};

/// The whole program, with the outcomes that the specification wants. The trace is named after
/// seed and index.
[[nodiscard]] model::trace interpret(const program& p);

}  // namespace tailrace::verify
