// Generates a test of concurrent tasks: a thread for each task, over and over, and the properties that hold in every
// interleaving.
//
// A step whose handle is not there, because an earlier one was refused this time, is skipped. Such a test checks less
// than the search that found the failure; its comments say what.
// After a change here run: ci/test -L proptests -R regression
#include <algorithm>
#include <map>
#include <vector>

#include "report/failure_report.hpp"
#include "report/test_writer.hpp"

namespace tailrace::verify {
namespace {

using model::event;
using model::handle;
using model::handle_kind;
using model::verb;

class concurrent_writer {
  public:
    concurrent_writer(const counterexample& c, const concurrent_run& run)
        : history_(run.history), capacity_(c.capacity) {
        declare_all(history_.before);
        for (const auto& task : history_.tasks) declare_all(task);
        out_.raw("// Checked: no task is left asleep whose poll would be ready; a value is received at");
        out_.raw("// most once, and only if it was sent; those of one task come in its order; no");
        out_.raw("// permit is lost. Not checked: which of the possible answers each step got.");
    }

    [[nodiscard]] std::string write() &&;

  private:
    struct made_handle {
        handle name;
        handle from;  // what it borrows
        std::string type;
    };
    struct place {
        std::string sent;      // where the task notes what it has sent
        std::string received;  // and received
    };

    void declare_all(const std::vector<event>& events);
    void round();
    void event_of(const event& e, const place& here);
    void waiting(const event& e, const place& here);
    void driven(const model::step& s);
    void poll(const model::step& s, const place& here);
    void immediate(const event& e, const place& here);
    void drop(handle h);
    void end();

    [[nodiscard]] static std::string keep_answer(const event& e, const place& here, const std::string& batch);
    /// The handle that the step makes, if it makes one.
    [[nodiscard]] static std::optional<handle> made_by(const event& e);
    [[nodiscard]] const event* creator(std::uint32_t operation) const;
    /// What would be in the way must be gone: an unfinished receive, or what borrows a sender.
    [[nodiscard]] std::string none_alive(handle of) const;
    /// The rest of the condition under which the step is legal.
    [[nodiscard]] std::string guard_of(const model::step& s) const {
        const bool alone = takes_values(s.what) || ends_subject(s.what, s.subject.kind);
        return alone ? none_alive(s.subject) : std::string();
    }
    [[nodiscard]] static std::string call(const model::step& s);

