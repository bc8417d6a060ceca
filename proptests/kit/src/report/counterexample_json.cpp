// A counterexample as history.json, both ways.
//
// Writer and reader stand in pairs, in the same order. The reader accepts what the writer writes
// and nothing else: every member has to be there, no other may be. Steps, answers and outcomes are
// in the grammar of the traces (text.hpp).
// After a change here run: ci/test -L proptests -R counterexample
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "report/counterexample.hpp"
#include "report/json_reader.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;
using model::place;

constexpr std::string_view format_name = "tailrace-counterexample";
constexpr std::uint64_t format_version = 1;

constexpr std::array<std::string_view, 3> parts{"before", "lanes", "after"};
constexpr std::array<std::string_view, 3> findings{"answer", "asleep", "allowed"};

std::size_t index_of(model::finding f) {
    return f == model::finding::asleep ? 1 : f == model::finding::allowed ? 2 : 0;
}
constexpr std::array all_engines{model::engine::oracle,  model::engine::sequential,    model::engine::exhaustive,
                                 model::engine::threads, model::engine::interleavings, model::engine::tests};
constexpr std::array all_aspects{aspect::answer,   aspect::woken,         aspect::destroyed, aspect::conservation,
                                 aspect::storage,  aspect::thrown,        aspect::late,      aspect::ended,
                                 aspect::protocol, aspect::specification, aspect::form};

model::outcome outcome_in(const std::string& text) { return model::parse_line("advance 0ms -> " + text).expected; }
model::answer answer_in(const std::string& text) {
    model::outcome o = outcome_in(text);
    return std::move(o.answer);
}

template <class Element, class Write>
json list_of(const std::vector<Element>& all, Write write) {
    json list = json::array();
    for (const Element& e : all) list.push_back(write(e));
    return list;
}

// ---- Runs on one thread

json write_taken(const taken_step& s) {
    return {{"step", model::to_string(s.step)},
            {"expected", model::to_string(s.expected)},
            {"specification", s.specification},
            {"target", s.target}};
}

taken_step read_taken(const json_reader& in) {
    in.expect_members({"step", "expected", "specification", "target"});
    return {in["step"].parsed([](const std::string& t) { return model::parse_step(t); }),
            in["expected"].parsed(outcome_in), in["specification"].text(), in["target"].text()};
}

json write_run(const sequential_run& r) {
    json j{{"steps", list_of(r.steps, write_taken)},
           {"got", r.got ? json(model::to_string(*r.got)) : json()},
           {"differs", list_of(r.differs, [](aspect a) { return json(to_string(a)); })},
           {"notes", r.notes}};
    if (r.at + 1 != r.steps.size()) j["at"] = r.at;
    return j;
}

/// The report says what is missing from a list that differs, and what stands in another place.
void refuse_lists_that_do_not_differ(const json_reader& in, const sequential_run& r) {
    const auto check = [&](aspect a, auto list) {
        if (std::ranges::find(r.differs, a) == r.differs.end()) return;
        if (!r.got || r.failing().expected.*list == (*r.got).*list) {
            in.refuse("only what differs between the step that failed and 'got'");
        }
    };
    check(aspect::woken, &model::outcome::woken);
    check(aspect::destroyed, &model::outcome::destroyed);
}

sequential_run read_sequential(const json_reader& in) {
    in.expect_members({"steps", "?at", "got", "differs", "notes"});
    sequential_run r;
    r.steps = in["steps"].list(read_taken);
    if (r.steps.empty()) in["steps"].refuse("at least one step");
    r.at = r.steps.size() - 1;
    if (in.has("at")) r.at = in["at"].number(0, r.steps.size() - 1);
    if (!in["got"].is_null()) r.got = in["got"].parsed(outcome_in);
    r.differs = in["differs"].list([](const json_reader& a) {
        std::vector<std::string_view> names;
        for (const aspect known : all_aspects) names.push_back(to_string(known));
        return all_aspects[a.one_of(names)];
    });
    r.notes = in["notes"].list([](const json_reader& n) { return n.text(); });
    refuse_lists_that_do_not_differ(in["differs"], r);
    return r;
}

// ---- Runs of several tasks

