// The measure of the engine `oracle`: a recording changed in one place is reported at that very
// line.
//
// Mutations are drawn with a fixed seed from all recorded traces, printed, read back and replayed,
// as a user's file would be. The only change that may go unseen is one that the normal form takes
// out again: two wakes of an `advance`, which are a set, in another order.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "oracle_support.hpp"

namespace tailrace::verify {
namespace {

using model::line;
using model::outcome;
using model::trace;

enum class kind : unsigned char {
    answer_changed,
    wake_added,
    wake_dropped,
    wakes_swapped,
    destruction_added,
    destruction_dropped,
    destructions_swapped
};

constexpr std::size_t kinds = 7;
constexpr std::array<std::string_view, kinds> kind_names{
    "answer changed",    "wake added",          "wake dropped",        "wakes swapped",
    "destruction added", "destruction dropped", "destructions swapped"};

constexpr std::uint64_t seed = 1;
constexpr std::size_t of_each_kind = 150;
constexpr std::size_t least_of_each_kind = 30;

// std::uniform_int_distribution differs between libraries; the draw must not.
class dice {
  public:
    explicit dice(std::uint64_t s) : engine_(s) {}
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }

  private:
    std::mt19937_64 engine_;
};

/// An answer with another number, name, value or status: whatever the grammar can say.
model::answer another_answer(const model::answer& a, dice& d) {
    model::answer b = a;
    const bool keep_status = d.below(2) == 0;
    if (keep_status && (a.status == model::status::number || a.status == model::status::boolean)) {
        b.number = a.status == model::status::boolean ? 1 - a.number : a.number + 1 + d.below(5);
    } else if (keep_status && a.status == model::status::made) {
        b.made.number += static_cast<std::uint32_t>(1 + d.below(3));
    } else if (keep_status && a.value) {
        *b.value += 1 + d.below(3);
    } else if (keep_status && a.values.size() > 1) {
        std::swap(b.values[0], b.values[1]);
    } else {
        b = {};
        b.status = static_cast<model::status>(d.below(static_cast<std::uint64_t>(model::status::boolean) + 1));
        if (b.status == model::status::some || (b.status == model::status::full && d.below(2) == 0))
            b.value = 1 + d.below(30);
        if (b.status == model::status::many) b.values = {1 + d.below(30)};
        if (b.status == model::status::made)
            b.made = {model::handle_kind::permit, static_cast<std::uint32_t>(d.below(30))};
        if (b.status == model::status::number) b.number = d.below(30);
    }
    return b;
}

template <class Element>
void insert_at_random(std::vector<Element>& list, Element e, dice& d) {
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(d.below(list.size() + 1)), e);
}

template <class Element>
void erase_at_random(std::vector<Element>& list, dice& d) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(d.below(list.size())));
}

template <class Element>
void swap_at_random(std::vector<Element>& list, dice& d) {
    const std::size_t i = d.below(list.size() - 1);
    std::swap(list[i], list[i + 1]);
}

bool applies(kind k, const outcome& o) {
    switch (k) {
        case kind::wake_dropped: return !o.woken.empty();
        case kind::wakes_swapped: return o.woken.size() > 1;
        case kind::destruction_dropped: return !o.destroyed.empty();
        case kind::destructions_swapped: return o.destroyed.size() > 1;
        default: return true;
    }
}

void mutate(kind k, outcome& o, dice& d) {
    switch (k) {
        case kind::answer_changed: o.answer = another_answer(o.answer, d); break;
        case kind::wake_added:
            insert_at_random(o.woken, {model::handle_kind::operation, static_cast<std::uint32_t>(d.below(40))}, d);
            break;
        case kind::wake_dropped: erase_at_random(o.woken, d); break;
        case kind::wakes_swapped: swap_at_random(o.woken, d); break;
        case kind::destruction_added: insert_at_random(o.destroyed, 1 + d.below(40), d); break;
        case kind::destruction_dropped: erase_at_random(o.destroyed, d); break;
        case kind::destructions_swapped: swap_at_random(o.destroyed, d); break;
    }
}

bool is_equivalent(const trace& mutated, const trace& original) {
    const normal_form a = normalise(mutated);
    const normal_form b = normalise(original);
    return a.contradictions == b.contradictions && model::to_string(a.trace) == model::to_string(b.trace);
}

/// Replays a mutated trace as a file of its own, in which the line with index i stands in line i
/// + 2.
void expect_reported(const target& t, const trace& mutated, std::size_t at) {
    const replay_result r = replay(t, judge(model::parse_traces(model::to_string(mutated), "mutated.trace")));
    const std::string what =
        fmt::format("trace {} line {} on {}: {}", mutated.id, at + 2, t.name, model::to_string(mutated.lines[at]));
    ASSERT_EQ(r.differences.size(), 1U) << what;
    EXPECT_EQ(r.differences.front().line().number, at + 2) << what;
}

