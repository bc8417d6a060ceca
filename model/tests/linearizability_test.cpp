// Tests of the linearizability check with written histories: for each property a history that breaks it, and one that
// differs in one place and is allowed.
//
// Run: ci/test -L model
#include "tailrace/model/linearizability.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

/// `3-5 s0 try_send v1 -> ok`: invoked at 3, returned at 5. `=>` for an event that waits, and
/// `3- r recv as f0 =>` for one that never returned.
event parse_event(std::string_view text, std::size_t line) {
    event e;
    if (const std::size_t dash = text.find('-'); dash < text.find(' ')) {
        const std::size_t space = text.find(' ');
        e.invoked = std::stoull(std::string(text.substr(0, dash)));
        if (dash + 1 < space) e.returned = std::stoull(std::string(text.substr(dash + 1)));
        text.remove_prefix(space + 1);
    }
    std::string plain(text);
    if (const std::size_t arrow = plain.find("=>"); arrow != std::string::npos) {
        e.waits = true;
        if (arrow + 2 == plain.size()) {
            e.step = parse_step(plain.substr(0, arrow - 1), "history", line);
            return e;
        }
        plain[arrow] = '-';
    }
    const auto parsed = parse_line(plain, "history", line);
    e.step = parsed.step;
    e.answer = parsed.expected.answer;
    return e;
}

std::vector<event> parse_events(std::string_view script) {
    std::vector<event> events;
    for (std::size_t line = 1; !script.empty(); ++line) {
        const std::size_t end = std::min(script.find('\n'), script.size());
        std::string_view text = script.substr(0, end);
        script.remove_prefix(std::min(end + 1, script.size()));
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (!text.empty()) events.push_back(parse_event(text, line));
    }
    return events;
}

struct scripted {
    std::uint64_t capacity = 1;
    std::string_view before = {};
    std::vector<std::string_view> tasks = {};
    instant rest = never;
    std::string_view after = {};
};

history history_of(const scripted& s) {
    history h;
    h.capacity = s.capacity;
    h.before = parse_events(s.before);
    for (const std::string_view task : s.tasks) h.tasks.push_back(parse_events(task));
    h.rest = s.rest;
    h.after = parse_events(s.after);
    return h;
}

finding judge(const scripted& s) { return check(history_of(s)).is; }

std::string to_string(const std::vector<point>& points) {
    std::string text;
    for (const point& p : points) {
        const char* const part = p.at.of == place::part::before  ? "before"
                                 : p.at.of == place::part::after ? "after"
                                                                 : nullptr;
        text += text.empty() ? "" : ", ";
        text += part != nullptr ? part : std::to_string(p.at.task);
        text += '.' + std::to_string(p.at.index) + (p.follow_up ? "'" : "") + ' ' +
                model::to_string(p.by_specification.answer);
    }
    return text;
}

// ---- Values

TEST(linearizability, an_empty_history_is_allowed) {
    EXPECT_EQ(judge({}), finding::allowed);
    EXPECT_EQ(judge({.tasks = {"", ""}, .rest = 1}), finding::allowed);
}

TEST(linearizability, values_sent_one_after_the_other_are_received_in_that_order) {
    const char* const sends = R"(1-2 s0 send v1 as f100 => ok
                                 3-4 s0 send v2 as f101 => ok)";
    EXPECT_EQ(judge({.capacity = 2,
                     .tasks = {sends,
                               "5-6 r recv as f200 => some v1\n"
                               "7-8 r recv as f201 => some v2"}}),
              finding::allowed);
    EXPECT_EQ(judge({.capacity = 2,
                     .tasks = {sends,
                               "5-6 r recv as f200 => some v2\n"
                               "7-8 r recv as f201 => some v1"}}),
              finding::answer);
}

TEST(linearizability, values_sent_at_once_are_received_in_any_order) {
    const char* const receives = R"(5-6 r recv as f200 => some v2
                                    7-8 r recv as f201 => some v1)";
    const char* const clone = "s0 clone -> s1";
    EXPECT_EQ(judge({.capacity = 2,
                     .before = clone,
                     .tasks = {"1-3 s0 try_send v1 -> ok", "2-4 s1 try_send v2 -> ok", receives}}),
              finding::allowed);
    EXPECT_EQ(judge({.capacity = 2,
                     .before = clone,
                     .tasks = {"1-2 s0 try_send v1 -> ok", "3-4 s1 try_send v2 -> ok", receives}}),
              finding::answer);
}

TEST(linearizability, a_value_that_was_handed_back_is_not_received) {
    const char* const receive = "1-9 r recv as f200 => some v1";
    EXPECT_EQ(judge({.tasks = {"2-3 s0 try_send v1 -> ok", receive}}), finding::allowed);
    EXPECT_EQ(judge({.tasks = {"2-3 s0 try_send v1 -> closed v1", receive}}), finding::answer);
    EXPECT_EQ(judge({.before = "s0 try_send v1 -> ok", .tasks = {"2-3 s0 try_send v2 -> full v2", receive}}),
              finding::allowed);
    EXPECT_EQ(judge({.before = "s0 try_send v1 -> ok",
                     .tasks = {"2-3 s0 try_send v2 -> full v2",
                               "1-9 r recv as f200 => some v1\n 10-11 r recv as f201 => some v2"}}),
              finding::answer);
}

