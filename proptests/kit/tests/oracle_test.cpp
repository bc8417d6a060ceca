// The engine `oracle`: what it accepts, what it reports and where, and the one difference it
// allows.
#include "oracle_support.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace tailrace::verify {
namespace {

using line_number = std::optional<std::size_t>;

const target& reference() { return *find_target("reference"); }

// ---- The recorded traces

TEST(oracle, every_recorded_trace_agrees_with_the_reference_and_nine_values_die_late) {
    const replay_result result = replay(reference(), judge(recorded_traces()));
    EXPECT_EQ(result.traces, 360U);
    EXPECT_EQ(result.steps, 47'899U);
    EXPECT_EQ(result.late, 9U);
    EXPECT_EQ(result.skipped_traces(), 0U);
    EXPECT_TRUE(result.differences.empty());
}

TEST(oracle, the_conservation_law_is_checked_after_every_step_while_any_handle_can_tell_the_capacity) {
    const replay_result result = replay(machine_target(), judge(recorded_traces()));
    EXPECT_EQ(result.conservation_checks, result.steps);
}

// ---- The form of a recording

constexpr std::string_view late_form =
    "s0 try_reserve -> p0\n"
    "s0 try_reserve -> p1\n"
    "drop r -> ok\n"
    "p0 send v1 -> ok\n"
    "s0 capacity -> 0\n"
    "p1 send v2 -> ok\n"
    "s0 downgrade -> w0\n"
    "drop s0 -> ok\n"
    "drop w0 -> ok ~ v1 v2\n";

constexpr std::string_view prompt_form =
    "s0 try_reserve -> p0\n"
    "s0 try_reserve -> p1\n"
    "drop r -> ok\n"
    "p0 send v1 -> ok ~ v1\n"
    "s0 capacity -> 1\n"
    "p1 send v2 -> ok ~ v2\n"
    "s0 downgrade -> w0\n"
    "drop s0 -> ok\n"
    "drop w0 -> ok\n";

TEST(normal_form, a_late_trace_becomes_the_prompt_one) {
    const normal_form n = normalise(trace_of(2, late_form));
    EXPECT_EQ(n.trace, trace_of(2, prompt_form));
    EXPECT_EQ(n.late, (std::vector<std::size_t>{3, 5}));
    EXPECT_TRUE(n.contradictions.empty());
}

TEST(normal_form, a_prompt_trace_stays_as_it_is_and_allows_nothing) {
    const normal_form n = normalise(trace_of(2, prompt_form));
    EXPECT_EQ(n.trace, trace_of(2, prompt_form));
    EXPECT_TRUE(n.late.empty());
    EXPECT_EQ(replay_one(machine_target(), trace_of(2, prompt_form)).late, 0U);
    EXPECT_EQ(differing_line(2, prompt_form), line_number());
}

TEST(normal_form, normalising_twice_is_normalising_once) {
    for (const model::trace& t : recorded_traces()) {
        const normal_form once = normalise(t);
        EXPECT_EQ(normalise(once.trace), (normal_form{once.trace, {}, {}})) << t.id;
    }
}

TEST(normal_form, a_trace_without_sends_after_the_receiver_has_gone_is_not_touched) {
    std::size_t untouched = 0;
    for (const model::trace& t : recorded_traces()) {
        const normal_form n = normalise(t);
        if (!n.late.empty()) continue;
        ++untouched;
        for (std::size_t i = 0; i < t.lines.size(); ++i) {
            if (t.lines[i].step.what != model::verb::advance) {
                EXPECT_EQ(n.trace.lines[i], t.lines[i]);
            }
        }
    }
    EXPECT_EQ(untouched, 356U);
}

TEST(normal_form, the_wakes_of_advance_are_a_set) {
    constexpr std::string_view with_order =
        "s0 send_timeout v1 5ms as f0 -> created\n"
        "r recv_timeout 5ms as f1 -> created\n"
        "s0 try_send v2 -> ok\n"
        "poll f0 -> pending\n"
        "poll f1 -> some v2 ! f0\n"
        "s0 send_timeout v3 5ms as f2 -> created\n"
        "poll f2 -> pending\n";
    const std::string lines(with_order);
    EXPECT_EQ(differing_line(1, lines + "advance 5ms -> ok ! f0 f2\n"), line_number());
    EXPECT_EQ(differing_line(1, lines + "advance 5ms -> ok ! f2 f0\n"), line_number());
    EXPECT_EQ(differing_line(1, lines + "advance 5ms -> ok ! f2\n"), line_number(9));
    EXPECT_EQ(differing_line(1, lines + "advance 5ms -> ok ! f2 f0 f0\n"), line_number(9));
}

// ---- Where a late value has to die, by the kind of handle that goes last

struct last_handle {
    std::string_view name, before, last;
};

constexpr std::array last_handles{
    last_handle{"the sender", "p0 send v1 -> ok\n", "drop s0 -> ok"},
    last_handle{"a weak sender", "s0 downgrade -> w0\np0 send v1 -> ok\ndrop s0 -> ok\n", "drop w0 -> ok"},
    last_handle{"another sender", "s0 clone -> s1\np0 send v1 -> ok\ndrop s0 -> ok\n", "drop s1 -> ok"},
    last_handle{"an owned permit", "p0 send v1 -> ok\ndrop s0 -> ok\n", "drop o0 -> ok"},
    last_handle{"an operation that owns a sender, dropped", "p0 send v1 -> ok\ns0 reserve_owned as f0 -> created\n",
                "drop f0 -> ok"},
    last_handle{"an operation that owns a sender, failed", "p0 send v1 -> ok\ns0 reserve_owned as f0 -> created\n",
                "poll f0 -> closed"},
};

/// Everything but the last handle's end.
std::string lines_before(const last_handle& h) {
    const bool owned = h.last == "drop o0 -> ok";
    const std::string setup = owned ? "s0 clone -> s1\ns1 try_reserve_owned -> o0\n" : "";
    return setup + "s0 try_reserve -> p0\ndrop r -> ok\n" + std::string(h.before);
}

std::size_t line_after(const std::string& lines) {
    return 2 + static_cast<std::size_t>(std::ranges::count(lines, '\n'));
}

TEST(late_destruction, is_allowed_exactly_where_the_last_handle_goes) {
    for (const last_handle& h : last_handles) {
        const std::string lines = lines_before(h);
        const std::string last(h.last);
        EXPECT_EQ(differing_line(3, lines + last + " ~ v1\n"), line_number()) << h.name;
        EXPECT_EQ(replay_one(machine_target(), trace_of(3, lines + last + " ~ v1\n")).late, 1U) << h.name;
        EXPECT_EQ(differing_line(3, lines + last + "\n"), line_number(line_after(lines))) << h.name << ": missing";
        EXPECT_EQ(differing_line(3, lines + last + " ~ v1 v1\n"), line_number(line_after(lines)))
            << h.name << ": twice";
        EXPECT_EQ(differing_line(3, lines + last + " ~ v2\n"), line_number(line_after(lines))) << h.name << ": another";
    }
}

TEST(late_destruction, too_early_is_reported_where_it_stands) {
    constexpr std::string_view lines =
        "s0 try_reserve -> p0\n"
        "drop r -> ok\n"
        "p0 send v1 -> ok\n"
        "s0 clone -> s1\n"
        "drop s1 -> ok ~ v1\n"
        "drop s0 -> ok\n";
    EXPECT_EQ(differing_line(2, lines), line_number(6));
}

TEST(late_destruction, in_another_order_is_reported_at_the_last_handle) {
    std::string lines(late_form);
    lines.replace(lines.find("~ v1 v2"), 7, "~ v2 v1");
    EXPECT_EQ(differing_line(2, lines), line_number(10));
}

TEST(late_destruction, of_one_value_missing_is_reported_at_the_last_handle) {
    std::string lines(late_form);
    lines.replace(lines.find("~ v1 v2"), 7, "~ v2");
    EXPECT_EQ(differing_line(2, lines), line_number(10));
}

TEST(late_destruction, of_all_values_missing_is_reported_at_the_last_handle) {
    std::string lines(late_form);
    lines.replace(lines.find(" ~ v1 v2"), 8, "");
    EXPECT_EQ(differing_line(2, lines), line_number(10));
}

TEST(late_destruction, a_prompt_one_in_a_late_trace_is_reported_at_the_send) {
    std::string lines(late_form);
    lines.replace(lines.find("p1 send v2 -> ok"), 16, "p1 send v2 -> ok ~ v2");
    EXPECT_EQ(differing_line(2, lines), line_number(7));
}

TEST(late_destruction, a_late_one_in_a_prompt_trace_is_reported_at_the_send) {
    std::string lines(prompt_form);
    lines.replace(lines.find("p1 send v2 -> ok ~ v2"), 21, "p1 send v2 -> ok");
    EXPECT_EQ(differing_line(2, lines), line_number(7));
}

TEST(late_destruction, keeps_its_permit_until_the_last_handle_goes) {
    std::string lines(late_form);
    lines.replace(lines.find("capacity -> 0"), 13, "capacity -> 1");
    EXPECT_EQ(differing_line(2, lines), line_number(6));
    lines.replace(lines.find("capacity -> 1"), 13, "capacity -> 2");
    EXPECT_EQ(differing_line(2, lines), line_number(6));
}

TEST(late_destruction, need_not_be_seen_when_the_trace_ends_before_the_last_handle_goes) {
    constexpr std::string_view lines =
        "s0 try_reserve -> p0\n"
        "drop r -> ok\n"
        "p0 send v1 -> ok\n"
        "s0 capacity -> 1\n";
    EXPECT_EQ(differing_line(2, lines), line_number());
    EXPECT_EQ(replay_one(machine_target(), trace_of(2, lines)).late, 1U);
    std::string wrong(lines);
    wrong.replace(wrong.find("capacity -> 1"), 13, "capacity -> 2");
    EXPECT_EQ(differing_line(2, wrong), line_number(5)) << "as many lines for each form: it is read as tokio's";
}

TEST(late_destruction, is_not_allowed_to_the_value_of_an_operation) {
    constexpr std::string_view lines =
        "s0 send v1 as f0 -> created\n"
        "drop r -> ok\n"
        "drop f0 -> ok\n"
        "drop s0 -> ok ~ v1\n";
    EXPECT_EQ(differing_line(2, lines), line_number(4));
}

TEST(late_destruction, is_not_allowed_to_a_target) {
    const target late_target = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::send && s.subject.kind == model::handle_kind::permit) o.destroyed.clear();
    });
    EXPECT_EQ(differing_line(late_target, trace_of(2, late_form)), line_number(5));
    EXPECT_EQ(differing_line(late_target, trace_of(2, prompt_form)), line_number(5));
}

