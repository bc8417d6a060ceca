#include "timeline.hpp"

#include <utility>

namespace tailrace::model {

timeline::timeline(const history& h, const check_options& options) {
    add_task(place::part::before, 0, h.before, h.rest);
    for (std::uint32_t task = 0; task < h.tasks.size(); ++task) {
        add_task(place::part::tasks, task, h.tasks[task], h.rest);
    }
    add_task(place::part::after, 0, h.after, h.rest);
    order_by_time(options);
}

void timeline::add_task(place::part of, std::uint32_t number, std::span<const event> events, std::uint64_t rest) {
    task t{of, number, events, {}, 0, 0};
    for (const event& e : events) {
        if (!e.answer) {  // only as the last
            t.at_end += rest != never && of == place::part::tasks ? 1 : 0;
        } else {
            t.at_end += 2;
        }
        const bool later = of == place::part::after || e.invoked > rest;
        if (of == place::part::before || (!later && e.answer && e.returned <= rest)) {
            t.at_rest += 2;
        } else if (!later && !e.answer && rest != never) {
            t.at_rest += 1;  // at most once: what follows it in its task is later
        }
    }
    if (has_begun(t.at_rest)) sleepers_.push_back(static_cast<std::uint32_t>(tasks_.size()));
    tasks_.push_back(std::move(t));
}

void timeline::order_by_time(const check_options& options) {
    const std::size_t count = tasks_.size();
    for (std::size_t self = 1; self < count; ++self) {
        task& t = tasks_[self];
        t.first.assign(t.events.size() * count, 0);
        for (std::size_t other = 0; other < count; ++other) {
            if (other == self) continue;
            const std::span<const event> theirs = tasks_[other].events;
            const bool tasks = t.of == place::part::tasks && tasks_[other].of == place::part::tasks;
            std::uint32_t n = 0;
            for (std::size_t e = 0; e < t.events.size(); ++e) {
                if (other == 0) {
                    n = static_cast<std::uint32_t>(theirs.size());
                } else if (tasks && options.first != nullptr) {
                    n = (*options.first)[t.task][e][tasks_[other].task];
                } else {
                    while (n < theirs.size() && theirs[n].returned < t.events[e].invoked) ++n;
                }
                t.first[e * count + other] = n;
            }
        }
    }
}

bool timeline::may_come(const std::vector<progress>& made, std::uint32_t which) const {
    const task& t = tasks_[which];
    const progress p = made[which];
    const std::size_t e = events_done(p);
    if (e == t.events.size() || (has_begun(p) && !t.events[e].answer)) return false;
    if (t.of == place::part::after && !rested(made)) return false;
    if (has_begun(p) || which == 0) return true;
    for (std::size_t other = 0; other < made.size(); ++other) {
        if (events_done(made[other]) < t.first[e * made.size() + other]) return false;
    }
    return true;
}

bool timeline::rested(const std::vector<progress>& made) const {
    for (std::size_t i = 0; i < made.size(); ++i) {
        if (made[i] < tasks_[i].at_rest) return false;
    }
    return true;
}

bool timeline::comes_first(std::uint32_t a, std::uint32_t i, std::uint32_t b, std::uint32_t j) const {
    return a == 0 || (b != 0 && i < tasks_[b].first[std::size_t{j} * tasks_.size() + a]);
}

bool timeline::overlap(std::uint32_t a, std::uint32_t i, std::uint32_t b, std::uint32_t j) const {
    return a != b && !comes_first(a, i, b, j) && !comes_first(b, j, a, i);
}

}  // namespace tailrace::model
