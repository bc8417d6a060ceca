// Generated programs are legal, within the capabilities, complete, and the same for the same seed.
#include "program/generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::step;
using model::verb;

/// FNV-1a over the text of all programs: steps, and what the specification says to them.
std::uint64_t hash_of(const generator& generate, std::uint64_t first, std::uint64_t programs) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (std::uint64_t i = first; i < first + programs; ++i) {
        for (const char c : model::to_string(interpret(generate(i)))) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        }
    }
    return hash;
}

/// Takes every step of the programs on the specification. `look(machine before it, step)`.
template <class Look>
void for_each_step(const generator& generate, std::uint64_t programs, Look look) {
    for (std::uint64_t i = 0; i < programs; ++i) {
        const program p = generate(i);
        model::machine m(p.capacity);
        interpreter steps(p);
        while (const std::optional<step> s = steps.next(m)) {
            look(m, *s);
            if (::testing::Test::HasFatalFailure()) return;
            m.apply(*s);
        }
    }
}

using verbs_of_kinds = std::set<std::pair<verb, handle_kind>>;

/// All pairs that the vocabulary knows, within the capabilities.
verbs_of_kinds known(capabilities within) {
    verbs_of_kinds all;
    for (std::size_t v = 0; v < model::verb_count; ++v) {
        for (std::size_t k = 0; k <= static_cast<std::size_t>(handle_kind::owned_permit); ++k) {
            step s;
            s.what = static_cast<verb>(v);
            s.subject.kind = static_cast<handle_kind>(k);
            const std::optional<capability> needed = needed_for(s);
            if (!model::applies_to(s.what, s.subject.kind)) continue;
            if (!needed || within.has(*needed)) all.emplace(s.what, s.subject.kind);
        }
    }
    return all;
}

TEST(generator, every_step_of_50000_programs_is_legal) {
    std::uint64_t steps = 0;
    for_each_step(generator(capabilities::all()), 50'000, [&](const model::machine& m, const step& s) {
        ++steps;
        const std::optional<std::string> refusal = m.refusal(s);
        ASSERT_FALSE(refusal) << model::to_string(s) << ": " << *refusal;
    });
    EXPECT_GT(steps, 1'000'000U);
}

TEST(generator, a_command_means_a_legal_step_or_nothing_whatever_its_numbers) {
    const program p = generator(capabilities::all())(3);
    model::machine m(p.capacity);
    interpreter steps(p);
    while (const std::optional<step> s = steps.next(m)) {
        for (unsigned act = 0; act < 256; ++act) {
            for (const unsigned number : {0U, 1U, 7U, 128U, 255U}) {
                const auto n = static_cast<std::uint8_t>(number);
                const std::optional<step> meant = resolve(m, {static_cast<std::uint8_t>(act), n, n});
                ASSERT_FALSE(meant && m.refusal(*meant)) << model::to_string(*meant);
            }
        }
        m.apply(*s);
    }
}

TEST(generator, the_same_seed_and_index_give_the_same_program) {
    const generator one(capabilities::all(), {.seed = 7});
    const generator other(capabilities::all(), {.seed = 7});
    EXPECT_EQ(hash_of(one, 0, 2'000), hash_of(other, 0, 2'000));
    static_cast<void>(hash_of(one, 500, 10));
    EXPECT_EQ(one(123), other(123)) << "whatever was made before";
    EXPECT_NE(one(123), one(124));
}

TEST(generator, another_seed_gives_other_programs) {
    const generator one(capabilities::all(), {.seed = 7});
    const generator other(capabilities::all(), {.seed = 8});
    std::size_t same = 0;
    for (std::uint64_t i = 0; i < 1'000; ++i) same += one(i).commands == other(i).commands ? 1U : 0;
    EXPECT_EQ(same, 0U);
}

TEST(generator, programs_stay_within_the_capabilities) {
    std::vector<capabilities> sets{find_target("optimized")->capabilities};
    for (std::size_t i = 0; i < capability_count; ++i) {
        sets.push_back(capabilities::all().without(static_cast<capability>(i)));
    }
    for (const capabilities within : sets) {
        for_each_step(generator(within), 300, [&](const model::machine&, const step& s) {
            const std::optional<capability> needed = needed_for(s);
            ASSERT_TRUE(!needed || within.has(*needed)) << model::to_string(s) << " needs " << to_string(*needed);
        });
    }
}

TEST(generator, everything_in_the_vocabulary_is_generated) {
    for (const capabilities within : {capabilities::all(), find_target("optimized")->capabilities}) {
        verbs_of_kinds missing = known(within);
        for_each_step(generator(within), 20'000,
                      [&](const model::machine&, const step& s) { missing.erase({s.what, s.subject.kind}); });
        if (!within.has(capability::weak)) {
            std::erase_if(missing, [](auto& p) { return p.second == handle_kind::weak_sender; });
        }
        if (!within.has(capability::reserve_many)) {
            std::erase_if(missing, [](auto& p) { return p.second == handle_kind::iterator; });
        }
        for (const auto& [v, kind] : missing) {
            ADD_FAILURE() << model::shape_of(v).spelling << " on kind " << static_cast<int>(kind);
        }
    }
}

TEST(generator, a_verb_that_is_left_out_does_not_come) {
    for (std::size_t v = 0; v < model::verb_count; ++v) {
        const auto out = static_cast<verb>(v);
        for_each_step(generator(capabilities::all(), {.left_out = out}), 100,
                      [&](const model::machine&, const step& s) { ASSERT_NE(s.what, out); });
    }
}

TEST(generator, a_program_ends_with_nothing_left) {
    const generator generate(capabilities::all());
    std::map<ending, std::size_t> endings;
    for (std::uint64_t i = 0; i < 1'000; ++i) {
        const program p = generate(i);
        ++endings[p.ending];
        model::machine m(p.capacity);
        interpreter steps(p);
        while (const std::optional<step> s = steps.next(m)) m.apply(*s);
        ASSERT_TRUE(m.receiver_gone && m.senders.empty() && m.weak_senders.empty() && m.operations.empty() &&
                    m.grants.empty() && m.buffer.empty() && m.idle())
            << model::to_string(m);
    }
    EXPECT_EQ(endings.size(), 4U);
}

TEST(generator, the_length_is_kept) {
    const generator generate(capabilities::all(), {.max_length = 5});
    std::size_t longest = 0;
    for (std::uint64_t i = 0; i < 500; ++i) {
        program p = generate(i);
        p.ending = ending::none;
        p.reacts = false;
        longest = std::max(longest, interpret(p).lines.size());
        if (p.most_steps == 5) {
            EXPECT_LE(interpret(p).lines.size(), 5U);
        }
    }
    EXPECT_EQ(longest, 30U) << "the crowds are six times as long";
}

TEST(generator, an_interpreted_program_is_a_trace_that_can_be_read_again) {
    const generator generate(capabilities::all(), {.seed = 3});
    for (std::uint64_t i = 0; i < 200; ++i) {
        const model::trace t = interpret(generate(i));
        const std::vector<model::trace> read = model::parse_traces(model::to_string(t), "t");
        ASSERT_EQ(read.size(), 1U);
        ASSERT_EQ(read.front(), t);
    }
    EXPECT_EQ(interpret(generate(12)).id, "seed-3-program-12");
}

}  // namespace
}  // namespace tailrace::verify