std::vector<target> targets_to_measure() { return {machine_target(), *find_target("reference")}; }

struct place {
    const trace* in;
    std::size_t at;
};

std::vector<place> places_for(kind k) {
    std::vector<place> places;
    for (const trace& t : recorded_traces()) {
        for (std::size_t i = 0; i < t.lines.size(); ++i) {
            if (applies(k, t.lines[i].expected)) places.push_back({&t, i});
        }
    }
    return places;
}

TEST(mutation, every_change_in_one_place_is_reported_at_that_line) {
    dice d(seed);
    fmt::print("seed {}\n", seed);
    std::size_t all = 0;
    for (std::size_t k = 0; k < kinds; ++k) {
        const std::vector<place> places = places_for(static_cast<kind>(k));
        std::size_t caught = 0;
        std::size_t equivalent = 0;
        while (caught < of_each_kind) {
            const place p = places[d.below(places.size())];
            trace mutated = *p.in;
            mutate(static_cast<kind>(k), mutated.lines[p.at].expected, d);
            if (mutated == *p.in) continue;  // the answer drawn was the same one
            const bool set_order =
                static_cast<kind>(k) == kind::wakes_swapped && p.in->lines[p.at].step.what == model::verb::advance;
            ASSERT_EQ(is_equivalent(mutated, *p.in), set_order)
                << p.in->id << ": " << model::to_string(mutated.lines[p.at]);
            if (set_order) {
                ++equivalent;
                EXPECT_TRUE(replay_one(machine_target(), mutated).differences.empty());
                continue;
            }
            for (const target& t : targets_to_measure()) expect_reported(t, mutated, p.at);
            if (HasFatalFailure() || HasNonfatalFailure()) return;
            ++caught;
        }
        EXPECT_GE(caught, least_of_each_kind);
        fmt::print("{:<22}{:>4} caught, {:>2} equivalent, drawn from {} places\n", kind_names[k], caught, equivalent,
                   places.size());
        all += caught;
    }
    fmt::print("{:<22}{:>4}\n", "all", all);
    EXPECT_GE(all, 500U);
}

// ---- Around the one allowed difference: not at random but every change there is

std::vector<outcome> all_changes(const line& l, const std::vector<model::value_id>& late) {
    std::vector<outcome> changes;
    const outcome& o = l.expected;
    const auto change = [&](auto&& edit) { edit(changes.emplace_back(o)); };
    if (o.answer.status == model::status::number) {
        for (std::uint64_t n = 0; n < 40; ++n) {
            if (n != o.answer.number) change([n](outcome& c) { c.answer.number = n; });
        }
    }
    for (std::size_t i = 0; i < o.destroyed.size(); ++i) {
        change([i](outcome& c) { c.destroyed.erase(c.destroyed.begin() + static_cast<std::ptrdiff_t>(i)); });
        if (i > 0) change([i](outcome& c) { std::swap(c.destroyed[i - 1], c.destroyed[i]); });
    }
    for (const model::value_id v : late) {
        for (std::size_t i = 0; i <= o.destroyed.size(); ++i) {
            change([&](outcome& c) { c.destroyed.insert(c.destroyed.begin() + static_cast<std::ptrdiff_t>(i), v); });
        }
    }
    return changes;
}

std::size_t expect_all_changes_reported(const trace& t, const std::vector<model::value_id>& late) {
    std::size_t caught = 0;
    const auto gone = std::ranges::find_if(t.lines, [](const line& l) { return model::to_string(l.step) == "drop r"; });
    for (auto i = static_cast<std::size_t>(gone - t.lines.begin()); i < t.lines.size(); ++i) {
        for (const outcome& change : all_changes(t.lines[i], late)) {
            trace mutated = t;
            mutated.lines[i].expected = change;
            expect_reported(machine_target(), mutated, i);
            if (::testing::Test::HasFailure()) return caught;
            ++caught;
        }
    }
    return caught;
}

TEST(mutation, every_change_around_a_late_destruction_is_reported_at_that_line_in_either_form) {
    std::size_t traces = 0;
    std::size_t caught = 0;
    for (const trace& t : recorded_traces()) {
        const normal_form n = normalise(t);
        if (n.late.empty()) continue;
        ++traces;
        std::vector<model::value_id> late;
        for (const std::size_t i : n.late) late.push_back(t.lines[i].step.value);
        caught += expect_all_changes_reported(t, late);
        caught += expect_all_changes_reported(n.trace, late);
    }
    fmt::print("{} traces with late destructions, {} changes caught\n", traces, caught);
    EXPECT_EQ(traces, 4U);
    EXPECT_GE(caught, 1'000U);
}

}  // namespace
}  // namespace tailrace::verify
