// Implements the line protocol between tailrace-verify and tailrace-interleavings.
//
//     explore <target> capacity 1 random 300 stall 50 seed 7 switches 2 bound 700 show 0
//     before s0 try_send v1
//     task
//     step <waits: 0 or 1> <name of the handle it makes> s0 send v2 as f100
//     go
//
// is answered by
//
//     done executions 1000 stalled 41 histories 31 unknown 0 complete 2 microseconds 5120
//     history                         each history with its events, if show is 1
//     end
//
// and after a failure by
//
//     failed <history, or simulation> executions 17 stalled 0 histories 3 unknown 0 complete none microseconds 93
//     what <one line>
//     event before <step> -> <response>
//     event <task> <step> <invoked> <returned> <first, for each task> -> <response, or nothing>
//     ended <task> <events of each task that happened before its end>
//     rested                          quiescence was reached; otherwise the failure came before
//     after <step> -> <response>
//     access <task> <event> <stale: 0 or 1> <order> <value>; <site>
//     end
//
// The response to an invalid request is `refused <reason>`. `switches` and `complete` count preemptions.
#include <cstdio>
#include <iostream>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "explorer/explore.hpp"
#include "explorer/notebook.hpp"
#include "kernel/history.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/model/words.hpp"

namespace tailrace::relacy {
namespace {

using model::words;

struct request {
    std::string target;
    planned_program program;
    exploration_request how;
};

request parse_request(const std::vector<std::string>& lines) {
    request r;
    words w(lines.front());
    w.expect("explore");
    r.target = w.next();
    w.expect("capacity");
    r.program.capacity = w.number();
    w.expect("random");
    r.how.random_executions = w.number();
    w.expect("stall");
    r.how.stall_executions = w.number();
    w.expect("seed");
    r.how.seed = w.number();
    w.expect("switches");
    r.how.preemptions = static_cast<unsigned>(w.number());
    w.expect("bound");
    r.how.bound_executions = w.number();
    w.expect("show");
    r.how.show = w.number() != 0;
    for (const std::string& line : std::span(lines).subspan(1)) {
        words l(line);
        const std::string_view what = l.next();
        if (what == "before") {
            r.program.before.push_back(model::parse_step(l.rest(), "<request>"));
        } else if (what == "task") {
            r.program.tasks.emplace_back();
        } else if (what == "step" && !r.program.tasks.empty()) {
            planned_step p;
            p.waits = l.number() != 0;
            const auto name = static_cast<std::uint32_t>(l.number());
            p.step = model::parse_step(l.rest(), "<request>");
            p.step.operation = name;
            r.program.tasks.back().push_back(p);
        } else {
            throw std::runtime_error(fmt::format("expected before, task, step or go, found '{}'", line));
        }
    }
    return r;
}

const player& find_player(std::string_view target) {
    for (const player& p : players()) {
        if (p.target == target) return p;
    }
    throw std::runtime_error(fmt::format("there is no target '{}'", target));
}

/// The value after `name=`, up to the next comma.
std::string_view part(std::string_view event, std::string_view name) {
    const std::size_t at = event.find(name);
    if (at == event.npos) return {};
    event.remove_prefix(at + name.size());
    return event.substr(0, event.find_first_of(", "));
}

/// The value that an access read or wrote, or else the whole event.
std::string value_in(const logged_step& s) {
    if (s.event.contains("CAS succ")) return fmt::format("{} to {}", part(s.event, "orig="), part(s.event, "xchg="));
    if (s.event.contains("CAS fail")) return fmt::format("{}, not {}", part(s.event, "orig="), part(s.event, "cmp="));
    for (const std::string_view name : {"new=", "value="}) {
        if (const std::string_view v = part(s.event, name); !v.empty()) {
            const std::string_view previous = part(s.event, "prev=");
            return previous.empty() ? std::string(v) : fmt::format("{} to {}", previous, v);
        }
    }
    return s.event;
}

/// Writes the accesses of the channel within the tasks, and the last step, wherever it is.
void write_accesses(const std::vector<logged_step>& steps) {
    std::map<std::string, std::uint64_t> events;  // for each task, the number of its current event, from 1
    bool over = false;
    for (const logged_step& s : steps) {
        over |= s.event == quiescence_mark;
        if (s.event.starts_with(event_mark)) {
            ++events[s.thread];
            continue;
        }
        if (&s != &steps.back() && (over || s.place.starts_with("play.hpp:"))) continue;
        const std::uint64_t at = events[s.thread];
        if (at == 0) continue;
        const std::string_view order = part(s.event, "order=");
        const std::string site = fmt::format("{} {}{}{}", s.place, s.function, s.object.empty() ? "" : " " + s.object,
                                             s.number.empty() ? "" : " " + s.number);
        fmt::print("access {} {} {} {} {}; {}\n", s.thread, at - 1, s.event.contains(stale_mark) ? 1 : 0,
                   order.empty() ? "-" : order, value_in(s), site);
    }
}

void answer(const exploration& e) {
    fmt::print("{} executions {} stalled {} histories {} unknown {} complete {} microseconds {}\n",
               e.failure.empty() ? "done"
               : e.refused       ? "failed history"
                                 : "failed simulation",
               e.executions, e.stalled, e.histories, e.unknown,
               e.exhaustive_up_to ? std::to_string(*e.exhaustive_up_to) : "none", e.microseconds);
    if (e.failure.empty()) {
        for (const std::string& h : e.shown) fmt::print("history\n{}", h);
    } else {
        fmt::print("what {}\n{}", e.failure, e.history);
        write_accesses(e.steps);
    }
    fmt::print("end\n");
}

}  // namespace

int serve_explorations() {
    std::vector<std::string> lines;  // of one request, read to its end even if they are invalid
    for (std::string line; std::getline(std::cin, line);) {
        if (line != "go") {
            lines.push_back(std::move(line));
            continue;
        }
        try {
            const request r = parse_request(lines.empty() ? std::vector<std::string>{""} : lines);
            answer(explore(find_player(r.target), make_plan(r.program), r.how));
        } catch (const std::exception& error) {
            fmt::print("refused {}\n", error.what());
        }
        std::fflush(stdout);
        lines.clear();
    }
    return 0;
}

}  // namespace tailrace::relacy
