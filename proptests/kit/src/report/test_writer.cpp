// Generates a test of a program on one thread: every step, with the outcome that the contract gives.
//
// Handles stand in optionals with the names of the program, so that a drop is a reset; results stay
// where they are to the end, so that what was handed out is not taken for destroyed.
// After a change here run: ci/test -L proptests -R regression
#include "report/test_writer.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "program/named_machine.hpp"
#include "report/failure_report.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/clauses.hpp"
#include "target/geometries.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::status;
using model::verb;

std::string comment(std::string_view text) {
    std::string out;
    for (const std::string& line : wrap(plain(text), report_width - 3, 4)) {
        // A backslash at the end would go on with the comment.
        std::string harmless = line;
        std::ranges::replace(harmless, '\\', '/');
        out += fmt::format("// {}\n", harmless);
    }
    return out;
}

/// On which the channel that failed is built.
std::string_view platform_of(const counterexample& c) {
    return geometry_of(c.target) != nullptr ? "platform" : "tailrace::std_platform";
}

/// The platform of a geometry.
std::string platform_text(const geometry& g) {
    return fmt::format(
        "struct platform : tailrace::std_platform {{\n"
        "    static constexpr std::uint64_t first_ticket = {}, block_slots = {}, ring_bytes = {}, kept_bytes = {};\n"
        "}};\n\n",
        g.first_ticket, g.block_slots, g.ring_bytes, g.kept_bytes);
}

class sequential_writer {
  public:
    sequential_writer(const counterexample& c, const sequential_run& run) : run_(run), reacts_(has_reactions(run)) {
        for (const taken_step& s : run.steps) {
            const model::outcome& o = s.expected;
            notes_destroyed_ |= !o.destroyed.empty();
            timed_ |= model::shape_of(s.step.what).time;
            wide_ |= s.step.value > std::numeric_limits<int>::max();
            if (model::creates_operation(s.step.what, s.step.subject.kind)) created_by_[s.step.operation] = &s;
            if (s.step.what == verb::poll) polled_.insert(s.step.subject.number);
        }
        for (const aspect a : run.differs) notes_destroyed_ |= a == aspect::destroyed;
        notes_destroyed_ &=
            std::ranges::any_of(run.steps, [](const taken_step& s) { return model::shape_of(s.step.what).value; });
        for (const taken_step& s : run.steps) {
            notes_destroyed_ |= s.step.at.is == model::occasion::kind::destroyed;
        }
        open(c.capacity);
        if (reacts_) declare_handles();
        for (std::size_t i = 0; i < run.steps.size(); ++i)
            if (run.steps[i].step.at.depth == 0) step(i);
        for (const aspect a : run.differs)
            if (a == aspect::conservation) free_capacity(c.capacity);
        if (std::ranges::count(run.differs, aspect::storage) > 0) kept_storage(c);
    }
    [[nodiscard]] std::string take() && { return std::move(out_).take(); }

  private:
    void open(std::uint64_t capacity);
    void declare_handles();
    void step(std::size_t i);
    void react_in(std::size_t of);
    void name(std::size_t i);
    void name_result(std::size_t i) { result_ = fmt::format("step_{}", i + 1); }
    void act(const model::step& s, const model::answer& a);
    void on_sender(const model::step& s, const model::answer& a);
    void on_receiver(const model::step& s, const model::answer& a);
    void poll(const model::step& s, const model::answer& a);
    void create(const model::step& s);
    [[nodiscard]] std::string creation_of(const model::step& s, std::string_view subject) const;
    /// A variable for a new handle; in a program with reactions it is declared already.
    void define(std::string_view name, std::string_view value) {
        if (reacts_) return out_.line("{}.emplace({});", name, value);
        out_.line("std::optional {}({});", name, value);
    }
    void try_owned(const model::step& s, const model::answer& a);
    void refused(const model::answer& a, std::string_view result, std::string_view error, std::string_view member);
    void made(const model::answer& a, std::string_view from);
    void free_capacity(std::uint64_t capacity);
    void kept_storage(const counterexample& c);
    [[nodiscard]] std::optional<std::string> handle_left(named_machine& m) const;

