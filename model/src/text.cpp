// Prints and parses handles, steps, answers and lines. The grammar is in text.hpp.
//
// Printer and parser stand in pairs, in the same order: what one writes, the other reads.
// After a change here run: ci/test -L model
#include "tailrace/model/text.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <limits>
#include <optional>

#include "cursor.hpp"

namespace tailrace::model {
namespace {

using detail::cursor;
using detail::numeral;

constexpr std::uint64_t largest_handle = std::numeric_limits<std::uint32_t>::max();

constexpr numeral value_form{"a value", "v", ""};
constexpr numeral count_form{"a count", "", ""};
constexpr numeral size_form{"a number of permits", "", ""};
constexpr numeral number_form{"a number", "", ""};
constexpr numeral time_form{"a duration", "", "ms", 0, static_cast<std::uint64_t>(largest_duration.count())};

// Indexed by handle_kind. The receiver is the one kind without numbers.
constexpr std::array<numeral, 7> handle_forms{{
    {"a sender", "s", "", 0, largest_handle},
    {"a weak sender", "w", "", 0, largest_handle},
    {"the receiver", "r", "", 0, 0},
    {"an operation", "f", "", 0, largest_handle},
    {"a permit", "p", "", 0, largest_handle},
    {"an iterator", "i", "", 0, largest_handle},
    {"an owned permit", "o", "", 0, largest_handle},
}};

constexpr const numeral& form_of(handle_kind kind) { return handle_forms[static_cast<std::size_t>(kind)]; }

// Indexed by status, up to the last that has a word of its own.
constexpr std::array<std::string_view, 12> status_words{"ok",   "created", "pending", "full", "closed", "timeout",
                                                        "done", "some",    "many",    "none", "empty",  "disconnected"};
static_assert(status_words.size() == static_cast<std::size_t>(status::disconnected) + 1);

/// `poll f0`, `drop s0`, `advance 5ms`: the verb comes first. Elsewhere it follows the subject.
constexpr bool comes_first(verb v) { return v == verb::poll || v == verb::drop || v == verb::advance; }

// ---- Handles and values

void put(std::string& out, handle h) {
    out += form_of(h.kind).prefix;
    if (h.kind != handle_kind::receiver) fmt::format_to(std::back_inserter(out), "{}", h.number);
}

void put(std::string& out, value_id v) { fmt::format_to(std::back_inserter(out), "v{}", v); }

template <class Range>
void put_each(std::string& out, const Range& range) {
    for (const auto& element : range) {
        out += ' ';
        put(out, element);
    }
}

std::uint32_t read_operation(cursor& in) {
    return static_cast<std::uint32_t>(in.number(form_of(handle_kind::operation)));
}

/// The handle in the word taken last, if it looks like one.
std::optional<handle> handle_in(std::string_view word, const cursor& in) {
    if (word == form_of(handle_kind::receiver).prefix) return handle{};
    if (word.size() < 2 || word[1] < '0' || word[1] > '9') return std::nullopt;
    for (std::size_t i = 0; i < handle_forms.size(); ++i) {
        const auto kind = static_cast<handle_kind>(i);
        if (kind == handle_kind::receiver || !word.starts_with(form_of(kind).prefix)) continue;
        return handle{kind, static_cast<std::uint32_t>(in.number_in(word, form_of(kind)))};
    }
    return std::nullopt;
}

// ---- Steps

constexpr std::string_view inside = "|";
constexpr std::string_view when = "when";
constexpr std::string_view woken = "woken:";
constexpr std::string_view destroyed = "destroyed:";

void put(std::string& out, const occasion& at) {
    for (unsigned i = 0; i < at.depth; ++i) fmt::format_to(std::back_inserter(out), "{} ", inside);
    const bool wakes = at.is == occasion::kind::woken;
    const numeral& form = wakes ? form_of(handle_kind::operation) : value_form;
    fmt::format_to(std::back_inserter(out), "{} {}{} {} ", when, form.prefix, at.number, wakes ? woken : destroyed);
}

void put(std::string& out, const step& s) {
    if (s.at.depth > 0) put(out, s.at);
    const verb_shape& shape = shape_of(s.what);
    const auto end = std::back_inserter(out);
    if (comes_first(s.what)) {
        out += shape.spelling;
        if (s.what != verb::advance) {
            out += ' ';
            put(out, s.subject);
        }
    } else {
        put(out, s.subject);
        fmt::format_to(end, " {}", shape.spelling);
    }
    if (shape.value) fmt::format_to(end, " v{}", s.value);
    if (shape.count) fmt::format_to(end, " {}", s.count);
    if (shape.time) fmt::format_to(end, " {}ms", s.time.count());
    if (creates_operation(s.what, s.subject.kind)) fmt::format_to(end, " as f{}", s.operation);
}

verb read_verb(cursor& in, handle_kind subject) {
    const std::string expected = fmt::format("a verb of {}", form_of(subject).noun);
    const std::string_view word = in.word(expected);
    for (std::size_t i = 0; i < verb_count; ++i) {
        const auto v = static_cast<verb>(i);
        if (shape_of(v).spelling == word && applies_to(v, subject) && !comes_first(v)) return v;
    }
    in.fail(expected);
}

/// The verb and its subject, whichever comes first.
void read_act(cursor& in, step& s) {
    constexpr std::string_view expected = "a step (poll, drop, advance, or a handle and its verb)";
    const std::string_view word = in.word(expected);
    if (word == shape_of(verb::advance).spelling) {
        s.what = verb::advance;
    } else if (word == shape_of(verb::poll).spelling) {
        s.what = verb::poll;
        s.subject = {handle_kind::operation, read_operation(in)};
    } else if (word == shape_of(verb::drop).spelling) {
        constexpr std::string_view any = "a handle like s0, r or f0";
        s.what = verb::drop;
        const std::optional<handle> h = handle_in(in.word(any), in);
        if (!h) in.fail(any);
        s.subject = *h;
    } else {
        const std::optional<handle> h = handle_in(word, in);
        if (!h || h->kind == handle_kind::operation) in.fail(expected);
        s.subject = *h;
        s.what = read_verb(in, h->kind);
    }
}

occasion read_occasion(cursor& in) {
    occasion at;
    while (in.peek() == inside && at.depth < largest_depth) {
        in.literal(inside);
        ++at.depth;
    }
    if (at.depth == 0) return at;
    in.literal(when);
    if (in.peek().starts_with(form_of(handle_kind::operation).prefix)) {
        at.number = read_operation(in);
        at.is = occasion::kind::woken;
        in.literal(woken);
    } else {
        at.number = in.number(value_form);
        at.is = occasion::kind::destroyed;
        in.literal(destroyed);
    }
    return at;
}

step read_step(cursor& in) {
    step s;
    s.at = read_occasion(in);
    read_act(in, s);
    const verb_shape& shape = shape_of(s.what);
    if (shape.value) s.value = in.number(value_form);
    if (shape.count) s.count = in.number(count_form);
    if (shape.time) s.time = duration(static_cast<duration::rep>(in.number(time_form)));
    if (creates_operation(s.what, s.subject.kind)) {
        in.literal("as");
        s.operation = read_operation(in);
    }
    return s;
}

// ---- Answers and outcomes

void put(std::string& out, const answer& a) {
    switch (a.status) {
        case status::made:
            put(out, a.made);
            if (a.made.kind == handle_kind::iterator) fmt::format_to(std::back_inserter(out), " {}", a.number);
            return;
        case status::number: fmt::format_to(std::back_inserter(out), "{}", a.number); return;
        case status::boolean: out += a.number != 0 ? "true" : "false"; return;
        default:
            out += status_words[static_cast<std::size_t>(a.status)];
            if (a.value) put_each(out, std::array{*a.value});
            put_each(out, a.values);
    }
}

void put(std::string& out, const outcome& o) {
    put(out, o.answer);
    if (!o.woken.empty()) out += " !";
    put_each(out, o.woken);
    if (!o.destroyed.empty()) out += " ~";
    put_each(out, o.destroyed);
}

/// What may be left out ends with what may follow: each reader says what else could have come.
constexpr std::string_view tail = "'!', '~' or the end of the line";
constexpr std::string_view value_or_tail = "a value, '!', '~' or the end of the line";

std::string_view read_worded(cursor& in, answer& a) {
    switch (a.status) {
        case status::full:
        case status::closed:
        case status::timeout:
            if (!in.peek().starts_with(value_form.prefix)) return value_or_tail;
            a.value = in.number(value_form);
            return tail;
        case status::some: a.value = in.number(value_form); return tail;
        case status::many:
            while (in.peek().starts_with(value_form.prefix)) a.values.push_back(in.number(value_form));
            return value_or_tail;
        default: return tail;
    }
}

/// Says what could have followed.
std::string_view read_answer(cursor& in, answer& a) {
    constexpr std::string_view expected = "an answer";
    const std::string_view word = in.word(expected);
    for (std::size_t i = 0; i < status_words.size(); ++i) {
        if (word != status_words[i]) continue;
        a.status = static_cast<status>(i);
        return read_worded(in, a);
    }
    if (word == "true" || word == "false") {
        a.status = status::boolean;
        a.number = word == "true" ? 1 : 0;
    } else if (word.front() >= '0' && word.front() <= '9') {
        a.status = status::number;
        a.number = in.number_in(word, number_form);
    } else {
        const std::optional<handle> h = handle_in(word, in);
        if (!h || h->kind == handle_kind::receiver || h->kind == handle_kind::operation) in.fail(expected);
        a.status = status::made;
        a.made = *h;
        if (h->kind == handle_kind::iterator) a.number = in.number(size_form);
    }
    return tail;
}

outcome read_outcome(cursor& in) {
    outcome o;
    std::string_view follows = read_answer(in, o.answer);
    if (in.peek() == "!") {
        in.literal("!");
        do {
            o.woken.push_back({handle_kind::operation, read_operation(in)});
        } while (in.peek().starts_with(form_of(handle_kind::operation).prefix));
        follows = "an operation, '~' or the end of the line";
    }
    if (in.peek() == "~") {
        in.literal("~");
        do {
            o.destroyed.push_back(in.number(value_form));
        } while (in.peek().starts_with(value_form.prefix));
        follows = "a value or the end of the line";
    }
    in.finish(follows);
    return o;
}

template <class Printable>
std::string print(const Printable& p) {
    std::string out;
    put(out, p);
    return out;
}

}  // namespace

std::string to_string(handle h) { return print(h); }
std::string to_string(const step& s) { return print(s); }
std::string to_string(const answer& a) { return print(a); }
std::string to_string(const outcome& o) { return print(o); }

std::string to_string(const line& l) {
    std::string out = print(l.step);
    out += " -> ";
    put(out, l.expected);
    return out;
}

line parse_line(std::string_view text, std::string_view file, std::size_t number) {
    cursor in(text, file, number);
    line l;
    l.step = read_step(in);
    in.literal("->");
    l.expected = read_outcome(in);
    l.number = number;
    return l;
}

step parse_step(std::string_view text, std::string_view file, std::size_t number) {
    cursor in(text, file, number);
    const step s = read_step(in);
    in.finish("the end of the line");
    return s;
}

}  // namespace tailrace::model
