// Turns the names of a generated program into slots.
//
// Steps that the program alone rules out are left out here: a task cannot use a handle that belongs to another task,
// and a sender that several tasks use cannot be consumed.
#include "explorer/plan.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::relacy {
namespace {

using model::handle;
using model::handle_kind;
using model::step;
using model::verb;

bool consumes(const step& s) { return ends_subject(s.what, s.subject.kind); }

class planner {
  public:
    explicit planner(const planned_program& p) : program_(p) {}

    plan make() && {
        if (program_.tasks.size() > most_tasks) refuse(fmt::format("more than {} tasks", most_tasks));
        refuse_too_long(program_.before.size());
        for (const auto& steps : program_.tasks) refuse_too_long(steps.size());
        result_.capacity = program_.capacity;
        result_.program = program_;
        (void)slot_of({});
        (void)slot_of({handle_kind::sender, 0});
        before();
        result_.tasks.resize(program_.tasks.size());
        for (std::size_t t = 0; t < program_.tasks.size(); ++t) task(t);
        return std::move(result_);
    }

  private:
    [[noreturn]] static void refuse(const std::string& why) { throw std::runtime_error("program: " + why); }

    static void refuse_too_long(std::size_t steps) {
        if (steps > most_steps) refuse(fmt::format("more than {} steps", most_steps));
    }

    slot_number slot_of(handle h) {
        const auto at = std::ranges::find(result_.names, h);
        const auto slot = static_cast<slot_number>(at - result_.names.begin());
        if (at != result_.names.end()) return slot;
        if (result_.names.size() == most_slots) refuse(fmt::format("more than {} names", most_slots));
        result_.names.push_back(h);
        return slot;
    }
    std::uint8_t index_of(model::value_id v) {
        const auto at = std::ranges::find(result_.values, v);
        const auto index = static_cast<std::uint8_t>(at - result_.values.begin());
        if (at != result_.values.end()) return index;
        if (result_.values.size() == most_values) refuse(fmt::format("more than {} values", most_values));
        result_.values.push_back(v);
        return index;
    }

    /// Runs the steps on the specification, and gives the handles that they make the names of the specification.
    void before() {
        model::machine m(program_.capacity);
        for (std::uint32_t i = 0; i < program_.before.size(); ++i) {
            const step& s = program_.before[i];
            if (m.refusal(s)) continue;
            const std::optional<handle_kind> kind = made_by(s);
            action a = action_of(s);
            if (kind) {
                const std::uint32_t number = next_name(m, *kind);
                a.makes = slot_of({*kind, number});
            }
            note_operation(s);
            note_borrower(s, a, m);
            m.apply(s);
            a.index = static_cast<std::uint8_t>(i);
            result_.before.push_back(a);
        }
    }
    /// Notes an operation, permit or iterator that borrows a sender.
    void note_borrower(const step& s, const action& a, const model::machine& m) {
        handle sender = s.subject;
        if (s.what == verb::poll) {
            const model::operation* op = m.find_operation(s.subject.number);
            sender = {handle_kind::sender, op != nullptr ? op->sender : 0};
        } else if (const model::grant* g = m.find_grant(s.subject)) {
            sender = {handle_kind::sender, g->sender};
        }
        if (sender.kind != handle_kind::sender || owns_sender(s.what)) return;
        if (a.operation != no_slot && s.what != verb::poll) borrowers_.push_back({result_.names[a.operation], sender});
        if (a.makes == no_slot) return;
        const handle made = result_.names[a.makes];
        if (made.kind == handle_kind::permit || made.kind == handle_kind::iterator)
            borrowers_.push_back({made, sender});
    }
    static std::uint32_t next_name(const model::machine& m, handle_kind kind) {
        switch (kind) {
            case handle_kind::sender: return m.next_sender;
            case handle_kind::weak_sender: return m.next_weak_sender;
            case handle_kind::permit: return m.next_permit;
            case handle_kind::iterator: return m.next_iterator;
            case handle_kind::owned_permit: return m.next_owned_permit;
            default: return 0;
        }
    }