    [[nodiscard]] std::string_view type() const { return notes_destroyed_ ? "value" : wide_ ? "std::uint64_t" : "int"; }
    [[nodiscard]] std::string_view number_type() const { return wide_ ? "std::uint64_t" : "int"; }
    [[nodiscard]] std::string literal(std::uint64_t v) const { return fmt::format("{}{}", v, wide_ ? "U" : ""); }
    [[nodiscard]] std::string value(std::uint64_t v) const {
        return notes_destroyed_ ? fmt::format("value_of({})", literal(v)) : literal(v);
    }
    /// The number of a value that an expression gives.
    [[nodiscard]] std::string number_of(std::string_view expression) const {
        return fmt::format("{}{}", notes_destroyed_ ? "*" : "", expression);
    }
    /// What is handed out inside of a call would be destroyed with the results there, and be noted.
    [[nodiscard]] bool keeps() const { return reacts_ && notes_destroyed_; }
    [[nodiscard]] std::string_view result_type() const { return keeps() ? "auto" : "const auto"; }
    void expect_value(std::string_view expression, const model::answer& a) {
        if (!a.value) return;
        out_.line("EXPECT_EQ({}, {});", number_of(expression), literal(*a.value));
        if (keeps()) out_.line("kept.push_back(std::move({}));", expression);
    }

    const sequential_run& run_;
    bool reacts_;
    bool notes_destroyed_ = false;
    bool timed_ = false;
    bool wide_ = false;  // the numbers of values do not fit an int
    std::map<std::uint32_t, const taken_step*> created_by_;
    std::set<std::uint32_t> polled_;
    std::string result_;            // the variable of this step
    std::vector<std::string> set_;  // reactions of this outermost step
    source out_{1};
};

void sequential_writer::open(std::uint64_t capacity) {
    if (!polled_.empty()) {
        out_.raw("// Notes which operations are woken, in order.");
        out_.open("struct owner {");
        out_.raw("std::vector<int>* woken;");
        out_.raw("int operation;");
        if (reacts_) out_.raw("std::function<void()> then{};");
        out_.open("static void wake(void* p) noexcept {");
        out_.raw("auto* o = static_cast<owner*>(p);");
        out_.raw("o->woken->push_back(o->operation);");
        if (reacts_) out_.raw("if (o->then) o->then();");
        out_.close("}");
        out_.raw("tailrace::waker waker() { return {wake, this}; }");
        out_.close("};");
        out_.raw("std::vector<int> woken;");
        for (const std::uint32_t f : polled_) out_.line("owner f{0}_owner{{&woken, {0}}};", f);
    }
    if (notes_destroyed_) {
        out_.raw("// Notes which values are destroyed, in order.");
        out_.open("struct note {");
        out_.line("std::vector<{}>* destroyed;", number_type());
        if (reacts_) out_.line("std::map<{}, std::function<void()>>* then;", number_type());
        out_.line("void operator()(const {}* v) const {{", number_type());
        out_.raw("    destroyed->push_back(*v);");
        if (reacts_) out_.raw("    if (const auto at = then->find(*v); at != then->end()) at->second();");
        out_.raw("    delete v;");
        out_.raw("}");
        out_.close("};");
        if (reacts_) out_.line("std::map<{}, std::function<void()>> then;", number_type());
        out_.line("using value = std::unique_ptr<const {}, note>;", number_type());
        out_.line("std::vector<{}> destroyed;", number_type());
        out_.line("const auto value_of = [&]({0} v) {{ return value(new {0}(v), note{{&destroyed{1}}}); }};",
                  number_type(), reacts_ ? ", &then" : "");
        if (keeps()) out_.raw("std::vector<value> kept;");
    }
    if (timed_) out_.raw("tailrace::manual_clock clock;");
    out_.line("auto [tx, rx] = tailrace::channel<{}>({});", type(), capacity);
    out_.raw("std::optional s0(std::move(tx));");
    out_.raw("std::optional r(std::move(rx));");
}

void sequential_writer::step(std::size_t i) {
    const taken_step& s = run_.steps[i];
    const auto is_outermost = [](const taken_step& later) { return later.step.at.depth == 0; };
    const bool last =
        std::none_of(run_.steps.begin() + static_cast<std::ptrdiff_t>(i) + 1, run_.steps.end(), is_outermost);
    out_.raw("");
    name(i);
    if (reacts_) react_in(i);
    act(s.step, s.expected.answer);
    for (const std::string& name : std::exchange(set_, {})) out_.line("{} = nullptr;", name);
    const model::outcome seen = seen_of_call(run_, i);
    std::vector<model::handle> woken = seen.woken;
    if (s.step.what == verb::advance && !polled_.empty()) {
        std::ranges::sort(woken);
        out_.raw("std::ranges::sort(woken);");
    }
    if (!woken.empty() || (last && !polled_.empty())) {
        std::vector<std::uint32_t> numbers;
        for (const model::handle h : woken) numbers.push_back(h.number);
        out_.line("EXPECT_EQ(std::exchange(woken, {{}}), (std::vector<int>{{{}}}));", fmt::join(numbers, ", "));
    }
    if (!seen.destroyed.empty() || (last && notes_destroyed_)) {
        out_.line("EXPECT_EQ(std::exchange(destroyed, {{}}), (std::vector<{}>{{{}}}));", number_type(),
                  fmt::join(seen.destroyed, ", "));
    }
}