/// A step without an operation may still say how what it makes is called: "names".
json write_event(const model::event& e) {
    json j{{"step", model::to_string(e.step)}};
    if (!model::creates_operation(e.step.what, e.step.subject.kind) && e.step.operation != 0)
        j["names"] = e.step.operation;
    if (e.waits) j["waits"] = true;
    j["answer"] = e.answer ? json(model::to_string(*e.answer)) : json();
    j["invoked"] = e.invoked;
    j["returned"] = e.returned == model::never ? json() : json(e.returned);
    return j;
}

model::event read_event(const json_reader& in) {
    in.expect_members({"step", "?names", "?waits", "answer", "invoked", "returned"});
    model::event e;
    e.step = in["step"].parsed([](const std::string& t) { return model::parse_step(t); });
    const bool creates = model::creates_operation(e.step.what, e.step.subject.kind);
    if (in.has("names")) {
        constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
        if (creates) in.throw_at("expected no 'names' beside a step that names its operation");
        e.step.operation = static_cast<std::uint32_t>(in["names"].number(1, largest));
    }
    e.waits = in.has("waits") && in["waits"].boolean();
    if (e.waits && !creates) in["step"].refuse("a step that creates an operation, as it waits");
    if (!in["answer"].is_null()) e.answer = in["answer"].parsed(answer_in);
    e.invoked = in["invoked"].number();
    e.returned = in["returned"].is_null() ? model::never : in["returned"].number();
    if (!e.answer && !e.waits && e.returned != model::never)
        in["answer"].refuse("an answer, as the event has returned");
    return e;
}

json write_point(const explained_point& p) {
    json j{{"of", parts[static_cast<std::size_t>(p.point.at.of)]}};
    if (p.point.at.of == place::part::tasks) j["lane"] = p.point.at.task;
    j["index"] = p.point.at.index;
    if (p.point.follow_up) j["follow_up"] = true;
    j["outcome"] = model::to_string(p.point.by_specification);
    j["specification"] = p.specification;
    return j;
}

explained_point read_point(const json_reader& in, const model::history& h) {
    in.expect_members({"of", "?lane", "index", "?follow_up", "outcome", "specification"});
    explained_point p;
    place& at = p.point.at;
    at.of = static_cast<place::part>(in["of"].one_of(parts));
    const std::vector<model::event>* events = at.of == place::part::before ? &h.before : &h.after;
    if (at.of == place::part::tasks) {
        if (!in.has("lane")) in.throw_at("expected a member 'lane', found none");
        at.task = in["lane"].index(h.tasks.size(), "lanes");
        events = &h.tasks[at.task];
    } else if (in.has("lane")) {
        in.throw_at("expected no 'lane' outside the lanes");
    }
    at.index = in["index"].index(events->size(), "events");
    p.point.follow_up = in.has("follow_up") && in["follow_up"].boolean();
    p.point.by_specification = in["outcome"].parsed(outcome_in);
    p.specification = in["specification"].text();
    return p;
}

json write_access(const atomic_access& a) {
    return {{"lane", a.task},   {"event", a.event}, {"site", a.site},
            {"order", a.order}, {"value", a.value}, {"stale", a.stale}};
}

atomic_access read_access(const json_reader& in, const model::history& h) {
    in.expect_members({"lane", "event", "site", "order", "value", "stale"});
    atomic_access a;
    a.task = in["lane"].index(h.tasks.size(), "lanes");
    a.event = in["event"].index(h.tasks[a.task].size(), "events");
    a.site = in["site"].text();
    a.order = in["order"].text();
    a.value = in["value"].text();
    a.stale = in["stale"].boolean();
    return a;
}

json write_run(const concurrent_run& r) {
    const model::history& h = r.history;
    const auto events = [](const std::vector<model::event>& all) { return list_of(all, write_event); };
    json j{{"before", events(h.before)},
           {"lanes", list_of(h.tasks, events)},
           {"rest", h.rest == model::never ? json() : json(h.rest)},
           {"after", events(h.after)},
           {"finding", findings[index_of(r.finding)]},
           {"nodes", r.nodes},
           {"order", list_of(r.order, write_point)},
           {"refused", list_of(r.refused, write_point)}};
    if (!r.problem.empty()) j["problem"] = r.problem;
    if (!r.accesses.empty()) j["accesses"] = list_of(r.accesses, write_access);
    return j;
}