    void note_operation(const step& s) {
        if (!model::creates_operation(s.what, s.subject.kind)) return;
        operations_.push_back({s.operation, model::makes(s.what, s.subject.kind)});
    }
    /// The kind of handle that the step makes, or the operation that it polls.
    [[nodiscard]] std::optional<handle_kind> made_by(const step& s) const {
        if (s.what != verb::poll) {
            if (model::creates_operation(s.what, s.subject.kind)) return std::nullopt;
            return model::makes(s.what, s.subject.kind);
        }
        const auto at = std::ranges::find(operations_, s.subject.number, &made_operation::number);
        return at == operations_.end() ? std::nullopt : at->makes;
    }

    action action_of(const step& s) {
        if (model::shape_of(s.what).time) refuse("time is not simulated: " + model::to_string(s));
        action a;
        a.what = s.what;
        a.on = s.subject.kind;
        a.subject = slot_of(s.subject);
        a.consumes = consumes(s);
        const model::verb_shape& shape = model::shape_of(s.what);
        if (shape.value) a.value = index_of(s.value);
        if (shape.count) a.count = static_cast<std::uint8_t>(std::min<std::uint64_t>(s.count, 255));
        if (model::creates_operation(s.what, s.subject.kind)) {
            a.operation = slot_of({handle_kind::operation, s.operation});
        } else if (s.what == verb::poll) {
            a.operation = a.subject;
        }
        return a;
    }

    void task(std::size_t t) {
        const std::vector<planned_step>& steps = program_.tasks[t];
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const planned_step& p = steps[i];
            note_operation(p.step);
            if (!may_use(t, p.step)) continue;
            action a = action_of(p.step);
            a.index = static_cast<std::uint8_t>(i);
            a.waits = p.waits;
            std::optional<handle_kind> kind = made_by(p.step);
            if (p.waits) kind = model::makes(p.step.what, p.step.subject.kind);
            const std::uint32_t name = p.step.what == verb::poll ? p.step.subject.number : p.step.operation;
            if (kind) a.makes = slot_of({*kind, name});
            result_.tasks[t].push_back(a);
        }
    }

    /// A handle that was made before the tasks belongs to the first task that names it. A sender is shared if several
    /// tasks name it, or if a handle of another task borrows it.
    [[nodiscard]] bool may_use(std::size_t t, const step& s) const {
        const handle h = s.subject;
        if (h.number >= names_of_tasks) return makes(t, h.number);
        const std::optional<std::size_t> owner = owner_of(h);
        if (h.kind != handle_kind::sender) return owner == t;
        return (owner == t && !is_shared(h)) || !consumes(s);
    }
    [[nodiscard]] std::optional<std::size_t> owner_of(handle h) const {
        for (std::size_t t = 0; t < program_.tasks.size(); ++t) {
            if (names(t, h)) return t;
        }
        return std::nullopt;
    }
    [[nodiscard]] bool makes(std::size_t t, std::uint32_t name) const {
        return std::ranges::any_of(program_.tasks[t], [&](const planned_step& p) {
            return p.step.what != verb::poll && p.step.operation == name;
        });
    }
    [[nodiscard]] bool names(std::size_t t, handle h) const {
        return std::ranges::any_of(program_.tasks[t], [&](const planned_step& p) { return p.step.subject == h; });
    }
    [[nodiscard]] bool is_shared(handle sender) const {
        for (const borrower& b : borrowers_) {
            if (b.sender != sender) continue;
            const std::optional<std::size_t> owner = owner_of(b.name);
            if (owner && owner != owner_of(sender)) return true;
        }
        const auto count = std::ranges::count_if(program_.tasks, [&](const auto& steps) {
            return std::ranges::any_of(steps, [&](const planned_step& p) { return p.step.subject == sender; });
        });
        return count > 1;
    }

    static constexpr std::uint32_t names_of_tasks =
        100;  // from here on; smaller numbers name handles made before the tasks

    struct made_operation {
        std::uint32_t number;
        std::optional<handle_kind> makes;
    };
    struct borrower {
        handle name;
        handle sender;
    };
    const planned_program& program_;
    plan result_;
    std::vector<borrower> borrowers_;
    std::vector<made_operation> operations_;
};

}  // namespace

plan make_plan(const planned_program& p) { return planner(p).make(); }

}  // namespace tailrace::relacy