void sequential_writer::name(std::size_t i) {
    const taken_step& s = run_.steps[i];
    name_result(i);
    out_.line("// {}. {}{}", i + 1, cut(model::to_string(model::line{s.step, s.expected, 0}), report_width - 24),
              i == run_.at ? "  <- fails" : "");
}

/// So that each can be used inside any call.
void sequential_writer::declare_handles() {
    for (const taken_step& s : run_.steps) {
        if (model::creates_operation(s.step.what, s.step.subject.kind)) {
            if (fills_a_vector(s.step.what)) out_.line("std::vector<{}> f{}_values;", type(), s.step.operation);
            const bool of_receiver = s.step.subject.kind == handle_kind::receiver;
            out_.line("std::optional<decltype({})> f{};", creation_of(s.step, of_receiver ? "rx." : "tx."),
                      s.step.operation);
        }
        const model::answer& a = s.expected.answer;
        if (a.status == status::made)
            out_.line("std::optional<{}> {};", type_of(a.made.kind), model::to_string(a.made));
    }
}

/// Says before the step what is done inside its call.
void sequential_writer::react_in(std::size_t of) {
    const std::vector<std::size_t> all = reactions_in(run_, of);
    for (std::size_t first = 0; first < all.size();) {
        const model::occasion at = run_.steps[all[first]].step.at;
        set_.push_back(at.is == model::occasion::kind::woken ? fmt::format("f{}_owner.then", at.number)
                                                             : fmt::format("then[{}]", at.number));
        out_.open(fmt::format("{} = [&] {{", set_.back()));
        for (; first < all.size() && run_.steps[all[first]].step.at == at; ++first) {
            name(all[first]);
            react_in(all[first]);
            act(run_.steps[all[first]].step, run_.steps[all[first]].expected.answer);
        }
        out_.close("};");
    }
    name_result(of);
}

void sequential_writer::act(const model::step& s, const model::answer& a) {
    const std::string name = model::to_string(s.subject);
    if (s.what == verb::advance) return out_.line("clock.advance(std::chrono::milliseconds({}));", s.time.count());
    if (s.what == verb::drop) return out_.line("{}.reset();", name);
    if (s.what == verb::poll) return poll(s, a);
    if (model::creates_operation(s.what, s.subject.kind)) return create(s);
    if (a.status == status::number)
        return out_.line("EXPECT_EQ({}->{}(), {}U);", name, model::shape_of(s.what).spelling, a.number);
    if (a.status == status::boolean)
        return out_.line("EXPECT_{}({}->{}());", a.number != 0 ? "TRUE" : "FALSE", name,
                         model::shape_of(s.what).spelling);
    switch (s.subject.kind) {
        case handle_kind::sender: return on_sender(s, a);
        case handle_kind::receiver: return on_receiver(s, a);
        case handle_kind::permit:
            out_.line("{}->send({});", name, value(s.value));
            return out_.line("{}.reset();", name);
        case handle_kind::owned_permit:
            define(model::to_string(a.made),
                   fmt::format("std::move(*{}).{}({})", name, model::shape_of(s.what).spelling,
                               s.what == verb::send ? value(s.value) : std::string()));
            return out_.line("{}.reset();", name);
        case handle_kind::weak_sender:
            if (s.what == verb::clone) return define(model::to_string(a.made), "*" + name);
            [[fallthrough]];
        case handle_kind::iterator:
            out_.line("auto {} = {}->{}();", result_, name, model::shape_of(s.what).spelling);
            if (a.status == status::none) return out_.line("EXPECT_FALSE({}.has_value());", result_);
            return made(a, result_);
        case handle_kind::operation: return;
    }
}