// ---- What the target does wrong

TEST(oracle, every_aspect_of_a_step_is_compared_and_named) {
    using model::outcome;
    const model::trace t = trace_of(1,
                                    "r recv as f0 -> created\n"
                                    "poll f0 -> pending\n"
                                    "s0 closed as f1 -> created\n"
                                    "poll f1 -> pending\n"
                                    "drop f0 -> ok\n"
                                    "s0 try_send v1 -> ok\n"
                                    "s0 send v2 as f2 -> created\n"
                                    "poll f2 -> pending\n"
                                    "drop r -> ok ! f2 f1 ~ v1\n");
    const auto aspects = [&t](const std::function<void(outcome&)>& spoil) {
        const replay_result r = replay_one(machine_target([&](const model::step& s, outcome& o) {
                                               if (model::to_string(s) == "drop r") spoil(o);
                                           }),
                                           t);
        EXPECT_EQ(r.differences.size(), 1U);
        EXPECT_EQ(r.differences.front().line().number, 10U);
        return r.differences.front().differs;
    };
    EXPECT_EQ(aspects([](outcome& o) { o.answer.status = model::status::closed; }), std::vector{aspect::answer});
    EXPECT_EQ(aspects([](outcome& o) { o.answer.number = 1; }), std::vector{aspect::answer});
    EXPECT_EQ(aspects([](outcome& o) { o.answer.value = 1; }), std::vector{aspect::answer});
    EXPECT_EQ(aspects([](outcome& o) { o.woken.pop_back(); }), std::vector{aspect::woken});
    EXPECT_EQ(aspects([](outcome& o) { std::swap(o.woken[0], o.woken[1]); }), std::vector{aspect::woken});
    EXPECT_EQ(aspects([](outcome& o) { o.destroyed.clear(); }), std::vector{aspect::destroyed});
    EXPECT_EQ(aspects([](outcome& o) { o.destroyed.push_back(2); }), std::vector{aspect::destroyed});
}

