// Random histories, simulated with the specification: several tasks, each event takes effect at a random moment between
// its times. All of them are allowed.
//
// After a change here run: ci/test -L model
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tailrace/model/history.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {

/// One task. Its names start at a separate number, so they differ from those of other tasks.
struct actor {
    std::vector<event>* events = nullptr;
    std::uint32_t first_name = 0;
    std::uint64_t remaining = 0;  // events
    bool receives = false;        // has the receiver

    enum class phase : unsigned char { between, invoked, waiting, answered };
    phase now = phase::between;
    std::uint32_t names = 0;  // used so far
};

class simulation {
  public:
    explicit simulation(std::uint64_t seed) : random_(seed), machine_(1 + seed % 3) {
        history_.capacity = machine_.max;
    }

    /// The first task has the receiver, before quiescence; afterwards no task has it.
    history run() {
        std::vector<actor> tasks{{&history_.before, 0, below(4), true}};
        run_all(tasks);
        const std::uint32_t number = 2 + static_cast<std::uint32_t>(below(3));
        history_.tasks.resize(number);
        tasks.clear();
        for (std::uint32_t i = 0; i < number; ++i) {
            tasks.push_back({&history_.tasks[i], 100 * (i + 1), 4 + below(6), i == 0});
            clone_for(tasks.back());
        }
        run_all(tasks);
        history_.rest = ++clock_;
        tasks.push_back({&history_.after, 0, 4, true, actor::phase::between, 50});
        run_all(tasks);
        return std::move(history_);
    }

  private:
    std::uint64_t below(std::uint64_t n) { return random_() % n; }

    /// Every task goes on until it has done all it has to, or sleeps for good.
    void run_all(std::vector<actor>& tasks) {
        for (;;) {
            std::vector<actor*> able;
            for (actor& a : tasks) {
                if (a.now == actor::phase::between ? a.remaining > 0 : !sleeps(a)) able.push_back(&a);
            }
            if (able.empty()) break;
            go_on(*able[below(able.size())]);
        }
        for (actor& a : tasks) a.remaining = 0;
    }

    void go_on(actor& a) {
        switch (a.now) {
            case actor::phase::between: invoke(a); break;
            case actor::phase::invoked:
            case actor::phase::waiting: take_effect(a); break;
            case actor::phase::answered:
                a.events->back().returned = ++clock_;
                a.now = actor::phase::between;
                break;
        }
    }

    void invoke(actor& a) {
        --a.remaining;
        name_new_handles(a);
        const std::optional<step> s = some_step(a);
        if (!s) return;
        event e;
        e.step = *s;
        e.waits = creates_operation(s->what, s->subject.kind) && a.events != &history_.before && below(3) != 0;
        e.invoked = ++clock_;
        a.events->push_back(e);
        a.now = actor::phase::invoked;
    }

    void take_effect(actor& a) {
        event& e = a.events->back();
        name_new_handles(a);
        if (a.now == actor::phase::invoked) e.answer = machine_.apply(e.step).answer;
        ++a.names;
        a.now = actor::phase::answered;
        if (!e.waits) return;
        e.answer = machine_.apply(poll_of(e)).answer;
        if (e.answer->status != status::pending) return;
        e.answer.reset();
        a.now = actor::phase::waiting;
    }

    static step poll_of(const event& e) {
        step s;
        s.what = verb::poll;
        s.subject = {handle_kind::operation, e.step.operation};
        return s;
    }

    [[nodiscard]] bool sleeps(const actor& a) const {
        if (a.now != actor::phase::waiting) return false;
        machine copy = machine_;
        return copy.apply(poll_of(a.events->back())).answer.status == status::pending;
    }

    void name_new_handles(const actor& a) {
        machine& m = machine_;
        m.next_sender = m.next_weak_sender = m.next_permit = m.next_iterator = m.next_owned_permit =
            a.first_name + a.names + 1;
        m.next_operation = 0;
        m.next_value = 0;
    }

    /// The sender that a task begins with.
    void clone_for(actor& a) {
        event e;
        e.step.what = verb::clone;
        e.step.subject = {handle_kind::sender, 0};
        name_new_handles(a);
        e.answer = machine_.apply(e.step).answer;
        ++a.names;
        e.returned = ++clock_;
        history_.before.push_back(e);
    }

    [[nodiscard]] std::vector<handle> handles_of(const actor& a) const {
        std::vector<handle> all;
        const auto add = [&](handle_kind kind, std::uint32_t n) {
            if (n / 100 == a.first_name / 100) all.push_back({kind, n});
        };
        for (const std::uint32_t n : machine_.senders) add(handle_kind::sender, n);
        for (const std::uint32_t n : machine_.weak_senders) add(handle_kind::weak_sender, n);
        for (const operation& op : machine_.operations) add(handle_kind::operation, op.number);
        for (const grant& g : machine_.grants) add(g.name.kind, g.name.number);
        if (a.receives && !machine_.receiver_gone) all.resize(3 * (all.size() + 1));  // with receivers
        return all;
    }

    /// Any, but values move often.
    verb some_verb(handle_kind subject) {
        constexpr std::array receive{verb::recv, verb::try_recv};
        constexpr std::array send{verb::send, verb::try_send};
        const bool moves = below(3) == 0;
        if (moves && subject == handle_kind::receiver) return receive[below(2)];
        if (moves && subject == handle_kind::sender) return send[below(2)];
        return static_cast<verb>(below(verb_count));
    }

    /// A legal one on what the task has. What ends the channel, moves the clock or looks is rare.
    std::optional<step> some_step(const actor& a) {
        const std::vector<handle> handles = handles_of(a);
        for (int attempt = 0; attempt < 100 && !handles.empty(); ++attempt) {
            step s;
            s.subject = handles[below(handles.size())];
            s.what = some_verb(s.subject.kind);
            const bool is_advance = s.what == verb::advance;
            if (is_advance) s.subject = {};
            if (!is_advance && !applies_to(s.what, s.subject.kind)) continue;
            const bool looks = is_observer(s.what, s.subject.kind);
            const bool is_last_sender = s.subject == handle{handle_kind::sender, 0};
            const bool ends = s.what == verb::close || ends_subject(s.what, handle_kind::sender);
            if ((looks || is_advance || ends) && below(4) != 0) continue;
            const bool ends_for_all = s.what == verb::close || (ends && s.subject.kind == handle_kind::receiver);
            if ((ends_for_all && below(3) != 0) || (ends && is_last_sender)) continue;
            const std::uint32_t fresh = a.first_name + a.names + 1;
            if (creates_operation(s.what, s.subject.kind)) s.operation = fresh;
            if (shape_of(s.what).value) s.value = fresh;
            if (shape_of(s.what).count) s.count = 1 + below(machine_.max);
            if (shape_of(s.what).time) s.time = duration(1 + below(3));
            if (!machine_.refusal(s)) return s;
        }
        return std::nullopt;
    }

    std::mt19937_64 random_;
    machine machine_;
    history history_;
    instant clock_ = 0;
};

inline std::string to_string(const history& h) {
    std::string text = "capacity " + std::to_string(h.capacity);
    const auto add = [&text](std::string_view title, const std::vector<event>& events) {
        text.append("\n").append(title);
        for (const event& e : events) {
            text += "\n    " + std::to_string(e.invoked) + '-';
            if (e.returned != never) text += std::to_string(e.returned);
            text += ' ' + to_string(e.step) + (e.waits ? " =>" : " ->");
            if (e.answer) text += ' ' + to_string(*e.answer);
        }
    };
    add("before", h.before);
    for (const auto& task : h.tasks) add("lane", task);
    text += "\nrest " + std::to_string(h.rest);
    add("after", h.after);
    return text;
}

}  // namespace tailrace::model