TEST(linearizability, a_value_is_received_once) {
    const char* const sends = "1-2 s0 try_send v1 -> ok\n 3-4 s0 try_send v2 -> ok";
    EXPECT_EQ(judge({.capacity = 2, .tasks = {sends, "1-9 r recv_many 2 as f200 => many v1 v2"}}), finding::allowed);
    EXPECT_EQ(judge({.capacity = 2, .tasks = {sends, "1-9 r recv_many 2 as f200 => many v1 v1"}}), finding::answer);
    EXPECT_EQ(judge({.capacity = 2, .tasks = {sends, "1-9 r recv as f200 => some v1\n 10-11 r try_recv -> some v1"}}),
              finding::answer);
}

TEST(linearizability, a_receive_does_not_return_before_its_send_is_invoked) {
    EXPECT_EQ(judge({.tasks = {"3-5 s0 try_send v1 -> ok", "1-4 r recv as f200 => some v1"}}), finding::allowed);
    EXPECT_EQ(judge({.tasks = {"3-5 s0 try_send v1 -> ok", "1-3 r recv as f200 => some v1"}}), finding::allowed)
        << "neither was first";
    EXPECT_EQ(judge({.tasks = {"3-5 s0 try_send v1 -> ok", "1-2 r recv as f200 => some v1"}}), finding::answer);
}

// ---- Capacity and the queue

TEST(linearizability, no_task_barges_past_a_waiter_that_was_seen_pending) {
    const auto with = [](std::string_view waiter, std::string_view attempt) {
        return scripted{.before = "s0 clone -> s1\n s0 try_send v1 -> ok",
                        .tasks = {waiter, "5-6 r try_recv -> some v1", attempt}};
    };
    const char* const seen = "1-2 s0 send v2 as f100 -> created\n 3-4 poll f100 -> pending";
    EXPECT_EQ(judge(with(seen, "7-8 s1 try_send v3 -> ok")), finding::answer);
    EXPECT_EQ(judge(with(seen, "7-8 s1 try_send v3 -> full v3")), finding::allowed);
    EXPECT_EQ(judge(with("1-2 s0 send v2 as f100 -> created\n 3-9 poll f100 -> pending", "7-8 s1 try_send v3 -> ok")),
              finding::allowed)
        << "it may have asked after the attempt";
    EXPECT_EQ(judge(with("1-9 s0 send v2 as f100 =>", "7-8 s1 try_send v3 -> ok")), finding::allowed);
}

TEST(linearizability, waiters_that_were_seen_pending_are_served_in_turn) {
    const auto with = [](std::string_view first_poll, std::string_view f100, std::string_view f200) {
        const std::string one = std::string(first_poll) + "\n 9-10 poll f100 -> " + std::string(f100);
        const std::string two = "5-6 poll f200 -> pending\n 9-10 poll f200 -> " + std::string(f200);
        return judge({.before = R"(s0 clone -> s1
                                   s0 try_send v1 -> ok
                                   s0 send v2 as f100 -> created
                                   s1 send v3 as f200 -> created)",
                      .tasks = {one, two, "7-8 r try_recv -> some v1"}});
    };
    EXPECT_EQ(with("3-4 poll f100 -> pending", "ok", "pending"), finding::allowed);
    EXPECT_EQ(with("3-4 poll f100 -> pending", "pending", "ok"), finding::answer);
    EXPECT_EQ(with("3-6 poll f100 -> pending", "pending", "ok"), finding::allowed) << "they asked at once";
    EXPECT_EQ(with("3-4 poll f100 -> pending", "ok", "ok"), finding::answer);
}

TEST(linearizability, an_answer_after_the_close_was_seen_is_closed) {
    const auto with = [](std::string_view close, std::string_view attempt) {
        const std::string sender = "3-4 s0 is_closed -> true\n 5-6 " + std::string(attempt);
        return judge({.tasks = {close, sender}});
    };
    EXPECT_EQ(with("1-2 r close -> ok", "s0 try_send v1 -> closed v1"), finding::allowed);
    EXPECT_EQ(with("1-2 r close -> ok", "s0 try_send v1 -> ok"), finding::answer);
    EXPECT_EQ(judge({.tasks = {"1-9 r close -> ok", "5-6 s0 try_send v1 -> ok"}}), finding::allowed);
    EXPECT_EQ(judge({.tasks = {"1-4 r close -> ok", "5-6 s0 try_send v1 -> ok"}}), finding::answer);
}

TEST(linearizability, none_comes_after_the_last_value) {
    const char* const sender = "1-2 s0 try_send v1 -> ok\n 3-4 drop s0 -> ok";
    EXPECT_EQ(judge({.tasks = {sender, "1-9 r recv as f200 => some v1\n 10-11 r recv as f201 => none"}}),
              finding::allowed);
    EXPECT_EQ(judge({.tasks = {sender, "1-9 r recv as f200 => none"}}), finding::answer);
}

TEST(linearizability, new_handles_have_the_names_of_the_program) {
    const scripted s{.capacity = 2,
                     .before = "s0 clone -> s200",
                     .tasks = {R"(1-4 s0 reserve as f100 => p100
                                  5-8 p100 send v1 -> ok)",
                               R"(1-4 s200 reserve_owned as f200 => o200
                                  5-8 o200 send v2 -> s201
                                  9-12 s201 capacity -> 0)"}};
    EXPECT_EQ(judge(s), finding::allowed);
    scripted other = s;
    other.tasks[1] = "1-4 s200 reserve_owned as f200 => p200";
    EXPECT_EQ(judge(other), finding::answer) << "another kind";
}