class lossy_session : public machine_session {
  public:
    using machine_session::machine_session;
    std::optional<std::uint64_t> observe_capacity() override { return *machine_session::observe_capacity() - 1; }
};

TEST(oracle, a_lost_permit_breaks_the_conservation_law_at_the_step_that_lost_it) {
    target t = machine_target();
    t.open = [](std::uint64_t capacity) {
        return std::make_unique<lossy_session>(capacity, machine_session::spoiler());
    };
    const replay_result r = replay_one(t, trace_of(2, "s0 try_send v1 -> ok\n"));
    ASSERT_EQ(r.differences.size(), 1U);
    EXPECT_EQ(r.differences.front().differs, std::vector{aspect::conservation});
    EXPECT_EQ(r.differences.front().notes.front(),
              "permits after the step: 0 free + 1 buffered + 0 out + 0 held = 1, not 2");
}

TEST(oracle, a_target_that_throws_differs_at_that_step) {
    const replay_result r =
        replay_one(machine_target([](const model::step&, model::outcome&) { throw std::logic_error("misuse"); }),
                   trace_of(2, "s0 try_send v1 -> ok\n"));
    ASSERT_EQ(r.differences.size(), 1U);
    EXPECT_EQ(r.differences.front().differs, std::vector{aspect::thrown});
    EXPECT_EQ(r.differences.front().notes.front(), "the target threw: misuse");
}