std::string sequential_writer::creation_of(const model::step& s, std::string_view subject) const {
    std::string arguments;
    if (model::shape_of(s.what).value) arguments = value(s.value);
    if (fills_a_vector(s.what)) {
        arguments = fmt::format("f{}_values, {}", s.operation, s.count);
    } else if (model::shape_of(s.what).count) {
        arguments = fmt::format("{}", s.count);
    }
    if (model::shape_of(s.what).time) {
        arguments +=
            fmt::format("{}std::chrono::milliseconds({}), clock", arguments.empty() ? "" : ", ", s.time.count());
    }
    const std::string call = fmt::format("{}{}({})", subject, model::shape_of(s.what).spelling, arguments);
    return owns_sender(s.what) && subject == "tx." ? "std::move(tx)" + call.substr(2) : call;
}

void sequential_writer::create(const model::step& s) {
    const std::string name = model::to_string(s.subject);
    const bool owned = owns_sender(s.what);
    if (fills_a_vector(s.what) && !reacts_) out_.line("std::vector<{}> f{}_values;", type(), s.operation);
    const std::string made = creation_of(s, owned ? fmt::format("std::move(*{}).", name) : fmt::format("{}->", name));
    const std::string begin =
        reacts_ ? fmt::format("f{}.emplace(", s.operation) : fmt::format("std::optional f{}(", s.operation);
    if (4 + begin.size() + made.size() + 2 <= report_width) {
        out_.line("{}{});", begin, made);
    } else {
        out_.raw(begin);
        out_.line("    {});", made);
    }
    if (owned) out_.line("{}.reset();", name);
}

/// A refusal by `result`, an expected: the reason is this member of its error.
void sequential_writer::refused(const model::answer& a, std::string_view result, std::string_view error,
                                std::string_view member) {
    out_.line("ASSERT_FALSE({}.has_value());", result);
    out_.line("EXPECT_EQ({}.error(){}, tailrace::{}::{});", result, member, error,
              a.status == status::full      ? "full"
              : a.status == status::timeout ? "timeout"
                                            : "closed");
}

void sequential_writer::made(const model::answer& a, std::string_view from) {
    const std::string name = model::to_string(a.made);
    out_.line("ASSERT_TRUE({}.has_value());", from);
    define(name, fmt::format("std::move(*{})", from));
    if (a.made.kind == handle_kind::iterator) out_.line("EXPECT_EQ({}->size(), {}U);", name, a.number);
}

void sequential_writer::on_sender(const model::step& s, const model::answer& a) {
    const std::string name = model::to_string(s.subject);
    switch (s.what) {
        case verb::clone:
        case verb::downgrade:
            return define(model::to_string(a.made), fmt::format("{}->{}()", name, model::shape_of(s.what).spelling));
        case verb::try_reserve_owned: return try_owned(s, a);
        case verb::try_send:
            out_.line("{} {} = {}->try_send({});", result_type(), result_, name, value(s.value));
            if (a.status == status::ok) return out_.line("EXPECT_TRUE({}.has_value());", result_);
            refused(a, result_, "try_error", ".reason");
            return expect_value(fmt::format("{}.error().value", result_), a);
        default: break;
    }
    out_.line("auto {} = {}->{}({});", result_, name, model::shape_of(s.what).spelling,
              model::shape_of(s.what).count ? std::to_string(s.count) : std::string());
    if (a.status == status::made) return made(a, result_);
    refused(a, result_, "try_error", "");
}

void sequential_writer::try_owned(const model::step& s, const model::answer& a) {
    const std::string name = model::to_string(s.subject);
    out_.line("auto {} = std::move(*{}).try_reserve_owned();", result_, name);
    if (a.status == status::made) {
        made(a, result_);
        return out_.line("{}.reset();", name);
    }
    refused(a, result_, "try_error", ".reason");
    out_.line("*{} = std::move({}.error().sender);", name, result_);
}

void sequential_writer::on_receiver(const model::step& s, const model::answer& a) {
    if (s.what == verb::close) return out_.raw("r->close();");
    out_.line("{} {} = r->try_recv();", result_type(), result_);
    if (a.status == status::some) {
        out_.line("ASSERT_TRUE({}.has_value());", result_);
        return expect_value(fmt::format("*{}", result_), a);
    }
    out_.line("ASSERT_FALSE({}.has_value());", result_);
    out_.line("EXPECT_EQ({}.error(), tailrace::try_recv_error::{});", result_,
              a.status == status::empty ? "empty" : "disconnected");
}