TEST(linearizability, the_receiver_is_dropped_one_value_after_the_other) {
    const auto with = [](std::string_view sender) {
        return judge({.capacity = 2,
                      .before = "s0 try_send v1 -> ok\n s0 try_send v2 -> ok",
                      .tasks = {"1-9 drop r -> ok", sender}});
    };
    EXPECT_EQ(with("2-3 s0 capacity -> 0\n 4-5 s0 is_closed -> true\n 6-7 s0 len -> 1"), finding::allowed);
    EXPECT_EQ(with("2-3 s0 capacity -> 1\n 4-5 s0 capacity -> 2"), finding::allowed);
    EXPECT_EQ(with("2-3 s0 capacity -> 2\n 4-5 s0 capacity -> 1"), finding::answer);
    EXPECT_EQ(with("2-3 s0 capacity -> 1\n 4-5 s0 is_closed -> false"), finding::answer) << "it closes first";
    EXPECT_EQ(with("2-3 s0 capacity -> 0\n 10-11 s0 capacity -> 1"), finding::answer);
}

TEST(linearizability, a_value_that_a_permit_sends_beside_the_receiver_s_drop_may_be_destroyed_by_it) {
    const auto with = [](std::string_view drop, std::string_view sender) {
        return judge({.before = "s0 try_reserve -> p0", .tasks = {drop, sender}});
    };
    const char* const sends = "3-4 s0 is_closed -> true\n 5-6 p0 send v1 -> ok\n 7-8 s0 capacity -> 0";
    const char* const at_once = "3-4 s0 is_closed -> true\n 5-6 p0 send v1 -> ok\n 7-8 s0 capacity -> 1";
    EXPECT_EQ(with("1-9 drop r -> ok", sends), finding::allowed);
    EXPECT_EQ(with("1-9 drop r -> ok", at_once), finding::allowed);
    EXPECT_EQ(with("1-2 drop r -> ok", at_once), finding::allowed);
    EXPECT_EQ(with("1-2 drop r -> ok", sends), finding::answer) << "the drop has returned";
    EXPECT_EQ(with("1-9 drop r -> ok", "5-6 p0 send v1 -> ok\n 10-11 s0 capacity -> 0"), finding::answer);
    EXPECT_EQ(with("1-9 drop r -> ok", "5-6 drop p0 -> ok\n 7-8 s0 capacity -> 0"), finding::answer) << "no value";
}

TEST(linearizability, a_len_beside_a_receiver_drop_may_count_what_it_destroys) {
    const auto with = [](std::string_view drop, std::string_view sender) {
        return judge({.before = "s0 try_send v1 -> ok", .tasks = {drop, sender}});
    };
    EXPECT_EQ(with("1-9 drop r -> ok", "2-3 s0 len -> 0\n 4-5 s0 is_closed -> false"), finding::allowed);
    EXPECT_EQ(with("1-9 drop r -> ok", "2-3 s0 len -> 1\n 4-5 s0 is_closed -> false"), finding::allowed);
    EXPECT_EQ(with("4-9 drop r -> ok", "2-3 s0 len -> 0\n 6-7 s0 is_closed -> true"), finding::answer)
        << "it has not begun";
    EXPECT_EQ(judge({.before = "s0 try_send v1 -> ok\n r try_recv -> some v1",
                     .tasks = {"1-9 drop r -> ok", "2-3 s0 len -> 1\n 4-5 s0 is_closed -> false"}}),
              finding::answer)
        << "what was received long ago is not moved any more";
}

TEST(linearizability, an_owned_permit_that_is_dropped_gives_its_capacity_back_and_then_its_sender) {
    const auto with = [](std::string_view drop, std::string_view others) {
        return judge({.before = "s0 clone -> s1\n s1 try_reserve_owned -> o200", .tasks = {drop, others}});
    };
    const char* const between = "2-3 s0 capacity -> 1\n 4-5 s0 strong_count -> 2\n 6-7 s0 strong_count -> 1";
    EXPECT_EQ(with("1-9 drop o200 -> ok", between), finding::allowed);
    EXPECT_EQ(with("1-3 drop o200 -> ok", between), finding::answer) << "it was over at 3";
    EXPECT_EQ(with("1-9 drop o200 -> ok", "2-3 s0 strong_count -> 1\n 4-5 s0 capacity -> 0"), finding::answer)
        << "the capacity comes first";
}

TEST(linearizability, a_reservation_of_an_owned_permit_that_goes_gives_back_what_it_held_and_then_its_sender) {
    const auto with = [](std::string_view drop, std::string_view others) {
        return judge({.capacity = 1,
                      .before = "s0 clone -> s1\n s0 try_reserve -> p0\n s1 reserve_owned as f100 -> created\n"
                                "poll f100 -> pending\n drop p0 -> ok",
                      .tasks = {drop, others}});
    };
    EXPECT_EQ(with("1-9 drop f100 -> ok", "2-3 s0 capacity -> 1\n 4-5 s0 strong_count -> 2"), finding::allowed);
    EXPECT_EQ(with("1-9 drop f100 -> ok", "2-3 s0 strong_count -> 1\n 4-5 s0 capacity -> 0"), finding::answer);
}

// ---- Waiting, and the rest

TEST(linearizability, an_event_that_waits_takes_effect_twice) {
    const auto with = [](std::string_view waiter) {
        return judge({.before = "s0 clone -> s1\n s0 try_send v1 -> ok",
                      .tasks = {waiter,
                                "3-4 s1 try_send v9 -> full v9\n 5-6 r try_recv -> some v1\n"
                                "7-8 r try_recv -> empty\n 9-10 s1 capacity -> 0"}});
    };
    EXPECT_EQ(with("1-12 s0 send v2 as f100 => ok"), finding::allowed) << "asks first, sends last";
    EXPECT_EQ(with("1-6 s0 send v2 as f100 => ok"), finding::answer) << "v2 was there at 7";
}