TEST(oracle, a_target_that_is_wrong_as_the_trace_is_wrong_does_not_pass) {
    const target barging = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::try_send) o.answer = {};
    });
    const replay_result r = replay_one(barging, trace_of(1, "s0 try_send v1 -> ok\ns0 try_send v2 -> ok\n"));
    ASSERT_EQ(r.differences.size(), 1U);
    EXPECT_EQ(r.differences.front().line().number, 3U);
    EXPECT_EQ(r.differences.front().differs, std::vector{aspect::specification});
}

TEST(oracle, nothing_after_the_first_difference_is_judged) {
    // s1 does not exist: the wrong answer before it gave it another name.
    EXPECT_EQ(differing_line(1, "s0 clone -> s2\ns2 try_send v1 -> ok\ns9 send v2 as f0 -> ok\n"), line_number(2));
}

TEST(oracle, one_trace_has_at_most_one_difference_and_the_next_trace_is_replayed_all_the_same) {
    std::vector<model::trace> traces(3, trace_of(1, "s0 try_send v1 -> closed v1\ns0 try_send v2 -> ok\n"));
    traces.push_back(trace_of(1, "s0 try_send v1 -> ok\n"));
    const replay_result r = replay(machine_target(), judge(traces));
    EXPECT_EQ(r.differences.size(), 3U);
    EXPECT_EQ(r.traces, 4U);
    EXPECT_EQ(r.steps, 4U);
}

// ---- Capabilities

TEST(capabilities, a_trace_beyond_them_is_skipped_and_counted_by_name) {
    target t = machine_target();
    t.capabilities = capabilities::all().without(capability::weak).without(capability::recv_many);
    std::vector<model::trace> traces{trace_of(1, "s0 downgrade -> w0\n"), trace_of(1, "s0 clone -> s1\n"),
                                     trace_of(1, "r recv_many 2 as f0 -> created\ns0 downgrade -> w0\n")};
    const replay_result r = replay(t, judge(traces));
    EXPECT_EQ(r.traces, 1U);
    EXPECT_EQ(r.skipped_traces(), 2U);
    EXPECT_EQ(r.skipped[static_cast<std::size_t>(capability::weak)], 1U);
    EXPECT_EQ(r.skipped[static_cast<std::size_t>(capability::recv_many)], 1U);
    EXPECT_EQ(r.fates, (std::vector{fate::skipped, fate::agreed, fate::skipped}));
}

TEST(capabilities, every_one_but_blocking_is_needed_by_some_recorded_step_or_is_our_own_addition) {
    // Some are about more than a step.
    std::set<capability> needed{capability::recv_timeout, capability::sender_len,         capability::blocking,
                                capability::late_poll,    capability::send_returns_value, capability::any_capacity,
                                capability::reentrancy};
    for (const model::trace& t : recorded_traces()) {
        for (const model::line& l : t.lines) {
            if (const auto c = needed_for(l.step)) needed.insert(*c);
        }
    }
    EXPECT_EQ(needed.size(), capability_count);
    EXPECT_EQ(needed_for(model::parse_step("r recv_timeout 5ms as f0")), capability::recv_timeout);
    EXPECT_EQ(needed_for(model::parse_step("s0 len")), capability::sender_len);
}

TEST(capabilities, an_act_on_what_another_step_made_needs_nothing_more) {
    for (const std::string_view step :
         {"poll f0", "drop f0", "drop w0", "p0 send v1", "o0 send v1", "o0 release", "i0 next", "advance 5ms"}) {
        EXPECT_EQ(needed_for(model::parse_step(step)), std::nullopt) << step;
    }
    EXPECT_EQ(needed_for(model::parse_step("drop s0")), capability::sender_drop);
    EXPECT_EQ(needed_for(model::parse_step("drop r")), capability::receiver_drop);
    EXPECT_EQ(needed_for(model::parse_step("w0 clone")), capability::weak);
    EXPECT_EQ(needed_for(model::parse_step("w0 strong_count")), capability::sender_counts);
}

TEST(targets, are_found_by_name) {
    ASSERT_NE(find_target("reference"), nullptr);
    ASSERT_NE(find_target("optimized"), nullptr);
    EXPECT_EQ(find_target("reference")->name, "reference");
    EXPECT_EQ(find_target("Reference"), nullptr);
    EXPECT_EQ(find_target(""), nullptr);
}

}  // namespace
}  // namespace tailrace::verify