void sequential_writer::poll(const model::step& s, const model::answer& a) {
    const std::string name = model::to_string(s.subject);
    const std::string call = fmt::format("{0}->poll({0}_owner.waker())", name);
    const auto at = created_by_.find(s.subject.number);
    const bool timed = at != created_by_.end() && model::shape_of(at->second->step.what).time;
    if (a.status == status::pending) return out_.line("EXPECT_FALSE({}.has_value());", call);
    out_.line("auto {} = {};", result_, call);
    out_.line("ASSERT_TRUE({}.has_value());", result_);
    const std::string inner = fmt::format("(*{})", result_);
    switch (a.status) {
        case status::done: break;
        case status::ok: out_.line("EXPECT_TRUE({}->has_value());", result_); break;
        case status::made: made(a, inner); break;
        case status::some:
            out_.line("ASSERT_TRUE({}->has_value());", result_);
            expect_value(fmt::format("**{}", result_), a);
            break;
        case status::many: {
            out_.line("EXPECT_EQ(*{}, {}U);", result_, a.values.size());
            out_.line("ASSERT_EQ({}_values.size(), {}U);", name, a.values.size());
            for (std::size_t i = 0; i < a.values.size(); ++i)
                out_.line("EXPECT_EQ({}, {});", number_of(fmt::format("{}_values[{}]", name, i)), literal(a.values[i]));
            break;
        }
        case status::none:
            if (timed) {
                refused(a, inner, "timeout_error", "");
            } else {
                out_.line("EXPECT_FALSE({}->has_value());", result_);
            }
            break;
        default:
            if (timed) {
                refused(a, inner, "timeout_error", is_receive(at->second->step.what) ? "" : ".reason");
            } else {
                out_.line("ASSERT_FALSE({}->has_value());", result_);
            }
            expect_value(fmt::format("{}.error().value", inner), a);
    }
    out_.line("{}.reset();", name);
}

/// A handle that is left after the program, of which the machine then has the state; nothing if there is none.
std::optional<std::string> sequential_writer::handle_left(named_machine& m) const {
    for (const taken_step& s : run_.steps) (void)m.take(s.step, &s.expected.answer);
    const model::machine& now = m.state();
    if (now.senders.empty()) return now.receiver_gone ? std::nullopt : std::optional<std::string>("r");
    return fmt::format("s{}", now.senders.front());
}

void sequential_writer::free_capacity(std::uint64_t capacity) {
    named_machine m(capacity);
    const std::optional<std::string> handle = handle_left(m);
    if (!handle) return;
    out_.raw("");
    out_.raw("// No permit is lost, and none is made.");
    out_.line("EXPECT_EQ({}->capacity(), {}U);", *handle, m.state().available);
}

void sequential_writer::kept_storage(const counterexample& c) {
    named_machine m(c.capacity);
    const std::optional<std::string> handle = handle_left(m);
    if (!handle) return;
    out_.raw("");
    out_.raw("// What an idle channel keeps.");
    out_.raw("using tailrace::detail::inspection;");
    out_.line("const auto kept = inspection::storage_of(inspection::core_of(*{}));", *handle);
    out_.line("EXPECT_LE(kept.number, {}::kept_bytes / kept.bytes + 1);", platform_of(c));
}

}  // namespace

std::string test_name_of(const counterexample& c) {
    std::string name = c.clauses.empty() ? "a_failure" : c.clauses.front();
    name += c.recorded_at.empty() ? '_' + program_place(c.in_order.has_value(), c.seed, c.program)
                                  : '_' + c.recorded_at.substr(c.recorded_at.rfind('/') + 1);
    std::ranges::replace_if(name, [](char b) { return std::isalnum(static_cast<unsigned char>(b)) == 0; }, '_');
    return name;
}

std::string heading_of(const counterexample& c) {
    std::string text = comment(what_went_wrong(c)) + comment(c.property);
    for (const std::string& name : c.clauses) {
        const model::clause* known = model::find_clause(name);
        text += comment(known == nullptr ? name : fmt::format("{}: {}", name, known->promise));
    }
    text += comment(fmt::format("Found on {} by {}, {}.", c.target, model::to_string(c.engine), origin_of(c)));
    const std::string repeat = replay_command(c.command, c.option, token_of(c));
    return repeat.size() + 3 <= report_width ? text + comment(repeat) : text;
}

std::string sequential_test(const counterexample& c, const sequential_run& run) {
    return sequential_writer(c, run).take();
}