TEST(linearizability, a_sleeper_that_would_be_answered_is_a_lost_wake_up) {
    const char* const sleeper = "1- r recv as f100 =>";
    EXPECT_EQ(judge({.tasks = {sleeper, "2-3 s0 len -> 0"}, .rest = 5}), finding::allowed);
    EXPECT_EQ(judge({.tasks = {sleeper, "2-3 s0 try_send v1 -> ok"}, .rest = 5}), finding::asleep);
    EXPECT_EQ(judge({.tasks = {sleeper, "2-3 s0 try_send v1 -> ok"}}), finding::allowed)
        << "not at rest: the wake-up may be under way";
    EXPECT_EQ(judge({.tasks = {"1-4 r recv as f100 => some v1", "2-3 s0 try_send v1 -> ok"}, .rest = 5}),
              finding::allowed);
    EXPECT_EQ(judge({.tasks = {sleeper, "2-3 s0 try_send v1 -> full v1"}, .rest = 5}), finding::answer)
        << "a wrong answer is worse than a sleeper";
}

TEST(linearizability, a_sleeper_that_should_not_have_slept_is_a_lost_wake_up) {
    EXPECT_EQ(judge({.tasks = {"1-2 s0 try_send v1 -> ok", "3- r recv as f100 =>"}, .rest = 5}), finding::asleep);
    EXPECT_EQ(judge({.tasks = {"1-2 r close -> ok", "3- s0 closed as f100 =>"}, .rest = 5}), finding::asleep);
    EXPECT_EQ(judge({.tasks = {"1-2 r is_closed -> false", "3- s0 closed as f100 =>"}, .rest = 5}), finding::allowed);
}

TEST(linearizability, everybody_asks_before_the_rest) {
    const auto with = [](std::string_view waiter) {
        return judge({.before = "s0 clone -> s1\n s0 try_send v1 -> ok",
                      .tasks = {waiter},
                      .rest = 5,
                      .after = "10-11 r try_recv -> some v1\n 12-13 s1 try_send v3 -> ok"});
    };
    EXPECT_EQ(with("1- s0 send v2 as f100 =>"), finding::answer) << "it is before s1 in the queue";
    EXPECT_EQ(with("1-2 s0 len -> 1"), finding::allowed);
}

TEST(linearizability, a_sleeper_is_not_forgotten_because_it_would_have_been_answered_at_once) {
    const auto with = [](std::string_view attempt) {
        const std::string after = "10-11 drop p1 -> ok\n 12-13 " + std::string(attempt);
        return judge({.before = "s0 clone -> s1",
                      .tasks = {"1- s0 reserve as f100 =>", "2-3 s1 try_reserve -> p1"},
                      .rest = 5,
                      .after = after});
    };
    EXPECT_EQ(with("s1 try_reserve -> full"), finding::allowed);
    EXPECT_EQ(with("s1 try_reserve -> p2"), finding::answer);
}

TEST(verdict, of_a_wrong_answer_after_the_rest_goes_as_far_as_that) {
    const verdict v = check(history_of({.before = "s0 try_reserve -> p1",
                                        .tasks = {"1- s0 reserve as f100 =>"},
                                        .rest = 5,
                                        .after = "6-7 s0 capacity -> 1"}));
    EXPECT_EQ(v.is, finding::answer);
    EXPECT_EQ(to_string(v.order), "before.0 p1, 0.0 pending");
    EXPECT_EQ(to_string(v.refused), "after.0 0");
}

TEST(linearizability, a_sleeper_is_answered_because_of_what_comes_after_the_rest) {
    const auto with = [](std::string_view waiter, std::string_view after) {
        return judge({.before = "s0 try_send v1 -> ok", .tasks = {waiter}, .rest = 5, .after = after});
    };
    const char* const after = "10-11 r try_recv -> some v1\n 14-15 r try_recv -> some v2";
    EXPECT_EQ(with("1-12 s0 send v2 as f100 => ok", after), finding::allowed);
    EXPECT_EQ(with("1-14 s0 send v2 as f100 => ok", after), finding::allowed);
    EXPECT_EQ(with("1-16 s0 send v2 as f100 => ok", "10-11 r try_recv -> some v1\n 14-15 r try_recv -> empty"),
              finding::allowed)
        << "granted, and not sent";
    EXPECT_EQ(with("1-13 s0 send v2 as f100 => ok", "10-11 r try_recv -> some v1\n 14-15 r try_recv -> empty"),
              finding::answer);
    EXPECT_EQ(with("1-16 s0 send v2 as f100 => ok", "10-11 s0 capacity -> 0"), finding::answer);
}

TEST(linearizability, an_event_that_is_answered_after_the_rest_may_have_been_on_its_way) {
    const scripted late{.tasks = {"1-12 r recv as f100 => some v1", "2-3 s0 try_send v1 -> ok"},
                        .rest = 5,
                        .after = "10-11 s0 try_send v2 -> full v2"};
    EXPECT_EQ(judge(late), finding::allowed);
    scripted never_answered = late;
    never_answered.tasks[0] = "1- r recv as f100 =>";
    EXPECT_EQ(judge(never_answered), finding::asleep);
    scripted in_time = late;
    in_time.rest = 12;
    in_time.after = "13-14 s0 try_send v2 -> ok";
    EXPECT_EQ(judge(in_time), finding::allowed);
}

