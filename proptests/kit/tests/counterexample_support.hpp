// Counterexamples for the tests of the report, and its golden files.
//
// A golden file is the report as it was last reviewed. After a wanted change:
//
//     TAILRACE_NEW_GOLDEN=1 build/proptests/proptests_tests --gtest_filter='*golden*'
//
// writes them anew, and fails; read the difference before it is kept.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/counterexample.hpp"

namespace tailrace::verify {

inline std::string golden(const std::string& name) {
    const std::filesystem::path path = std::filesystem::path(__FILE__).parent_path() / "golden" / name;
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void expect_golden(const std::string& name, const std::string& text) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it meanwhile
    if (std::getenv("TAILRACE_NEW_GOLDEN") != nullptr) {
        std::ofstream(std::filesystem::path(__FILE__).parent_path() / "golden" / name, std::ios::binary) << text;
        ADD_FAILURE() << name << " is written anew";
        return;
    }
    EXPECT_EQ(golden(name), text) << "if it is meant to be so, see counterexample_support.hpp";
}

inline std::vector<std::string> lines_in(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// The lines are a trace as the specification wants it; at the last the target shows `got`.
inline counterexample sequential_example(std::uint64_t capacity, std::string_view lines, std::string_view got,
                                         std::vector<aspect> differs) {
    const std::string text = "trace t capacity " + std::to_string(capacity) + '\n' + std::string(lines) + "end\n";
    const model::trace t = model::parse_traces(text, "t.trace").front();
    parting last;
    last.at = t.lines.size() - 1;
    last.expected = t.lines.back().expected;
    last.got = model::parse_line("advance 0ms -> " + std::string(got)).expected;
    last.differs = std::move(differs);
    last.state = "sender{open, capacity 0 of 1}";
    counterexample c;
    c.tool = "0.1.0";
    c.target = "barging";
    c.property = "Every step has the outcome that the specification gives.";
    c.seed = 1;
    c.program = 41;
    c.capacity = capacity;
    c.run = run_of(t, last);
    c.shrunk = shrinking{25, t.lines.size(), 113};
    return c;
}

/// A try_send gets a permit before a waiter.
inline counterexample barging_example() {
    counterexample c = sequential_example(1,
                                          "s0 try_send v1 -> ok\n"
                                          "s0 send v2 as f0 -> created\n"
                                          "poll f0 -> pending\n"
                                          "r try_recv -> some v1 ! f0\n"
                                          "s0 try_send v3 -> full v3\n",
                                          "ok", {aspect::answer});
    c.clauses = {"try_send.no-barging"};
    return c;
}

/// Every verb once at least, on a channel that answers each as it should.
inline counterexample every_verb_example() {
    counterexample c = sequential_example(4,
                                          "s0 clone -> s1\n"
                                          "s1 downgrade -> w0\n"
                                          "w0 clone -> w1\n"
                                          "w1 upgrade -> s2\n"
                                          "s2 try_reserve_owned -> o0\n"
                                          "o0 send v1 -> s3\n"
                                          "s3 reserve_owned as f0 -> created\n"
                                          "poll f0 -> o1\n"
                                          "o1 release -> s4\n"
                                          "s0 try_reserve_many 2 -> i0 2\n"
                                          "i0 next -> p0\n"
                                          "p0 send v2 -> ok\n"
                                          "drop i0 -> ok\n"
                                          "s0 try_reserve -> p1\n"
                                          "s0 reserve as f1 -> created\n"
                                          "poll f1 -> p2\n"
                                          "s0 try_send v3 -> full v3\n"
                                          "s0 send_timeout v4 5ms as f2 -> created\n"
                                          "poll f2 -> pending\n"
                                          "s1 reserve_many 1 as f3 -> created\n"
                                          "poll f3 -> pending\n"
                                          "advance 5ms -> ok ! f2\n"
                                          "poll f2 -> timeout v4\n"
                                          "s0 closed as f4 -> created\n"
                                          "poll f4 -> pending\n"
                                          "r recv_many 3 as f5 -> created\n"
                                          "poll f5 -> many v1 v2 ! f3\n"
                                          "poll f3 -> i1 1\n"
                                          "drop p1 -> ok\n"
                                          "drop p2 -> ok\n"
                                          "drop i1 -> ok\n"
                                          "s0 capacity -> 4\n"
                                          "s0 try_send v5 -> ok\n"
                                          "r recv as f6 -> created\n"
                                          "poll f6 -> some v5\n"
                                          "r recv_timeout 7ms as f7 -> created\n"
                                          "poll f7 -> pending\n"
                                          "advance 7ms -> ok ! f7\n"
                                          "poll f7 -> timeout\n"
                                          "r try_recv -> empty\n"
                                          "s0 try_send v6 -> ok\n"
                                          "r close -> ok ! f4\n"
                                          "poll f4 -> done\n"
                                          "s0 is_closed -> true\n"
                                          "s0 try_reserve_owned -> closed\n"
                                          "s0 send v7 as f8 -> created\n"
                                          "poll f8 -> closed v7\n"
                                          "w0 strong_count -> 3\n"
                                          "r len -> 1\n"
                                          "r is_empty -> false\n"
                                          "drop r -> ok ~ v6\n",
                                          "ok", {aspect::destroyed, aspect::conservation});
    c.clauses = {"receiver-drop.destroys"};
    return c;
}

/// Lines `<invoked> <returned> <step> [-> <answer>]`; `-` for never, `~` before a step that waits.
inline std::vector<model::event> events_of(std::string_view lines) {
    std::vector<model::event> events;
    for (const std::string& line : lines_in(std::string(lines))) {
        std::istringstream in(line);
        model::event e;
        std::string returned;
        in >> e.invoked >> returned >> std::ws;
        if (returned != "-") e.returned = std::stoull(returned);
        std::string rest;
        std::getline(in, rest);
        e.waits = rest.starts_with("~ ");
        if (e.waits) rest.erase(0, 2);
        if (rest.find(" -> ") != std::string::npos) {
            const model::line l = model::parse_line(rest);
            e.step = l.step;
            e.answer = l.expected.answer;
        } else {
            e.step = model::parse_step(rest);
        }
        events.push_back(std::move(e));
    }
    return events;
}

inline model::point point_of(std::uint32_t task, std::uint32_t index, std::string_view outcome,
                             bool follow_up = false) {
    return {{model::place::part::tasks, task, index},
            follow_up,
            model::parse_line("advance 0ms -> " + std::string(outcome)).expected};
}

inline counterexample concurrent_example(const model::history& h, const model::verdict& v) {
    counterexample c;
    c.tool = "0.1.0";
    c.engine = model::engine::threads;
    c.target = "optimized";
    c.seed = 7;
    c.program = 1204;
    c.capacity = h.capacity;
    c.run = run_of(h, v);
    c.repeated = repetition{3, 20};
    return c;
}

/// Two values of one sender come in the wrong order.
inline counterexample swapped_example() {
    model::history h;
    h.capacity = 2;
    h.tasks = {events_of("10 20 s0 try_send v100 -> ok\n"
                         "30 40 s0 try_send v101 -> ok\n"),
               events_of("15 60 ~ r recv as f200 -> some v101\n"
                         "70 80 ~ r recv as f201 -> some v100\n"),
               events_of("12 50 s0 capacity -> 2\n")};
    h.rest = 90;
    model::verdict v;
    v.is = model::finding::answer;
    v.nodes = 9;
    v.order = {point_of(1, 0, "pending"), point_of(2, 0, "2"), point_of(0, 0, "ok ! f200"), point_of(0, 1, "ok")};
    v.refused = {point_of(1, 0, "some v100", true)};
    counterexample c = concurrent_example(h, v);
    c.property = "The history is linearizable against the specification.";
    c.clauses = {"recv.order"};
    return c;
}

/// The same as an engine sees it that knows every access.
inline counterexample accesses_example() {
    counterexample c = swapped_example();
    c.engine = model::engine::interleavings;
    c.repeated.reset();
    std::get<concurrent_run>(c.run).accesses = {
        {1, 0, "receiver.load (9)", "acquire", "0", false},      {0, 0, "word.fetch_add (1)", "acq_rel", "0x10", false},
        {0, 0, "slot[0].turn.store (3)", "release", "1", false}, {0, 1, "word.fetch_add (1)", "acq_rel", "0x20", false},
        {0, 1, "slot[1].turn.store (3)", "release", "1", false}, {1, 0, "slot[0].turn.load (7)", "relaxed", "0", true},
        {1, 0, "slot[1].turn.load (7)", "acquire", "1", false}};
    return c;
}

/// The answers are linearizable; the failure is in the simulation.
inline counterexample race_example() {
    model::history h;
    h.capacity = 1;
    h.tasks = {events_of("10 30 s0 try_send v100 -> ok\n"), events_of("20 - ~ r recv as f200\n")};
    model::verdict v;
    v.is = model::finding::allowed;
    v.order = {point_of(1, 0, "pending"), point_of(0, 0, "ok ! f200")};
    counterexample c = concurrent_example(h, v);
    c.engine = model::engine::interleavings;
    c.property = "No data race, deadlock, memory error, leak or failed assertion.";
    c.repeated.reset();
    std::get<concurrent_run>(c.run).problem = "DATA RACE (data race detected)";
    std::get<concurrent_run>(c.run).accesses = {
        {0, 0, "core.hpp:90 publish s.state (3)", "acquire", "0 to 1", false},
        {1, 0, "core.hpp:228 take_uncounted s.storage", "-", "DATA RACE", false}};
    return c;
}

/// Tasks that use every kind of handle; two of their waits have nothing to wait for.
inline counterexample busy_example() {
    model::history h;
    h.capacity = 2;
    h.before = events_of("0 0 s0 clone -> s1\n0 0 s0 downgrade -> w0\n");
    h.tasks = {events_of("10 20 s0 try_reserve -> p100\n"
                         "21 22 p100 send v100 -> ok\n"
                         "23 24 ~ s0 reserve_many 2 as f101 -> i101 2\n"
                         "25 26 i101 next -> p102\n"
                         "27 28 drop i101 -> ok\n"
                         "29 30 drop p102 -> ok\n"
                         "31 32 ~ s0 send v101 as f103 -> ok\n"),
               events_of("10 20 ~ r recv as f200 -> some v100\n"
                         "21 22 r recv_many 3 as f201 -> created\n"
                         "23 24 poll f201 -> pending\n"
                         "25 26 drop f201 -> ok\n"
                         "27 28 ~ r recv_many 3 as f202 -> many v101\n"
                         "29 30 r try_recv -> empty\n"
                         "31 - ~ r recv as f203\n"),
               events_of("10 20 ~ s1 reserve_owned as f300 -> o300\n"
                         "21 22 o300 release -> s301\n"
                         "23 24 s301 try_reserve_owned -> o302\n"
                         "25 26 o302 send v300 -> s303\n"
                         "27 28 s303 send v301 as f304 -> created\n"
                         "29 30 poll f304 -> pending\n"
                         "31 32 drop f304 -> ok\n"
                         "33 34 w0 upgrade -> s305\n"
                         "35 - ~ s303 closed as f306\n")};
    h.rest = 90;
    model::verdict v;
    v.is = model::finding::answer;
    v.order = {{{model::place::part::before, 0, 0}, false, model::parse_line("s0 clone -> s1").expected}};
    v.refused = {point_of(0, 0, "p100")};
    counterexample c = concurrent_example(h, v);
    c.property = "The history is linearizable against the specification.";
    return c;
}

/// A send waits for ever, although there is capacity.
inline counterexample asleep_example() {
    model::history h;
    h.capacity = 1;
    h.before = events_of("0 0 s0 try_send v1 -> ok\n");
    h.tasks = {events_of("10 - ~ s0 send v100 as f100\n"), events_of("20 30 r try_recv -> some v1\n"
                                                                     "40 50 r is_empty -> true\n")};
    h.rest = 90;
    h.after = events_of("95 96 r try_recv -> empty\n");
    model::verdict v;
    v.is = model::finding::asleep;
    v.nodes = 12;
    v.order = {{{model::place::part::before, 0, 0}, false, {}},
               point_of(0, 0, "pending"),
               point_of(1, 0, "some v1 ! f100"),
               point_of(1, 1, "true")};
    v.refused = {point_of(0, 0, "ok", true)};
    counterexample c = concurrent_example(h, v);
    c.property = "No waiting task is left asleep that the specification would wake.";
    c.clauses = {"release.wakes-when-served"};
    return c;
}

}  // namespace tailrace::verify
