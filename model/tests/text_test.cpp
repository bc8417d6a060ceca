// Tests of the text form: printer and parser are inverses, and the parser accepts only what the printer writes, except
// what text.hpp names. Errors:
// text_error_test.cpp.
//
// Run: ci/test -L model
#include "tailrace/model/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "refusal.hpp"

namespace tailrace::model {
namespace {

namespace fs = std::filesystem;

fs::path recorded_traces() {
#ifdef TAILRACE_TRACES
    return TAILRACE_TRACES;
#else
    return fs::path(__FILE__).parent_path() / "../traces";
#endif
}

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string print(const std::vector<trace>& traces) {
    std::string out;
    for (const trace& t : traces) out += to_string(t);
    return out;
}

// ---- Random values: everything that has a text form, sensible or not.

class generator {
  public:
    explicit generator(unsigned seed) : random_(seed) {}

    std::uint64_t below(std::uint64_t n) { return random_() % n; }

    /// Small, large or extreme.
    std::uint64_t number(std::uint64_t largest) {
        switch (below(4)) {
            case 0: return below(std::min<std::uint64_t>(largest, 20));
            case 1: return largest - below(2);
            case 2: return below(2);
            default: return (std::uint64_t{random_()} << 32 | random_()) % largest;
        }
    }
    std::uint64_t number() { return number(std::numeric_limits<std::uint64_t>::max()); }

    handle name(handle_kind kind) {
        if (kind == handle_kind::receiver) return {};
        return {kind, static_cast<std::uint32_t>(number(0xffffffff))};
    }

    model::step step() {
        model::step s;
        s.what = static_cast<verb>(below(verb_count));
        if (s.what != verb::advance) {
            handle_kind kind{};
            do kind = static_cast<handle_kind>(below(7));
            while (!applies_to(s.what, kind));
            s.subject = name(kind);
        }
        const verb_shape& shape = shape_of(s.what);
        if (shape.value) s.value = number();
        if (shape.count) s.count = number();
        if (shape.time) s.time = duration(number(static_cast<std::uint64_t>(largest_duration.count())));
        if (creates_operation(s.what, s.subject.kind)) s.operation = static_cast<std::uint32_t>(number(0xffffffff));
        return s;
    }

    model::answer answer() {
        model::answer a;
        a.status = static_cast<status>(below(static_cast<unsigned>(status::boolean) + 1));
        switch (a.status) {
            case status::full:
            case status::closed:
            case status::timeout:
                if (below(2) != 0) a.value = number();
                break;
            case status::some: a.value = number(); break;
            case status::many: a.values = values(); break;
            case status::made: {
                constexpr std::array made{handle_kind::sender, handle_kind::weak_sender, handle_kind::permit,
                                          handle_kind::iterator, handle_kind::owned_permit};
                a.made = name(made[below(made.size())]);
                if (a.made.kind == handle_kind::iterator) a.number = number();
                break;
            }
            case status::number: a.number = number(); break;
            case status::boolean: a.number = below(2); break;
            default: break;
        }
        return a;
    }

    model::line line() {
        model::line l;
        l.step = step();
        l.expected.answer = answer();
        for (std::uint64_t n = below(3); n > 0; --n) l.expected.woken.push_back(name(handle_kind::operation));
        l.expected.destroyed = values();
        return l;
    }

    model::trace trace() {
        model::trace t;
        for (std::uint64_t n = 1 + below(20); n > 0; --n) t.id += static_cast<char>('!' + below('~' - '!' + 1));
        t.capacity = 1 + below(largest_capacity);
        for (std::uint64_t n = below(10); n > 0; --n) {
            t.lines.push_back(line());
            // Ten of these stay within the clock.
            if (t.lines.back().step.what == verb::advance) t.lines.back().step.time /= 10;
        }
        return t;
    }

    std::mt19937& random() { return random_; }

  private:
    std::vector<value_id> values() {
        std::vector<value_id> list(below(4));
        for (value_id& v : list) v = number();
        return list;
    }