TEST(linearizability, a_lane_goes_on_after_the_rest_when_its_sleeper_is_answered) {
    const auto with = [](std::string_view then) {
        const std::string task = "1-12 s0 reserve as f100 => p100\n 13-14 " + std::string(then);
        return judge({.before = "s0 try_reserve -> p1",
                      .tasks = {task},
                      .rest = 5,
                      .after = "10-11 drop p1 -> ok\n 15-16 s0 capacity -> 1"});
    };
    EXPECT_EQ(with("drop p100 -> ok"), finding::allowed);
    EXPECT_EQ(with("s0 capacity -> 0"), finding::answer) << "who gave p100 back?";
}

TEST(linearizability, what_comes_before_and_after_is_judged_too) {
    EXPECT_EQ(judge({.before = "s0 capacity -> 1", .after = "s0 capacity -> 1"}), finding::allowed);
    EXPECT_EQ(judge({.before = "s0 capacity -> 2"}), finding::answer);
    EXPECT_EQ(judge({.tasks = {"1-2 s0 try_send v1 -> ok"}, .after = "s0 capacity -> 0"}), finding::allowed);
    EXPECT_EQ(judge({.tasks = {"1-2 s0 try_send v1 -> ok"}, .after = "s0 capacity -> 1"}), finding::answer);
}

// ---- What the verdict says

TEST(verdict, of_an_allowed_history_is_an_order) {
    const verdict v = check(history_of({.before = "s0 try_reserve -> p1",
                                        .tasks = {"1-4 s0 reserve as f100 => p100", "2-3 drop p1 -> ok"},
                                        .rest = 5,
                                        .after = "6-7 s0 capacity -> 0"}));
    EXPECT_EQ(v.is, finding::allowed);
    EXPECT_EQ(to_string(v.order), "before.0 p1, 0.0 pending, 1.0 ok, 0.0' p100, after.0 0");
    ASSERT_EQ(v.order.size(), 5U);
    EXPECT_EQ(v.order[2].by_specification.woken, (std::vector<handle>{{handle_kind::operation, 100}}));
    EXPECT_TRUE(v.refused.empty());
    EXPECT_EQ(v.nodes, 7U);
    EXPECT_EQ(model::to_string(v.state), "max 1 available 0 | out p100 | senders s0");
}

TEST(verdict, of_a_wrong_answer_is_the_longest_beginning_and_what_could_come_next) {
    const verdict v =
        check(history_of({.capacity = 2,
                          .tasks = {"1-2 s0 try_reserve -> p1\n 3-4 s0 try_reserve -> p2",
                                    "5-6 r is_closed -> true\n 7-8 r close -> ok", "5-8 r capacity -> 7"}}));
    EXPECT_EQ(v.is, finding::answer);
    EXPECT_EQ(to_string(v.order), "0.0 p1, 0.1 p2");
    EXPECT_EQ(to_string(v.refused), "1.0 false, 2.0 0");
    EXPECT_EQ(model::to_string(v.state), "max 2 available 0 | out p1 p2 | senders s0");
}

TEST(verdict, of_a_wrong_answer_passes_by_those_who_sleep) {
    const verdict v = check(history_of(
        {.tasks = {"1- s0 closed as f100 =>", "2-3 r close -> ok"}, .rest = 5, .after = "6-7 s0 capacity -> 7"}));
    EXPECT_EQ(v.is, finding::answer);
    EXPECT_EQ(to_string(v.order), "0.0 pending, 1.0 ok");
    EXPECT_EQ(to_string(v.refused), "after.0 1");
}

TEST(verdict, of_a_wrong_answer_is_not_the_last_order_that_was_tried) {
    const verdict v =
        check(history_of({.tasks = {"1-3 s0 capacity -> 1\n 4-9 s0 capacity -> 7", "1-9 s0 try_reserve -> p1"}}));
    EXPECT_EQ(to_string(v.order), "0.0 1, 1.0 p1");
    EXPECT_EQ(to_string(v.refused), "0.1 0");
}

TEST(verdict, of_a_lost_wake_up_is_the_order_up_to_the_rest_and_the_sleepers) {
    const verdict v =
        check(history_of({.before = "s0 try_reserve -> p1",
                          .tasks = {"1- s0 reserve as f100 =>", "2-3 drop p1 -> ok", "1- r recv as f200 =>"},
                          .rest = 5,
                          .after = "6-7 s0 len -> 0"}));
    EXPECT_EQ(v.is, finding::asleep);
    EXPECT_EQ(to_string(v.order), "before.0 p1, 0.0 pending, 2.0 pending, 1.0 ok");
    EXPECT_EQ(to_string(v.refused), "0.0' p0");
    EXPECT_EQ(model::to_string(v.state), "max 1 available 0 | detached f100 granted 1 | parked f200 | senders s0");
}

TEST(verdict, of_a_search_that_reached_its_limit_is_unknown) {
    const history h = history_of({.tasks = {"1-2 s0 try_reserve -> p1", "1-2 r capacity -> 0"}});
    check_options options;
    options.most_nodes = 2;
    EXPECT_EQ(check(h, options).is, finding::unknown);
    EXPECT_EQ(check(h, options).nodes, 2U);
    options.most_nodes = 3;
    EXPECT_EQ(check(h, options).is, finding::allowed);
}

// ---- Observers beside other tasks: each at its bounds and one beyond