namespace {

/// A type that a file beside the user's program can name, as far as the compiler's own words tell.
bool can_be_named(std::string_view type) {
    return !type.empty() && type.find_first_of("{(<") == type.npos && type.find(' ') == type.npos;
}

/// What a test of a foreign channel needs: the adapter, which stands in a file that only its owner can name.
std::string foreign_head(const counterexample& c) {
    std::string text =
        "#include <gtest/gtest.h>\n\n#include <string_view>\n#include <tailrace/verify/channel_session.hpp>\n";
    if (std::holds_alternative<concurrent_run>(c.run)) {
        text += "#include <tailrace/verify/threads.hpp>\n#include <tailrace/verify/token.hpp>\n";
    }
    text += fmt::format("\n// TODO: include the file that defines {}, and link the test with tailrace::verify.\n",
                        plain(c.adapter));
    if (can_be_named(c.adapter)) {
        text += fmt::format("#include \"{}.hpp\"\nusing adapter = {};\n\n", c.adapter.substr(c.adapter.rfind(':') + 1),
                            c.adapter);
    } else {
        text +=
            "// TODO: give it a name that this file can use: the compiler calls it as above.\nusing adapter = "
            "YOUR_ADAPTER;\n\n";
    }
    return text;
}

/// Step by step through the adapter.
std::string foreign_test(const counterexample& c, const sequential_run& run) {
    source out(1);
    out.line("tailrace::verify::channel_session<adapter> channel({});", c.capacity);
    out.open("const auto take = [&channel](std::string_view step) {");
    out.raw("return tailrace::model::to_string(channel.apply(tailrace::model::parse_step(std::string(step))));");
    out.close("};");
    for (const taken_step& s : run.steps) {
        out.line("EXPECT_EQ(take(\"{}\"), \"{}\");{}", model::to_string(s.step), model::to_string(s.expected),
                 &s == &run.steps.back() ? "  // <- fails" : "");
    }
    return std::move(out).take();
}

/// A test that the kit runs again and again.
std::string foreign_test(const counterexample& c, const concurrent_run& run) {
    source out(1);
    const model::history& h = run.history;
    for (const model::event& e : h.before) out.line("// before: {}", model::to_string(e.step));
    for (std::size_t l = 0; l < h.tasks.size(); ++l) {
        for (const model::event& e : h.tasks[l]) out.line("// task {}: {}", l + 1, model::to_string(e.step));
    }
    out.line("const auto program = tailrace::verify::parse_token(");
    out.line("    \"{}\").program;", token_of(c));
    out.line("const auto failure = tailrace::verify::run_again(");
    out.line("    tailrace::verify::make_target<adapter>(\"{}\", \"\"), program, 10'000);", plain(c.target));
    out.line("EXPECT_FALSE(failure) << tailrace::verify::to_string(program);");
    return std::move(out).take();
}

}  // namespace

std::string to_regression_test(const counterexample& c) {
    if (c.adapter.empty()) {
        return heading_of(c) +
               comment(fmt::format("There is no test to paste: nothing is known of how C++ names what drives {} "
                                   "(make_target<Api> knows).",
                                   c.target));
    }
    if (c.adapter != own_adapter) {
        return foreign_head(c) + heading_of(c) + fmt::format("TEST(regression, {}) {{\n", test_name_of(c)) +
               std::visit([&c](const auto& run) { return foreign_test(c, run); }, c.run) + "}\n";
    }
    std::string text;
    for (const std::string_view header :
         {"<gtest/gtest.h>", "", "<algorithm>", "<chrono>", "<condition_variable>", "<cstdint>", "<functional>",
          "<list>", "<map>", "<memory>", "<mutex>", "<optional>", "<thread>", "<utility>", "<vector>", "",
          "\"tailrace/channel.hpp\"", "\"tailrace/manual_clock.hpp\"", ""}) {
        text += header.empty() ? "\n" : fmt::format("#include {}\n", header);
    }
    const geometry* const stored = geometry_of(c.target);
    if (stored != nullptr) text += platform_text(*stored);
    text += heading_of(c);
    text += fmt::format("TEST(regression, {}) {{\n", test_name_of(c));
    const std::size_t body = text.size();
    if (const auto* one = std::get_if<sequential_run>(&c.run)) {
        if (stored != nullptr) {
            text +=
                comment(fmt::format("Operations are polled here, values are numbers, and no allocation fails. In the "
                                    "run it was: {}. If this test passes, replay the token.",
                                    stored->summary));
        }
        text += sequential_test(c, *one);
    } else {
        text += concurrent_test(c, std::get<concurrent_run>(c.run));
    }
    if (stored != nullptr) text.insert(text.find('>', text.find("= tailrace::channel<", body)), ", platform");
    return text + "}\n";
}

}  // namespace tailrace::verify