    std::mt19937 random_;
};

// ---- Inverse

TEST(text, a_printed_line_parses_to_the_same_line) {
    generator any(1);
    std::array<int, verb_count> verbs{};
    std::array<int, static_cast<std::size_t>(status::boolean) + 1> statuses{};
    std::set<std::pair<verb, handle_kind>> forms;
    for (int i = 0; i < 20'000; ++i) {
        const line l = any.line();
        ++verbs[static_cast<std::size_t>(l.step.what)];
        ++statuses[static_cast<std::size_t>(l.expected.answer.status)];
        forms.emplace(l.step.what, l.step.subject.kind);
        const std::string text = to_string(l);
        ASSERT_EQ(text, to_string(l.step) + " -> " + to_string(l.expected));
        ASSERT_TRUE(to_string(l.expected).starts_with(to_string(l.expected.answer)));
        ASSERT_EQ(parse_line(text), l) << text;
        ASSERT_EQ(parse_step(to_string(l.step)), l.step) << text;
    }
    for (std::size_t i = 0; i < verbs.size(); ++i) EXPECT_GT(verbs[i], 400) << shape_of(static_cast<verb>(i)).spelling;
    for (std::size_t i = 0; i < statuses.size(); ++i) EXPECT_GT(statuses[i], 800) << i;
    EXPECT_EQ(forms.size(), 46U) << "each verb on each kind of handle that has it";
}

TEST(text, printed_traces_parse_to_the_same_traces) {
    generator any(2);
    for (int i = 0; i < 1'000; ++i) {
        std::vector<trace> traces;
        for (std::uint64_t n = 1 + any.below(3); n > 0; --n) traces.push_back(any.trace());
        const std::string text = print(traces);
        ASSERT_EQ(parse_traces(text, "f"), traces) << text;
    }
}

TEST(text, the_recorded_traces_print_byte_for_byte) {
    std::size_t traces = 0;
    std::size_t lines = 0;
    for (const std::string part : {"core-0", "core-1", "core-2", "full-0", "full-1", "full-2"}) {
        const fs::path file = recorded_traces() / (part + ".trace");
        const std::vector<trace> parsed = read_traces(file.string());
        EXPECT_TRUE(print(parsed) == contents(file)) << file;
        traces += parsed.size();
        for (const trace& t : parsed) lines += t.lines.size();
    }
    EXPECT_EQ(traces, 360U);
    EXPECT_EQ(lines, 47'899U);
}

// The creating verbs, the additions to the recorded grammar and the limits, spelled out: random
// values cannot tell a wrong word that printer and parser agree on.
TEST(text, spellings) {
    for (const std::string text : {"s0 send_timeout v1 5ms as f0 -> created",
                                   "r recv_timeout 5ms as f0 -> created",
                                   "s0 reserve_many 3 as f0 -> created",
                                   "r recv_many 3 as f0 -> created",
                                   "s0 closed as f0 -> created",
                                   "s0 reserve_owned as f0 -> closed",
                                   "poll f0 -> many",
                                   "poll f0 -> many ! f1 ~ v1 v2",
                                   "poll f0 -> many v1 v2 ! f1 f2",
                                   "poll f0 -> full",
                                   "poll f0 -> full v1",
                                   "poll f0 -> closed v1",
                                   "poll f0 -> timeout",
                                   "poll f0 -> timeout v1 ~ v2",
                                   "poll f0 -> done",
                                   "poll f0 -> i0 3",
                                   "poll f0 -> o0",
                                   "s0 len -> 3",
                                   "w0 clone -> w1",
                                   "w0 upgrade -> none",
                                   "w0 strong_count -> 1",
                                   "r is_empty -> true",
                                   "r sender_weak_count -> 0",
                                   "o0 send v1 -> s1",
                                   "o0 release -> s1",
                                   "i0 next -> p1",
                                   "drop r -> ok ! f1 f0 ~ v1",
                                   "advance 0ms -> ok",
                                   "advance 1000000000000ms -> ok",
                                   "r close -> disconnected",
                                   "r try_recv -> empty",
                                   "s4294967295 try_send v18446744073709551615 -> 18446744073709551615"})
        EXPECT_EQ(to_string(parse_line(text)), text);

    const line l = parse_line("s2 send_timeout v3 5ms as f1 -> closed v4 ! f8 ~ v5", "f", 12);
    EXPECT_EQ(l.step, (step{.what = verb::send_timeout,
                            .subject = {handle_kind::sender, 2},
                            .value = 3,
                            .time = duration(5),
                            .operation = 1}));
    EXPECT_EQ(l.expected.answer.status, status::closed);
    EXPECT_EQ(l.expected.answer.value, 4U);
    EXPECT_EQ(l.expected.woken, (std::vector<handle>{{handle_kind::operation, 8}}));
    EXPECT_EQ(l.expected.destroyed, (std::vector<value_id>{5}));
    EXPECT_EQ(l.number, 12U);
}

// The whole table, as the grammar of the traces has it; `+` marks what creates an operation.
TEST(text, the_verbs_of_each_handle) {
    const auto verbs_of = [](handle_kind kind) {
        std::string list;
        for (std::size_t i = 0; i < verb_count; ++i) {
            const auto v = static_cast<verb>(i);
            if (applies_to(v, kind)) (list += ' ') += shape_of(v).spelling;
            if (creates_operation(v, kind)) list += '+';
        }
        return list;
    };
    EXPECT_EQ(verbs_of(handle_kind::sender),
              " try_send send+ send_timeout+ reserve+ reserve_many+ reserve_owned+ closed+"
              " try_reserve try_reserve_many try_reserve_owned clone downgrade"
              " capacity max_capacity strong_count weak_count is_closed len drop");
    EXPECT_EQ(verbs_of(handle_kind::weak_sender), " clone upgrade strong_count weak_count drop");
    EXPECT_EQ(verbs_of(handle_kind::receiver),
              " recv+ recv_timeout+ recv_many+ try_recv close"
              " capacity is_closed len is_empty sender_strong_count sender_weak_count drop");
    EXPECT_EQ(verbs_of(handle_kind::operation), " poll drop");
    EXPECT_EQ(verbs_of(handle_kind::permit), " send drop");
    EXPECT_EQ(verbs_of(handle_kind::iterator), " next drop");
    EXPECT_EQ(verbs_of(handle_kind::owned_permit), " send release drop");
}

// ---- What is tolerated

TEST(text, blank_lines_comments_and_line_ends) {
    const std::string plain = "trace a capacity 1\nr close -> ok\nend\ntrace a capacity 2\nend\n";
    const std::vector<trace> traces = parse_traces(plain, "f");
    ASSERT_EQ(traces.size(), 2U) << "the same id twice is no error";
    EXPECT_EQ(print(traces), plain);
    for (const std::string_view text :
         {"trace a capacity 1\r\nr close -> ok\r\nend\r\ntrace a capacity 2\r\nend\r\n",
          "trace a capacity 1\nr close -> ok\nend\ntrace a capacity 2\nend",
          "#\n\n \t \ntrace a capacity 1\n# \xff trace\n\r\nr close -> ok\n  \nend\n#end\n"
          "trace a capacity 2\nend\n\n# the end"})
        EXPECT_EQ(parse_traces(text, "f"), traces) << text;

    const trace second = parse_traces("#\n\ntrace a capacity 1\n#\nr close -> ok\nend", "f").front();
    EXPECT_EQ(second.file, "f");
    EXPECT_EQ(second.number, 3U);
    EXPECT_EQ(second.lines.front().number, 5U);
}

// ---- Damaged text

constexpr std::string_view sample =
    "trace 7 capacity 4\n"
    "s0 send_timeout v1 5ms as f0 -> created\n"
    "poll f0 -> timeout v3 ! f8 f9 ~ v5 v6\n"
    "s0 try_reserve_many 3 -> i0 3\n"
    "drop r -> ok\n"
    "r is_closed -> true\n"
    "poll f1 -> many v1 v20\n"
    "end\n";

TEST(text, every_truncation_is_refused) {
    // Without the last line end it is still whole.
    EXPECT_EQ(refusal_of_file(sample.substr(0, sample.size() - 1)), "accepted");
    for (std::size_t length = 0; length + 1 < sample.size(); ++length)
        EXPECT_NE(refusal_of_file(sample.substr(0, length)), "accepted") << length;
}

/// The text as the printer would have written it, if it differs only in what is tolerated.
std::string without_what_is_tolerated(std::string text) {
    if (!text.ends_with('\n')) text += '\n';
    std::string plain;
    for (std::size_t start = 0, stop = 0; start < text.size(); start = stop + 1) {
        stop = text.find('\n', start);
        std::string one = text.substr(start, stop - start);
        if (one.ends_with('\r')) one.pop_back();
        if (!one.starts_with('#') && one.find_first_not_of(" \t") != one.npos) plain += one + '\n';
    }
    return plain;
}

/// One byte replaced, removed or inserted, mostly by one that means something in the grammar.
std::string damaged(std::string text, generator& any) {
    constexpr std::string_view telling = " \n\r\t#!~->0123456789vfspiorwm";
    const char byte = any.below(4) == 0 ? static_cast<char>(any.below(256)) : telling[any.below(telling.size())];
    const std::size_t at = any.below(text.size());
    switch (any.below(3)) {
        case 0: text[at] = byte; break;
        case 1: text.erase(at, 1); break;
        default: text.insert(at, 1, byte);
    }
    return text;
}

TEST(text, damaged_text_is_refused_or_means_exactly_what_it_says) {
    generator any(3);
    int accepted = 0;
    for (int i = 0; i < 40'000; ++i) {
        const std::string text = damaged(std::string(sample), any);
        if (refusal_of_file(text) != "accepted") continue;
        ++accepted;
        ASSERT_EQ(print(parse_traces(text, "f")), without_what_is_tolerated(text));
    }
    // About one in ten bytes is a digit and one in four of the changes puts one there: some 3 % of
    // the texts are whole. This only asks that there be plenty on either side.
    EXPECT_GT(accepted, 1'000);
    EXPECT_LT(accepted, 20'000);
}

TEST(text, random_bytes_are_refused) {
    generator any(4);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes(any.below(200), '\0');
        std::ranges::generate(bytes, [&] { return static_cast<char>(any.below(256)); });
        ASSERT_NE(refusal_of_file(bytes), "accepted");
        ASSERT_NE(refusal_of_file("trace 1 capacity 1\n" + bytes), "accepted");
        ASSERT_NE(refusal_of_line(bytes), "accepted");
    }
}

}  // namespace
}  // namespace tailrace::model