/// The verdict on an observer of the second task, which reads `number`.
auto reading(const scripted& s, std::string_view observer) {
    return [s, observer](std::uint64_t number) {
        scripted with = s;
        const std::string line = std::string(observer) + " -> " + std::to_string(number);
        with.tasks.push_back(line);
        return judge(with) == finding::allowed;
    };
}

TEST(observers, capacity_is_exact_in_the_common_order) {
    const char* const two_sends = "1-4 s0 try_send v1 -> ok\n 5-9 s0 try_send v2 -> ok";
    for (const char* const who : {"6-7 s0 capacity", "6-7 r capacity"}) {
        const auto is = reading({.capacity = 3, .tasks = {two_sends}}, who);
        EXPECT_FALSE(is(0)) << "one send came first, one is under way";
        EXPECT_TRUE(is(1));
        EXPECT_TRUE(is(2));
        EXPECT_FALSE(is(3));
        const auto back = reading({.before = "s0 try_send v1 -> ok", .tasks = {"1-9 r try_recv -> some v1"}}, who);
        EXPECT_TRUE(back(0));
        EXPECT_TRUE(back(1));
        EXPECT_FALSE(back(2)) << "above the capacity";
    }
    const auto of_permits = reading(
        {.capacity = 3, .before = "s0 try_reserve_many 2 -> i0 2", .tasks = {"1-9 drop i0 -> ok"}}, "2-3 s0 capacity");
    EXPECT_TRUE(of_permits(1));
    EXPECT_FALSE(of_permits(2)) << "they come back in one step";
    EXPECT_TRUE(of_permits(3));
}

TEST(observers, capacity_without_a_receiver_may_miss_what_is_behind_a_value_that_is_being_sent) {
    const auto is =
        reading({.capacity = 4,
                 .before = "s0 clone -> s1\n s0 try_send v1 -> ok",
                 .tasks = {"1-20 s1 send v2 as f100 => ok", "3-4 s0 try_send v3 -> ok", "5-6 drop r -> ok"}},
                "7-8 s0 capacity");
    EXPECT_FALSE(is(1)) << "v1 was in front of it";
    EXPECT_TRUE(is(2)) << "v3 is destroyed with v2";
    EXPECT_TRUE(is(3));
    EXPECT_TRUE(is(4)) << "v2 is just being sent";
    const auto later =
        reading({.capacity = 4,
                 .before = "s0 clone -> s1\n s0 try_send v1 -> ok",
                 .tasks = {"1-2 s1 send v2 as f100 => ok", "3-4 s0 try_send v3 -> ok", "5-6 drop r -> ok"}},
                "7-8 s0 capacity");
    EXPECT_FALSE(later(3));
    EXPECT_TRUE(later(4));
}
TEST(observers, two_looks_at_the_capacity_fit_into_one_order) {
    const auto with = [](std::string_view looks) {
        return judge({.capacity = 2, .tasks = {"1-9 s0 try_send v1 -> ok", looks}});
    };
    EXPECT_EQ(with("2-3 s0 capacity -> 2\n 4-5 s0 capacity -> 1"), finding::allowed);
    EXPECT_EQ(with("2-3 s0 capacity -> 1\n 4-5 s0 capacity -> 2"), finding::answer);
}

TEST(observers, max_capacity_is_constant) {
    for (const std::uint64_t number : {1U, 2U, 3U}) {
        const auto is = reading({.capacity = 2, .tasks = {"1-9 s0 try_send v1 -> ok"}}, "2-3 s0 max_capacity");
        EXPECT_EQ(is(number), number == 2);
    }
}

TEST(observers, is_closed_turns_true_at_the_close) {
    for (const std::string who : {"s0", "r"}) {
        const auto is = [&](const char* when, const char* closes, const char* answer) {
            const std::string look = std::string(when) + ' ' + who + " is_closed -> " + answer;
            return judge({.tasks = {closes, look}}) == finding::allowed;
        };
        for (const char* const closes : {"4-6 r close -> ok", "4-6 drop r -> ok"}) {
            if (who == "r" && std::string_view(closes).contains("drop")) continue;
            EXPECT_TRUE(is("2-3", closes, "false"));
            EXPECT_FALSE(is("2-3", closes, "true")) << "no close had begun";
            EXPECT_TRUE(is("2-5", closes, "false"));
            EXPECT_TRUE(is("2-5", closes, "true"));
            EXPECT_FALSE(is("7-8", closes, "false")) << "it had returned";
        }
    }
}

TEST(observers, the_receivers_len_and_is_empty_are_exact_in_the_common_order) {
    const scripted sends{.capacity = 2, .tasks = {"1-4 s0 try_send v1 -> ok\n 5-9 s0 try_send v2 -> ok"}};
    const auto len = reading(sends, "6-7 r len");
    EXPECT_FALSE(len(0));
    EXPECT_TRUE(len(1));
    EXPECT_TRUE(len(2));
    EXPECT_FALSE(len(3));
    const auto with = [](std::string_view looks) {
        return judge({.capacity = 2, .tasks = {"1-9 s0 try_send v1 -> ok", looks}});
    };
    EXPECT_EQ(with("2-3 r is_empty -> true\n 4-5 r is_empty -> false"), finding::allowed);
    EXPECT_EQ(with("2-3 r is_empty -> false\n 4-5 r is_empty -> true"), finding::answer);
    EXPECT_EQ(with("2-3 r len -> 1\n 4-5 s0 capacity -> 2"), finding::answer);
    EXPECT_EQ(with("2-3 r len -> 0\n 10-11 r is_empty -> true"), finding::answer);
}