    const model::history& history_;
    std::uint64_t capacity_;
    std::vector<made_handle> made_;
    std::map<std::uint32_t, const event*> driven_;
    bool timed_ = false;
    source out_{1};
};

std::optional<handle> concurrent_writer::made_by(const event& e) {
    const model::step& s = e.step;
    const std::optional<handle_kind> kind = model::makes(s.what, s.subject.kind);
    if (!kind) return std::nullopt;
    handle h{*kind, s.operation};
    if (e.answer && e.answer->status == model::status::made) h = e.answer->made;
    return h;
}

void concurrent_writer::declare_all(const std::vector<event>& events) {
    for (const event& e : events) {
        const model::step& s = e.step;
        const bool creates = model::creates_operation(s.what, s.subject.kind);
        timed_ |= model::shape_of(s.what).time;
        if (creates && !e.waits) {
            driven_[s.operation] = &e;
            made_.push_back({{handle_kind::operation, s.operation}, s.subject, fmt::format("decltype({})", call(s))});
        }
        if (const std::optional<handle> h = made_by(e)) {
            constexpr std::string_view types[]{"decltype(s0->clone())",
                                               "decltype(s0->downgrade())",
                                               "",
                                               "",
                                               "decltype(s0->try_reserve())::value_type",
                                               "decltype(s0->try_reserve_many(1))::value_type",
                                               "decltype(std::move(*s0).try_reserve_owned())::value_type"};
            const auto known = [&h](const made_handle& m) { return m.name == *h; };
            if (std::ranges::any_of(made_, known)) continue;
            made_.push_back({*h, s.subject, std::string(types[static_cast<std::size_t>(h->kind)])});
        }
    }
}

const event* concurrent_writer::creator(std::uint32_t operation) const {
    const auto at = driven_.find(operation);
    return at == driven_.end() ? nullptr : at->second;
}

std::string concurrent_writer::call(const model::step& s) {
    const std::string name = model::to_string(s.subject);
    const model::verb_shape& shape = model::shape_of(s.what);
    std::string arguments;
    if (shape.value) arguments = fmt::format("{}", s.value);
    if (fills_a_vector(s.what))
        arguments = fmt::format("batch, {}", s.count);
    else if (shape.count)
        arguments = fmt::format("{}", s.count);
    if (shape.time) {
        arguments +=
            fmt::format("{}std::chrono::milliseconds({}), clock", arguments.empty() ? "" : ", ", s.time.count());
    }
    const bool takes = ends_subject(s.what, s.subject.kind) && s.subject.kind != handle_kind::permit;
    return fmt::format("{}{}({})", takes ? fmt::format("std::move(*{}).", name) : fmt::format("{}->", name),
                       shape.spelling, arguments);
}

std::string concurrent_writer::none_alive(handle of) const {
    std::string condition;
    for (const made_handle& m : made_) {
        const bool borrows = m.from == of && m.name.kind != handle_kind::sender &&
                             m.name.kind != handle_kind::weak_sender && m.name.kind != handle_kind::owned_permit;
        if (borrows) condition += fmt::format(" && !{}", model::to_string(m.name));
    }
    return condition;
}

void concurrent_writer::waiting(const event& e, const place& here) {
    const model::step& s = e.step;
    const std::string subject = model::to_string(s.subject);
    const std::string keeps = keep_answer(e, here, "batch");
    out_.open(fmt::format("if ({}{}) {{", subject, guard_of(s)));
    if (fills_a_vector(s.what)) out_.raw("std::vector<int> batch;");
    out_.line("{}wait({});", keeps.empty() ? "(void)" : "auto answer = ", call(s));
    if (owns_sender(s.what)) out_.line("{}.reset();", subject);
    if (!keeps.empty()) out_.line("if (answer{}) {}", fills_a_vector(s.what) ? "" : " && *answer", keeps);
    out_.close("}");
}

/// What the task does with the answer of an operation that has succeeded; nothing for one that answers nothing.
std::string concurrent_writer::keep_answer(const event& e, const place& here, const std::string& batch) {
    const verb what = e.step.what;
    if (model::shape_of(what).value) return fmt::format("{}.push_back({});", here.sent, e.step.value);
    if (fills_a_vector(what)) {
        return fmt::format("{0}.insert({0}.end(), {1}.begin(), {1}.end());", here.received, batch);
    }
    if (is_receive(what)) return fmt::format("{}.push_back(**answer);", here.received);
    const std::optional<handle> made = made_by(e);
    return made ? fmt::format("{}.emplace(std::move(**answer));", model::to_string(*made)) : std::string();
}

void concurrent_writer::driven(const model::step& s) {
    const std::string subject = model::to_string(s.subject);
    out_.open(fmt::format("if ({}{}) {{", subject, guard_of(s)));
    std::string made = call(s);
    if (fills_a_vector(s.what)) {
        const std::size_t at = made.find("batch");
        made.replace(at, 5, fmt::format("f{}_values", s.operation));
    }
    out_.line("f{}.emplace({});", s.operation, made);
    if (owns_sender(s.what)) out_.line("{}.reset();", subject);
    out_.close("}");
}

void concurrent_writer::poll(const model::step& s, const place& here) {
    const event* of = creator(s.subject.number);
    if (of == nullptr) return;
    const std::string name = model::to_string(s.subject);
    out_.open(fmt::format("if ({}) {{", name));
    out_.open(fmt::format("if (auto answer = {}->poll({{}})) {{", name));
    const std::string keeps = keep_answer(*of, here, name + "_values");
    const bool may_fail = !keeps.empty() && !fills_a_vector(of->step.what);
    out_.line("{}{}", may_fail ? "if (*answer) " : "", keeps.empty() ? "(void)answer;" : keeps);
    out_.line("{}.reset();", name);
    out_.close("}");
    out_.close("}");
}

void concurrent_writer::immediate(const event& e, const place& here) {
    const model::step& s = e.step;
    const std::string subject = model::to_string(s.subject);
    const std::string does = call(s);
    const std::optional<handle> made = made_by(e);
    const std::string name = made ? model::to_string(*made) : std::string();
    switch (s.what) {
        case verb::clone: return out_.line("if ({0}) {1}.emplace(*{0});", subject, name);
        case verb::downgrade: return out_.line("if ({}) {}.emplace({});", subject, name, does);
        case verb::try_send: return out_.line("if ({} && {}) {}.push_back({});", subject, does, here.sent, s.value);
        case verb::try_reserve_owned:
            out_.open(fmt::format("if ({}{}) {{", subject, guard_of(s)));
            out_.line("auto got = {};", does);
            out_.line("if (got) {}.emplace(std::move(*got));", name);
            out_.open("if (got) {");
            out_.line("{}.reset();", subject);
            out_.close("} else {");
            out_.line("    *{} = std::move(got.error().sender);", subject);
            out_.raw("}");
            return out_.close("}");
        default: break;
    }
    const bool takes = takes_values(s.what);
    if (!takes && !made && !ends_subject(s.what, s.subject.kind)) {
        const bool answers = is_observer(s.what, s.subject.kind);
        return out_.line("if ({}) {}{};", subject, answers ? "(void)" : "", does);
    }
    out_.open(fmt::format("if ({}{}) {{", subject, guard_of(s)));
    if (ends_subject(s.what, s.subject.kind)) {
        out_.line("{};", made ? fmt::format("{}.emplace({})", name, does) : does);
        if (model::shape_of(s.what).value) out_.line("{}.push_back({});", here.sent, s.value);
        out_.line("{}.reset();", subject);
    } else if (takes) {
        out_.line("if (auto got = {}) {}.push_back(*got);", does, here.received);
    } else {
        out_.line("if (auto got = {}) {}.emplace(std::move(*got));", does, name);
    }
    out_.close("}");
}

void concurrent_writer::drop(handle h) {
    const std::string name = model::to_string(h);
    const std::string guard = none_alive(h);
    if (guard.empty()) return out_.line("{}.reset();", name);
    out_.line("if ({}) {}.reset();", guard.substr(4), name);
}

void concurrent_writer::event_of(const event& e, const place& here) {
    const model::step& s = e.step;
    if (s.what == verb::advance) return out_.line("clock.advance(std::chrono::milliseconds({}));", s.time.count());
    if (s.what == verb::drop) return drop(s.subject);
    if (s.what == verb::poll) return poll(s, here);
    if (e.waits) return waiting(e, here);
    if (!model::creates_operation(s.what, s.subject.kind)) return immediate(e, here);
    driven(s);
}

void concurrent_writer::round() {
    const std::size_t tasks = history_.tasks.size();
    out_.line("auto [tx, rx] = tailrace::channel<int>({});", capacity_);
    if (timed_) out_.raw("tailrace::manual_clock clock;");
    out_.raw("std::optional s0(std::move(tx));");
    out_.raw("std::optional r(std::move(rx));");
    for (const auto& [number, e] : driven_)
        if (fills_a_vector(e->step.what)) out_.line("std::vector<int> f{}_values;", number);
    for (const made_handle& m : made_) {
        // A batch is declared before its operation; any vector tells the type.
        std::string type = m.type;
        if (const std::size_t at = type.find("batch"); at != type.npos)
            type.replace(at, 5, fmt::format("{}_values", model::to_string(m.name)));
        if (const std::size_t at = type.find(model::to_string(m.from));
            at != type.npos && m.from.kind == handle_kind::sender)
            type.replace(at, model::to_string(m.from).size(), "s0");
        out_.line("std::optional<{}> {};", type, model::to_string(m.name));
    }
    out_.raw("// By task; what came before them, and what is left, is task 0.");
    out_.line("std::vector<std::vector<int>> sent({});", tasks + 1);
    out_.raw("std::vector<int> received;");
    for (const event& e : history_.before) event_of(e, {"sent[0]", "received"});
    out_.line("tasks all({});", tasks);
    out_.verbatim(wait_lambda);
    out_.open("{");
    out_.raw("std::vector<std::jthread> threads;");
    for (std::size_t i = 0; i < tasks; ++i) {
        out_.open("threads.emplace_back([&] {");
        for (const event& e : history_.tasks[i]) event_of(e, {fmt::format("sent[{}]", i + 1), "received"});
        out_.raw("all.done();");
        out_.close("});");
    }
    out_.raw("all.rest();");
    out_.close("}");
    out_.raw("ASSERT_FALSE(all.forgotten()) << \"in round \" << round;");
    end();
}

void concurrent_writer::end() {
    // Operations before what they borrow.
    for (const handle_kind kind :
         {handle_kind::operation, handle_kind::permit, handle_kind::iterator, handle_kind::owned_permit})
        for (const made_handle& m : made_)
            if (m.name.kind == kind) out_.line("{}.reset();", model::to_string(m.name));
    out_.raw("const bool gone = !r;");
    out_.raw("while (r) {");
    out_.raw("    const auto left = r->try_recv();");
    out_.raw("    if (!left) break;");
    out_.raw("    received.push_back(*left);");
    out_.raw("}");
    out_.open("for (const std::vector<int>& task : sent) {");
    out_.raw("// What is received of a task is what it sent, in its order.");
    out_.raw("std::vector<int> of_task;");
    out_.raw("for (const int v : received)");
    out_.raw("    if (std::ranges::find(task, v) != task.end()) of_task.push_back(v);");
    out_.raw("std::vector<int> first = task;");
    out_.raw("if (gone && of_task.size() < first.size()) first.resize(of_task.size());");
    out_.raw("ASSERT_EQ(of_task, first) << \"in round \" << round;");
    out_.close("}");
    out_.raw("std::size_t all_sent = 0;");
    out_.raw("for (const std::vector<int>& task : sent) all_sent += task.size();");
    out_.raw("ASSERT_LE(received.size(), all_sent) << \"in round \" << round;");
    out_.open("if (r) {");
    out_.line("ASSERT_EQ(r->capacity(), {}U) << \"in round \" << round;", capacity_);
    out_.close("}");
}

std::string concurrent_writer::write() && {
    out_.open("for (int round = 0; round < 1'000; ++round) {");
    round();
    out_.close("}");
    return std::string(tasks_class) + std::move(out_).take();
}

}  // namespace

std::string concurrent_test(const counterexample& c, const concurrent_run& run) {
    return concurrent_writer(c, run).write();
}

}  // namespace tailrace::verify
