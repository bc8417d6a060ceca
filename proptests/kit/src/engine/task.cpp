// The steps of a task: calls and waits, and its log, written in an order that a reader on another thread relies on.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#include "engine/task.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "tailrace/verify/detail/noise.hpp"

namespace tailrace::verify {

using model::answer;
using model::event;
using model::handle_kind;
using model::status;
using model::step;
using model::verb;

model::instant time_now() {
    return static_cast<model::instant>(std::chrono::steady_clock::now().time_since_epoch().count());
}

answer take_step(task_session& on, step& s) {
    if (s.what != verb::drop || s.subject.kind != handle_kind::operation) return on.act(s);
    on.name_next(s.subject.number);
    answer a;
    const bool has_finished = on.interrupt(s.subject.number, a);
    answer dropped = on.act(s);
    if (!has_finished) return dropped;
    s.what = verb::poll;
    return a;
}

void task::prepare(const std::vector<task_step>& part, std::unique_ptr<task_session> s, task_books books,
                   std::uint64_t seed, bool heavy, bool hands_back) {
    part_ = &part;
    heavy_ = heavy;
    hands_back_ = hands_back;
    sent_.clear();
    kept_.clear();
    session_ = std::move(s);
    books_ = std::move(books);
    seed_ = seed | 1;
    log_.assign(part.size(), {});
    progress_.store(0, std::memory_order_relaxed);
    in_call_.store(false, std::memory_order_relaxed);
    problem_.clear();
    slept = woken = blocked = passed_over = 0;
    stalled = false;
    forms = {};
    lost.reset();
    until_stall_ = 0;
}

void task::run() {
    thread_.store(gettid(), std::memory_order_relaxed);
    noise_state = seed_;
    noise_is_heavy = heavy_;
    noise_stalls = this;
    noise_until_stall = until_stall_;
    const task_step* at = nullptr;
    try {
        for (const task_step& t : *part_) {
            at = &t;
            if (board_.stopping()) break;
            if (!books_.allow(t.step)) {
                ++passed_over;
                continue;
            }
            noise_between();
            if (!take(t)) break;
        }
    } catch (const no_answer& e) {
        problem_ = e.what();
        lost = e.is();
        log_[written()].answer.reset();  // the step that has none is a part of the history
        log_[written()].returned = model::never;
        publish();
    } catch (const std::exception& e) {
        problem_ = fmt::format("{} threw: {}", model::to_string(at->step), e.what());
    } catch (...) {
        problem_ = fmt::format("{} threw something that is no std::exception", model::to_string(at->step));
    }
    noise_until_stall = 0;
    if (const auto counts = session_->observe_forms()) forms = *counts;
    in_call_.store(false, std::memory_order_release);
    progress_.store(written() * 2, std::memory_order_release);
    board_.leave();
}

std::vector<event> task::log() const {
    for (;;) {
        // acquire: what the task has written of these events.
        const std::uint32_t at = progress_.load(std::memory_order_acquire);
        std::vector<event> events(log_.begin(), log_.begin() + at / 2);
        if (at % 2 == 0) return events;
        event unanswered;  // its answer may just be written
        unanswered.step = log_[at / 2].step;
        unanswered.waits = true;
        unanswered.invoked = log_[at / 2].invoked;
        events.push_back(std::move(unanswered));
        if (progress_.load(std::memory_order_acquire) == at) return events;
    }
}

bool task::take(const task_step& t) {
    event& e = log_[written()];
    e = event{};
    e.step = t.step;
    e.waits = t.waits;
    if (t.waits && t.blocks && session_->can_block(t.step)) return call(e);
    session_->name_next(t.step.what == verb::poll ? t.step.subject.number : t.step.operation);
    const bool creates = t.step.what != verb::advance && model::creates_operation(t.step.what, t.step.subject.kind);
    if (creates && t.step.value != 0) sent_[t.step.operation] = t.step.value;
    e.invoked = time_now();
    answer a = take_step(*session_, e.step);
    if (e.step.what == verb::poll) complete(e.step.subject.number, a);
    if (t.waits) {
        books_.note(t.step, a);
        if (!wait(t.step.operation, a)) {
            e.returned = model::never;
            publish();
            return false;
        }
        e.returned = time_now();
        books_.note({.what = verb::poll, .subject = {handle_kind::operation, t.step.operation}}, a);
    } else {
        e.returned = time_now();
        books_.note(e.step, a);
    }
    e.answer = std::move(a);
    publish();
    return true;
}

bool task::wait(std::uint32_t operation, answer& a) {
    const step poll{.what = verb::poll, .subject = {handle_kind::operation, operation}};
    session_->name_next(operation);
    bool slept_here = false;
    for (;;) {
        a = session_->act(poll);
        if (a.status != status::pending) break;
        publish_that_it_waits();
        if (!board_.sleep(operation, slept_here)) {
            ++slept;
            return false;
        }
    }
    complete(operation, a);
    slept += slept_here ? 1 : 0;
    woken += slept_here ? 1 : 0;
    return true;
}

void task::complete(std::uint32_t operation, answer& a) {
    const bool failed = a.status == status::closed || a.status == status::timeout;
    const auto sent = sent_.find(operation);
    if (hands_back_ || !failed || a.value || sent == sent_.end()) return;
    a.value = sent->second;
    kept_.push_back(sent->second);
}

bool task::call(event& e) {
    ++blocked;
    e.invoked = time_now();
    called_on_ = e.step.subject;
    publish_that_it_waits();
    in_call_.store(true, std::memory_order_release);
    if (e.step.value != 0) sent_[e.step.operation] = e.step.value;
    answer a = session_->block(e.step);
    complete(e.step.operation, a);
    e.returned = time_now();
    e.answer = std::move(a);
    publish();
    in_call_.store(false, std::memory_order_release);
    return !board_.stopping();
}

void task::noise_between() {
    std::uint64_t& x = seed_;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    const std::uint64_t draw = x & 0xf;
    if (draw == 0) std::this_thread::yield();
    if (draw > 10) dawdle((x >> 8) & 0x3ff);
}

void task::stall() noexcept {
    constexpr unsigned longest = 10;
    constexpr std::chrono::microseconds between_looks{20};
    stalls_.store(true, std::memory_order_relaxed);
    for (unsigned looks = 0; looks < longest && !board_.others_rest(); ++looks) {
        stalled.store(true, std::memory_order_relaxed);
        std::this_thread::sleep_for(between_looks);
    }
    stalls_.store(false, std::memory_order_relaxed);
}

}  // namespace tailrace::verify