TEST(observers, a_senders_len_may_count_what_is_sent_or_received_meanwhile) {
    const auto len = reading({.capacity = 4,
                              .before = "s0 try_send v1 -> ok\n s0 try_send v2 -> ok",
                              .tasks = {"1-9 r try_recv -> some v1", "1-9 s0 try_send v3 -> ok"}},
                             "2-3 s0 len");
    EXPECT_FALSE(len(0));
    EXPECT_TRUE(len(1));
    EXPECT_TRUE(len(2));
    EXPECT_TRUE(len(3)) << "the send counts, the receive does not";
    EXPECT_FALSE(len(4));
}

TEST(observers, a_senders_len_is_never_above_the_capacity) {
    const auto len = reading(
        {.before = "s0 try_send v1 -> ok", .tasks = {"1-4 r try_recv -> some v1", "1-9 s0 send v2 as f100 => ok"}},
        "2-7 s0 len");
    EXPECT_TRUE(len(0));
    EXPECT_TRUE(len(1));
    EXPECT_FALSE(len(2)) << "both meanwhile, and room for one";
}

TEST(observers, a_senders_len_does_not_count_what_was_refused_or_comes_later) {
    const auto refused =
        reading({.capacity = 2, .before = "r close -> ok", .tasks = {"1-9 s0 try_send v1 -> closed v1"}}, "2-3 s0 len");
    EXPECT_TRUE(refused(0));
    EXPECT_FALSE(refused(1));
    const auto later =
        reading({.capacity = 2, .tasks = {"5-6 s0 try_send v1 -> ok", "1-9 r recv as f200 => some v1"}}, "2-3 s0 len");
    EXPECT_TRUE(later(0));
    EXPECT_FALSE(later(1)) << "not sent yet";
}

TEST(observers, a_senders_len_counts_no_old_value_once_the_receiver_is_gone) {
    const char* const before = "s0 try_send v1 -> ok\n r try_recv -> some v1\n s0 try_reserve -> p0\n drop r -> ok";
    const auto alone = reading({.capacity = 2, .before = before, .tasks = {"5-9 s0 is_closed -> true"}}, "2-7 s0 len");
    EXPECT_TRUE(alone(0));
    EXPECT_FALSE(alone(1)) << "v1 was received long ago";
    const auto late = reading({.capacity = 2, .before = before, .tasks = {"5-9 p0 send v2 -> ok"}}, "2-7 s0 len");
    EXPECT_TRUE(late(0));
    EXPECT_TRUE(late(1)) << "v2 is being sent and destroyed";
    EXPECT_FALSE(late(2));
    const auto since = reading({.capacity = 2, .before = before, .tasks = {"5-6 p0 send v2 -> ok"}}, "7-8 s0 len");
    EXPECT_TRUE(since(0));
    EXPECT_FALSE(since(1));
}

/// Histories in happens-before order: every step of the first task is unordered with the look of the second, but for
/// the first `known` steps, which happen before it, and those from `later` on, which it happens before.
bool counted(std::string_view changes, std::size_t known, std::size_t later, const std::string& look) {
    const history h =
        history_of({.capacity = 3, .before = "s0 clone -> s1\n s0 downgrade -> w0", .tasks = {changes, "1-9 " + look}});
    std::vector<std::vector<std::uint32_t>> rows(h.tasks[0].size(), {0, 0});
    for (std::size_t i = later; i < rows.size(); ++i) rows[i][1] = 1;
    const event_order first{rows, {{static_cast<std::uint32_t>(known), 0}}};
    check_options options;
    options.first = &first;
    return check(h, options).is == finding::allowed;
}

TEST(observers, a_count_of_senders_is_what_the_steps_beside_it_can_account_for) {
    const char* const changes =
        "1-2 s1 clone -> s100\n 3-4 s1 clone -> s101\n"
        "5-6 drop s100 -> ok\n 7-8 drop s101 -> ok";
    for (const std::string who : {"s0 strong_count", "w0 strong_count", "r sender_strong_count"}) {
        const auto is = [&](std::size_t known, std::size_t later, int number) {
            return counted(changes, known, later, who + " -> " + std::to_string(number));
        };
        EXPECT_FALSE(is(0, 4, 1));
        EXPECT_TRUE(is(0, 4, 2));
        EXPECT_TRUE(is(0, 4, 4));
        EXPECT_FALSE(is(0, 4, 5));
        EXPECT_FALSE(is(1, 2, 2)) << "the first is certain";
        EXPECT_TRUE(is(1, 2, 3));
        EXPECT_TRUE(is(1, 2, 4));
        EXPECT_FALSE(is(1, 1, 4)) << "the second is later";
    }
    for (const std::string who : {"s0 weak_count", "w0 weak_count", "r sender_weak_count"}) {
        const auto is = [&](std::size_t known, std::size_t later, int number) {
            return counted("1-2 s1 downgrade -> w100\n 3-4 w100 clone -> w101\n 5-6 drop w100 -> ok", known, later,
                           who + " -> " + std::to_string(number));
        };
        EXPECT_FALSE(is(0, 3, 0));
        EXPECT_TRUE(is(0, 3, 1));
        EXPECT_TRUE(is(0, 3, 3));
        EXPECT_FALSE(is(0, 3, 4));
        EXPECT_FALSE(is(2, 3, 1));
        EXPECT_TRUE(is(2, 3, 2));
        EXPECT_FALSE(is(1, 1, 1));
    }
}