concurrent_run read_concurrent(const json_reader& in, std::uint64_t capacity) {
    in.expect_members(
        {"before", "lanes", "rest", "after", "finding", "nodes", "order", "refused", "?problem", "?accesses"});
    concurrent_run r;
    model::history& h = r.history;
    h.capacity = capacity;
    h.before = in["before"].list(read_event);
    h.tasks = in["lanes"].list([](const json_reader& task) { return task.list(read_event); });
    h.rest = in["rest"].is_null() ? model::never : in["rest"].number();
    h.after = in["after"].list(read_event);
    constexpr std::array known{model::finding::answer, model::finding::asleep, model::finding::allowed};
    r.finding = known[in["finding"].one_of(findings)];
    r.nodes = in["nodes"].number();
    const auto point = [&h](const json_reader& p) { return read_point(p, h); };
    r.order = in["order"].list(point);
    r.refused = in["refused"].list(point);
    if (in.has("problem")) r.problem = in["problem"].text();
    if (in.has("accesses")) r.accesses = in["accesses"].list([&h](const json_reader& a) { return read_access(a, h); });
    return r;
}

// ---- The whole

json write_whole(const counterexample& c) {
    json j{{"format", format_name},
           {"version", format_version},
           {"tool", c.tool},
           {"command", c.command},
           {"engine", model::to_string(c.engine)},
           {"target", c.target},
           {"law", c.property},
           {"clauses", c.clauses},
           {"seed", c.seed},
           {"program", c.program},
           {"recorded_at", c.recorded_at},
           {"capacity", c.capacity}};
    if (c.adapter != own_adapter) j["adapter"] = c.adapter;
    if (!c.option.empty()) j["option"] = c.option;
    if (c.in_order) j["in_order"] = *c.in_order;
    if (const auto& s = c.shrunk) j["shrunk"] = {{"from", s->from}, {"to", s->to}, {"attempts", s->attempts}};
    if (const auto& r = c.repeated) j["repeated"] = {{"failed", r->failed}, {"runs", r->runs}};
    const bool concurrent = std::holds_alternative<concurrent_run>(c.run);
    j[concurrent ? "concurrent" : "sequential"] = std::visit([](const auto& run) { return write_run(run); }, c.run);
    return j;
}

shrinking read_shrinking(const json_reader& in) {
    in.expect_members({"from", "to", "attempts"});
    return {in["from"].number(), in["to"].number(), in["attempts"].number()};
}

repetition read_repetition(const json_reader& in) {
    in.expect_members({"failed", "runs"});
    const std::uint64_t runs = in["runs"].number();
    return {in["failed"].number(0, runs), runs};
}

counterexample read_whole(const json_reader& in) {
    in.expect_members({"format", "version", "tool", "command", "engine", "target", "law", "clauses", "seed", "program",
                       "recorded_at", "capacity", "?adapter", "?option", "?in_order", "?shrunk", "?repeated",
                       "?sequential", "?concurrent"});
    (void)in["format"].one_of(std::array{format_name});
    (void)in["version"].number(format_version, format_version);
    counterexample c;
    c.tool = in["tool"].text();
    c.command = in["command"].text();
    std::vector<std::string_view> engines;
    for (const model::engine e : all_engines) engines.push_back(model::to_string(e));
    c.engine = all_engines[in["engine"].one_of(engines)];
    c.target = in["target"].text();
    c.property = in["law"].text();
    c.clauses = in["clauses"].list([](const json_reader& n) { return n.text(); });
    c.seed = in["seed"].number();
    c.program = in["program"].number();
    c.recorded_at = in["recorded_at"].text();
    c.capacity = in["capacity"].number(1, model::largest_capacity);
    if (in.has("adapter")) c.adapter = in["adapter"].text();
    if (in.has("option")) c.option = in["option"].text();
    if (in.has("in_order")) c.in_order = in["in_order"].number();
    if (in.has("shrunk")) c.shrunk = read_shrinking(in["shrunk"]);
    if (in.has("repeated")) c.repeated = read_repetition(in["repeated"]);
    if (in.has("sequential") == in.has("concurrent"))
        in.throw_at("expected one member of 'sequential' and 'concurrent'");
    if (in.has("sequential")) {
        c.run = read_sequential(in["sequential"]);
    } else {
        c.run = read_concurrent(in["concurrent"], c.capacity);
    }
    return c;
}

}  // namespace

std::string to_json(const counterexample& c) {
    return write_whole(c).dump(1, ' ', true, json::error_handler_t::replace) + '\n';
}

counterexample from_json(std::string_view text, std::string_view file) {
    const json whole = parse_json(text, file, "a counterexample in JSON");
    return read_whole(json_reader(whole, {}, file));
}

}  // namespace tailrace::verify
