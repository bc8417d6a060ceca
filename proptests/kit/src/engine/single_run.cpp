// The course of a run: the steps before the tasks, the handles of each task, quiescence, teardown, and the account of
// the values.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#include "engine/single_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/asleep.hpp"
#include "tailrace/model/linearizability.hpp"
#include "tailrace/model/machine.hpp"

namespace tailrace::verify {

using model::answer;
using model::event;
using model::handle;
using model::handle_kind;
using model::status;
using model::step;
using model::verb;

namespace {

/// For `target::patience`: whether a thread sleeps inside a call all the time, without running once.
constexpr std::chrono::milliseconds between_looks{10};

}  // namespace

/// The target may throw outside of the tasks too. Then it is left alone, with all that it has.
thread_run single_run::run(const std::function<void(std::size_t)>& start) {
    std::string problem;
    try {
        course(start);
        return std::move(result_);
    } catch (const no_answer& e) {
        problem = e.what();
        result_.lost = e.is();
    } catch (const std::exception& e) {
        problem = fmt::format("threw: {}", e.what());
    } catch (...) {
        problem = "threw something that is no std::exception";
    }
    if (started_) {
        board_.stop();
        board_.stop_sleepers();
        const std::size_t n = program_.tasks.size();
        while (board_.awake() != inside(n)) std::this_thread::yield();  // the others end
        for (std::size_t l = 0; l < n; ++l) note(*tasks_[l]);
    }
    result_.problem = std::move(problem);
    history().rest = time_now();
    leave_alone();
    return std::move(result_);
}

/// Threads inside use what it has, if their calls cannot be ended.
void single_run::leave_alone() {
    if (!root_ || root_->cut_off()) {
        while (started_ && board_.awake() != 0) std::this_thread::yield();
        return close_sessions();
    }
    result_.left_behind = true;
    static auto& left = *new std::vector<std::unique_ptr<task_session>>;  // so that it can still be reached
    left.push_back(std::move(root_));
}

void single_run::close_sessions() {
    for (const auto& l : tasks_) l->close_session();
    root_.reset();
}

void single_run::course(const std::function<void(std::size_t)>& start) {
    history().capacity = program_.capacity;
    const std::size_t n = program_.tasks.size();
    board_.clear(static_cast<std::uint32_t>(n));
    root_ = target_.open_tasks(program_.capacity, board_, variation_.inside != variation::noise::none);
    books_.add({handle_kind::sender, 0});
    books_.add({});
    begin();
    hand_out();
    started_ = true;
    start(n);
    result_.stuck = !reach_quiescence(n);
    history().rest = time_now();
    board_.stop();
    board_.stop_sleepers();
    while (board_.awake() != inside(n)) std::this_thread::yield();  // the others end
    if (result_.stuck || !let_out(n) || !take_apart(n)) {
        for (std::size_t l = 0; l < n; ++l) note(*tasks_[l]);
        if (!result_.stuck) history().tasks.push_back(std::exchange(history().after, {}));
        history().rest = time_now();
        result_.stuck = true;
        leave_alone();
        return;
    }
    for (std::size_t l = 0; l < n; ++l) note(*tasks_[l]);
    close_sessions();
    account();
}

void single_run::begin() {
    model::machine m(program_.capacity);
    for (const step& s : program_.before) {
        if (m.refusal(s) || !books_.allow(s)) continue;
        m.apply(s);
        take(s, history().before);
    }
}

void single_run::take(const step& s, std::vector<event>& log) {
    event e;
    e.step = s;
    e.invoked = time_now();
    answer a = take_step(*root_, e.step);
    e.returned = time_now();
    books_.note(e.step, a);
    e.answer = std::move(a);
    log.push_back(std::move(e));
}

void single_run::hand_out() {
    std::vector<std::vector<handle>> given = gifts(program_);
    keep_together(given);
    for (std::size_t l = 0; l < program_.tasks.size(); ++l) {
        std::unique_ptr<task_session> branch = root_->branch();
        task_books books;
        for (const handle h : given[l]) {
            if (!books_.has(h)) continue;
            books.add(h, books_.sender_of(h), made_by(h));
            books_.remove(h);
            root_->give(h, *branch);
        }
        for (const handle h : books_.all()) {
            if (h.kind == handle_kind::sender) books.share(h);
        }
        const std::uint64_t seed = variation_.seed * most_tasks * 2 + l * 2 + 1;
        tasks_[l]->prepare(program_.tasks[l], std::move(branch), std::move(books), seed * 0x9e3779b97f4a7c15u,
                           variation_.inside == variation::noise::heavy,
                           target_.capabilities.has(capability::send_returns_value));
    }
    if (!variation_.stalls || program_.tasks.empty()) return;  // shrinking tries a program without tasks
    // Tasks have few perturbations or many, so the first ones are more likely.
    constexpr std::uint64_t few = 4;
    constexpr std::uint64_t doublings = 6;
    std::minstd_rand draw(static_cast<std::minstd_rand::result_type>(variation_.seed));
    const std::uint64_t most = few << draw() % doublings;
    tasks_[draw() % program_.tasks.size()]->stall_at(1 + draw() % most);
}

void single_run::keep_together(std::vector<std::vector<handle>>& given) const {
    for (std::vector<handle>& some : given) {
        for (std::size_t i = 0; i < some.size();) {
            if (some[i].kind != handle_kind::sender || take_borrowers(given, some, some[i])) {
                ++i;
            } else {
                some.erase(some.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
    }
}

bool single_run::take_borrowers(const std::vector<std::vector<handle>>& given, std::vector<handle>& some,
                                handle sender) const {
    std::vector<handle> more;
    for (const handle h : books_.all()) {
        if (books_.sender_of(h) != sender.number || std::ranges::count(some, h) > 0) continue;
        const bool elsewhere =
            std::ranges::any_of(given, [&](const auto& other) { return std::ranges::count(other, h) > 0; });
        if (elsewhere) return false;
        more.push_back(h);
    }
    some.insert(some.end(), more.begin(), more.end());
    return true;
}

verb single_run::made_by(handle h) const {
    for (const event& e : result_.history.before) {
        if (h.kind == handle_kind::operation && e.step.operation == h.number && e.answer->status == status::created) {
            return e.step.what;
        }
    }
    return verb::advance;
}

void single_run::wait_for_quiescence(std::size_t n) {
    do {
        board_.wait_for_quiescence();
        root_->settle();
        for (std::size_t l = 0; l < n; ++l) tasks_[l]->session().settle();
    } while (board_.awake() != 0);
}

bool single_run::reach_quiescence(std::size_t n) {
    const auto calls = [&] {
        return std::ranges::any_of(program_.tasks,
                                   [](const auto& part) { return std::ranges::any_of(part, &task_step::blocks); });
    };
    if (!calls()) {
        wait_for_quiescence(n);
        return true;
    }
    // Every task that is awake is inside a call, and nothing has moved for a while. From then on no task begins a
    // step, and the specification must allow those inside to stay there.
    // Where calls are slow, an answer that the specification says must come is waited for, but not for long.
    constexpr unsigned awhile = 200;
    for (unsigned still = 0; still < 4 || (still < awhile && !may_rest(n));) {
        const std::uint64_t before = progress(n);
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        const bool moved = progress(n) != before || board_.awake() != inside(n);
        still = moved ? 0 : still + 1;
        if (board_.awake() == 0) return true;
    }
    board_.stop();
    while (!may_rest(n)) {
        if (sleep_for_good(n)) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

bool single_run::sleep_for_good(std::size_t n) const {
    const auto look = [&] {
        std::vector<std::optional<std::uint64_t>> all;
        for (std::size_t l = 0; l < n; ++l) {
            if (!tasks_[l]->in_call()) continue;
            all.push_back(tasks_[l]->stalls() ? std::nullopt : asleep(tasks_[l]->thread()));
        }
        return all;
    };
    const auto first = look();
    const bool all_sleep = std::ranges::all_of(first, [](const auto& one) { return one.has_value(); });
    if (first.empty() || !all_sleep) return false;
    const auto looks = std::max<std::chrono::milliseconds::rep>(target_.patience / between_looks, 1);
    for (auto i = looks; i > 0; --i) {
        std::this_thread::sleep_for(between_looks);
        if (board_.awake() != first.size() || look() != first) return false;
    }
    return true;
}

std::uint32_t single_run::inside(std::size_t n) const {
    std::uint32_t number = 0;
    for (std::size_t l = 0; l < n; ++l) number += tasks_[l]->in_call() ? 1 : 0;
    return number;
}

std::uint64_t single_run::progress(std::size_t n) const {
    std::uint64_t sum = 0;
    for (std::size_t l = 0; l < n; ++l) sum += tasks_[l]->written();
    return sum;
}

bool single_run::may_rest(std::size_t n) {
    if (board_.awake() != inside(n)) return false;
    model::history h = history();
    for (std::size_t l = 0; l < n; ++l) h.tasks.push_back(tasks_[l]->log());
    h.rest = time_now();
    return board_.awake() == 0 || model::check(h).is != model::finding::asleep;
}

bool single_run::take_apart(std::size_t n) {
    if (inside(n) == 0) {
        for (std::size_t l = 0; l < n; ++l) collect(*tasks_[l]);
        if (const auto broken = root_->broken_invariant()) result_.problem = *broken;
    }
    for (std::size_t round = 0;; ++round) {
        for (std::size_t l = 0; l < n; ++l) collect(*tasks_[l]);
        drop_all(round);
        if (board_.awake() == 0) break;
        if (!let_out(n)) return false;
        std::this_thread::yield();  // a task is ending, or has to be let out
    }
    for (std::size_t l = 0; l < n; ++l) collect(*tasks_[l]);
    drop_all(0);
    return true;
}

void single_run::collect(task& from) {
    const std::optional<handle> used = from.in_use();
    for (const handle h : from.books().all()) {
        if (h == used) continue;
        from.session().give(h, *root_);
        books_.add(h, from.books().remove(h));  // a receive among them is dropped first
    }
}

bool single_run::is_used(handle h) const {
    for (std::size_t l = 0; l < program_.tasks.size(); ++l) {
        if (tasks_[l]->in_use() == h) return true;
    }
    return false;
}

bool single_run::let_out(std::size_t n) {
    for (;;) {
        for (std::size_t l = 0; l < n; ++l) collect(*tasks_[l]);
        const std::uint32_t before = inside(n);
        if (!give_a_way_out(n)) return true;
        for (unsigned turns = 1; inside(n) == before; ++turns) {
            constexpr unsigned awhile = 1'000;  // a look takes long
            if (turns % awhile == 0 && sleep_for_good(n)) return false;
            std::this_thread::yield();
        }
    }
}

bool single_run::give_a_way_out(std::size_t n) {
    const capabilities& can = target_.capabilities;
    const auto a_task_calls = [&](handle_kind kind) {
        return std::any_of(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(n), [kind](const auto& l) {
            const std::optional<handle> used = l->in_use();
            return used && used->kind == kind;
        });
    };
    const step receive{.what = verb::try_recv, .subject = {}};
    const std::vector<handle> all = books_.all();
    const auto sender = std::ranges::find(all, handle_kind::sender, &handle::kind);
    if (!can.has(capability::sender_drop) && a_task_calls(handle_kind::receiver) && can.has(capability::try_send) &&
        sender != all.end() && spare_value_ < wake_board::most_values) {
        take({.what = verb::try_send, .subject = *sender, .value = spare_value_++}, history().after);
        return true;
    }
    if (!can.has(capability::receiver_drop) && a_task_calls(handle_kind::sender) && can.has(capability::try_recv) &&
        books_.allow(receive) && !is_used({})) {
        take(receive, history().after);
        return true;
    }
    return false;
}

void single_run::drop_all(std::size_t round) {
    // What the end of a session destroys in another process cannot be seen.
    const bool unseen = target_.foresees && !target_.capabilities.has(capability::receiver_drop);
    const bool drains = (unseen || variation_.seed % 2 == 0) && round == 0;
    const auto drop = [&](handle_kind kind) {
        for (const handle h : books_.all()) {
            const step s{.what = verb::drop, .subject = h};
            if (h.kind != kind || !books_.allow(s) || is_used(h)) continue;
            take(s, history().after);
        }
    };
    drop(handle_kind::operation);
    drop(handle_kind::permit);
    drop(handle_kind::iterator);
    drop(handle_kind::owned_permit);
    const step receive{.what = verb::try_recv, .subject = {}};
    if (drains && target_.capabilities.has(capability::try_recv)) {
        while (books_.allow(receive) && !is_used({})) {
            take(receive, history().after);
            if (history().after.back().answer->status != status::some) break;
        }
    }
    // An end that means nothing to the target comes with that of the session.
    const bool receiver_goes = target_.capabilities.has(capability::receiver_drop);
    if (variation_.seed % 4 < 2 && receiver_goes) drop(handle_kind::receiver);
    if (target_.capabilities.has(capability::sender_drop)) drop(handle_kind::sender);
    drop(handle_kind::weak_sender);
    if (receiver_goes) drop(handle_kind::receiver);
}

void single_run::note(const task& l) {
    history().tasks.push_back(l.log());
    result_.slept += l.slept;
    result_.woken += l.woken;
    result_.blocked += l.blocked;
    result_.passed_over += l.passed_over;
    result_.stalled |= l.stalled.load(std::memory_order_relaxed);
    std::ranges::transform(result_.forms, l.forms, result_.forms.begin(), std::plus());
    kept_.insert(kept_.end(), l.kept().begin(), l.kept().end());
    if (!l.problem().empty()) result_.problem = l.problem();
    if (l.lost) result_.lost = l.lost;
}

void single_run::account() {
    std::map<model::value_id, unsigned> times_seen;
    const auto made = [&](const std::vector<event>& log) {
        for (const event& e : log) {
            if (model::shape_of(e.step.what).value && e.step.value != 0) {
                times_seen.try_emplace(e.step.value, 0);
            }
            if (!e.answer) continue;
            if (e.answer->value) ++times_seen[*e.answer->value];
            for (const model::value_id v : e.answer->values) ++times_seen[v];
        }
    };
    made(history().before);
    for (const auto& log : history().tasks) made(log);
    made(history().after);
    for (const model::value_id v : kept_) --times_seen[v];  // no task was given it
    for (const auto& [value, known] : times_seen) {
        const unsigned times = known + board_.times_destroyed(value);
        if (times == 1 || !result_.problem.empty()) continue;
        result_.problem = times == 0 ? fmt::format(
                                           "v{} was lost: never received, handed back, or "
                                           "destroyed",
                                           value)
                                     : fmt::format(
                                           "v{} was accounted for {} times: received or handed back {}, "
                                           "destroyed {}",
                                           value, times, known, board_.times_destroyed(value));
    }
}

}  // namespace tailrace::verify