TEST(observers, a_count_of_senders_includes_owned_permits_and_upgrades) {
    const auto is = [](const char* changes, int number) {
        return counted(changes, 0, 9, "s0 strong_count -> " + std::to_string(number));
    };
    EXPECT_FALSE(is("1-2 s1 try_reserve_owned -> o100\n 3-4 o100 release -> s101", 1));
    EXPECT_TRUE(is("1-2 s1 try_reserve_owned -> o100\n 3-4 o100 release -> s101", 2));
    EXPECT_FALSE(is("1-2 s1 try_reserve_owned -> o100\n 3-4 o100 release -> s101", 3));
    EXPECT_TRUE(is("1-2 s1 reserve_owned as f100 => o100\n 3-4 drop o100 -> ok", 1));
    EXPECT_TRUE(is("1-2 r close -> ok\n 3-4 s1 reserve_owned as f100 => closed", 1));
    EXPECT_TRUE(is("1-2 s1 reserve_owned as f100 -> created\n 3-4 drop f100 -> ok", 1));
    EXPECT_FALSE(is("1-2 s1 reserve_owned as f100 -> created\n 3-4 drop f100 -> ok", 0));
    EXPECT_TRUE(is("1-2 w0 upgrade -> s100", 3));
    EXPECT_FALSE(is("1-2 w0 upgrade -> s100", 4));
}

TEST(observers, the_counts_of_a_history_with_times_are_exact_in_the_common_order) {
    const auto with = [](std::string_view looks) {
        return judge({.before = "s0 clone -> s1", .tasks = {"1-9 drop s1 -> ok", looks}});
    };
    EXPECT_EQ(with("2-3 s0 strong_count -> 2\n 4-5 s0 strong_count -> 1"), finding::allowed);
    EXPECT_EQ(with("2-3 s0 strong_count -> 1\n 4-5 s0 strong_count -> 2"), finding::answer);
}

TEST(observers, an_upgrade_fails_from_the_drop_of_the_last_sender_on) {
    const auto with = [](std::string_view drop, std::string_view upgrades) {
        return judge({.before = "s0 downgrade -> w0", .tasks = {drop, upgrades}});
    };
    EXPECT_EQ(with("1-9 drop s0 -> ok", "2-3 w0 upgrade -> s200"), finding::allowed);
    EXPECT_EQ(with("1-9 drop s0 -> ok", "2-3 w0 upgrade -> none"), finding::allowed);
    EXPECT_EQ(with("1-2 drop s0 -> ok", "3-4 w0 upgrade -> s200"), finding::answer);
    EXPECT_EQ(with("3-4 drop s0 -> ok", "1-2 w0 upgrade -> none"), finding::answer);
    EXPECT_EQ(with("1-9 drop s0 -> ok", "2-3 w0 upgrade -> none\n 4-5 w0 upgrade -> s200"), finding::answer);
}

// ---- The search

/// Every order of what does not matter, and then one wrong answer.
TEST(search, comes_to_no_place_twice) {
    const char* const task = R"(1-9 s0 capacity -> 1
                                1-9 s0 capacity -> 1
                                1-9 s0 capacity -> 1
                                1-9 s0 capacity -> 1)";
    const history h = history_of({.tasks = {task, task, task, task}, .after = "s0 capacity -> 7"});
    const verdict v = check(h);
    EXPECT_EQ(v.is, finding::answer);
    EXPECT_EQ(v.nodes, 5U * 5 * 5 * 5) << "of 63,063,000 orders";
}

TEST(search, finds_states_equal_that_differ_in_the_order_of_names) {
    const auto making = [](int task) {
        const std::string n = std::to_string(task);
        return "1-9 s0 try_reserve -> p" + n + "\n 1-9 s0 downgrade -> w" + n + "\n 1-9 s0 clone -> s" + n +
               "\n 1-9 s0 closed as f" + n + " -> created";
    };
    const std::string one = making(1), two = making(2), three = making(3);
    const history h = history_of({.capacity = 3, .tasks = {one, two, three}, .after = "s0 capacity -> 7"});
    const verdict v = check(h);
    EXPECT_EQ(v.is, finding::answer);
    EXPECT_EQ(v.nodes, 5U * 5 * 5);
}

TEST(search, takes_the_order_of_the_lanes_from_its_caller) {
    const history h = history_of({.tasks = {"1-2 s0 try_send v1 -> ok", "3-4 r try_recv -> empty"}});
    EXPECT_EQ(check(h).is, finding::answer);
    event_order first{{{0, 0}}, {{0, 0}}};
    check_options options;
    options.first = &first;
    EXPECT_EQ(check(h, options).is, finding::allowed);
    first[1][0][0] = 1;
    EXPECT_EQ(check(h, options).is, finding::answer);
}

TEST(search, judges_by_another_transition) {
    const history h = history_of({.tasks = {"1-2 s0 capacity -> 7"}});
    EXPECT_EQ(check(h).is, finding::answer);
    check_options options;
    options.apply = [](machine& m, const step& s) {
        outcome out = m.apply(s);
        if (s.what == verb::capacity) out.answer.number = 7;
        if (s.what == verb::poll && out.answer.status == status::done) out.answer.status = status::ok;
        return out;
    };
    EXPECT_EQ(check(h, options).is, finding::allowed);
    const history polled = history_of({.before = "r close -> ok", .tasks = {"1-2 s0 closed as f0 => ok"}});
    EXPECT_EQ(check(polled).is, finding::answer);
    EXPECT_EQ(check(polled, options).is, finding::allowed);
}

}  // namespace
}  // namespace tailrace::model
