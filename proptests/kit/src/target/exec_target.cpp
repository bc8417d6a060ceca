// The kit's side of docs/protocol.md: introductions, programs, answers.
// After a change here run: ci/test -L proptests -R exec
#include "target/exec_target.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>
#include <vector>

#include "support/text_layout.hpp"
#include "tailrace/model/words.hpp"
#include "target/exec_tasks.hpp"

namespace tailrace::verify {
namespace {

constexpr std::string_view greeting = "tailrace-target";
constexpr std::string_view protocol_version = "1";

std::string in_quotes(std::string_view text) {
    return text.empty() ? "the end of the line" : fmt::format("'{}'", cut(printable(text), longest_target_name));
}

bool is_of_form(const model::answer& a, const model::answer& example) {
    return a.status == example.status && a.value.has_value() == example.value.has_value() &&
           a.made.kind == example.made.kind;
}

/// "'ok', 'full v2' or 'closed v2'"
std::string in_words(const std::vector<model::answer>& examples) {
    std::string text;
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const bool number = examples[i].status == model::status::number;
        text += i == 0 ? "" : i + 1 < examples.size() ? ", " : " or ";
        text += number ? "a number" : fmt::format("'{}'", model::to_string(examples[i]));
    }
    return text;
}

/// What needs the same process is not for others.
constexpr capabilities of_one_thread =
    capabilities::all().without(capability::blocking).without(capability::reentrancy);
/// Tasks take steps that are answered when they are over.
constexpr capabilities of_tasks{capability::try_send,
                                capability::try_reserve,
                                capability::try_reserve_owned,
                                capability::try_recv,
                                capability::close,
                                capability::clone,
                                capability::weak,
                                capability::sender_counts,
                                capability::sender_capacity,
                                capability::sender_max_capacity,
                                capability::sender_is_closed,
                                capability::sender_len,
                                capability::receiver_observers,
                                capability::blocking,
                                capability::sender_drop,
                                capability::receiver_drop,
                                capability::send_returns_value,
                                capability::any_capacity};

/// Reads the lines of an introduction.
class introduction_reader {
  public:
    explicit introduction_reader(exec_link& from) : from_(from) {}

    [[nodiscard]] introduction read() && {
        greet();
        while (next()) {
            if (word_ == "name") {
                said_.name = text("a name of 1 to 40 printable characters without spaces", false);
            } else if (word_ == "version") {
                said_.version = text("a version of 1 to 40 printable characters", true);
            } else if (word_ == "can") {
                add_capabilities(said_.capabilities, of_one_thread, "a target in another process");
            } else if (word_ == "tasks") {
                add_capabilities(said_.tasks, of_tasks, "tasks in another process");
                if (!said_.tasks.has(capability::try_send) || !said_.tasks.has(capability::try_recv))
                    from_.misspoke(word_.size() + 2, "'try_send' and 'try_recv', which end calls that wait",
                                   in_quotes(rest()));
            } else {
                from_.misspoke(1, "'name', 'version', 'can', 'tasks' or 'ready'", in_quotes(word_));
            }
        }
        if (said_.name.empty()) from_.misspoke(1, "'name' before 'ready'", "none");
        if (said_.version.empty()) from_.misspoke(1, "'version' before 'ready'", "none");
        said_.capabilities = said_.capabilities.with({capability::any_capacity});
        if (said_.tasks != capabilities()) said_.tasks = said_.tasks.with({capability::any_capacity});
        return std::move(said_);
    }

  private:
    void greet() {
        (void)next();
        if (word_ != greeting) from_.misspoke(1, fmt::format("'{} {}'", greeting, protocol_version), in_quotes(line_));
        if (rest() != protocol_version) {
            from_.misspoke(greeting.size() + 2, fmt::format("version {} of the protocol", protocol_version),
                           in_quotes(rest()));
        }
    }
    /// False at the end.
    bool next() {
        line_ = from_.hear();
        word_ = std::string_view(line_).substr(0, line_.find(' '));
        return line_ != "ready";
    }
    [[nodiscard]] std::string_view rest() const {
        return std::string_view(line_).substr(std::min(word_.size() + 1, line_.size()));
    }
    std::string text(std::string_view expected, bool spaces) {
        const auto is_wrong = [spaces](char c) { return c < (spaces ? 0x20 : 0x21) || c > 0x7e; };
        if (rest().empty() || rest().size() > longest_target_name || std::ranges::any_of(rest(), is_wrong)) {
            from_.misspoke(word_.size() + 2, expected, in_quotes(rest()));
        }
        return std::string(rest());
    }
    void add_capabilities(capabilities& to, capabilities possible, std::string_view of) {
        std::size_t column = word_.size() + 2;
        for (std::string_view left = rest(); column <= line_.size();) {
            const std::string_view one = left.substr(0, left.find(' '));
            to = to.with({capability_at(column, one, possible, of)});
            column += one.size() + 1;
            left.remove_prefix(std::min(one.size() + 1, left.size()));
        }
    }
    capability capability_at(std::size_t column, std::string_view word, capabilities possible, std::string_view of) {
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < capability_count; ++i) {
            const auto c = static_cast<capability>(i);
            if (!possible.has(c)) continue;
            if (to_string(c) == word) return c;
            names.push_back(to_string(c));
        }
        const std::string_view near = nearest(word, names);
        from_.misspoke(column, fmt::format("a capability of {}", of),
                       in_quotes(word) + (near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }

    exec_link& from_;
    introduction said_;
    std::string line_;
    std::string_view word_;
};

}  // namespace

void exec_link::start() {
    number_ = 0;
    line_ = 0;
    answers_ = false;
    until_ = dialogue::clock::now() + command_.patience;
    owner_ = getpid();
    with_ = std::make_unique<dialogue>(command_.command);
    introduction now = introduction_reader(*this).read();
    if (said_ && *said_ != now) misspoke("it introduces itself in another way than at first");
    said_ = std::move(now);
}

const introduction& exec_link::meet() {
    if (owner_ != getpid()) leave();
    if (!with_) start();
    return *said_;
}

void exec_link::begin(std::uint64_t capacity) {
    (void)meet();
    if (answers_) {
        try {
            if (!ends_) say("", true);
            until_ = dialogue::clock::now() + command_.patience;
            while (next_line() != "end") {
                if (line_ >= asked_) fail(no_answer::why::misspoke, "it goes on after its answer");
            }
            answers_ = false;
        } catch (const no_answer&) {
            (void)meet();  // it has failed after what was asked of it: another will do
        }
    }
    answers_ = true;
    ends_ = false;
    line_ = 0;
    asked_ = 1;
    with_->say(fmt::format("trace {} capacity {}\n", ++number_, capacity));
    until_ = dialogue::clock::now() + command_.patience;
}

void exec_link::say(std::string_view lines, bool ends) {
    with_->say(lines);
    with_->say(ends ? "end\n" : "flush\n");
    ends_ = ends;
    asked_ += static_cast<std::size_t>(std::ranges::count(lines, '\n')) + (ends ? 1 : 0);
    until_ = dialogue::clock::now() + command_.patience;
}

std::string exec_link::next_line() {
    std::string text;
    const dialogue::heard heard = with_->listen(text, until_);
    return understand(heard, std::move(text));
}

std::string exec_link::understand(dialogue::heard heard, std::string text) {
    using enum dialogue::heard;
    ++line_;
    switch (heard) {
        case line: break;
        case nothing: fail(no_answer::why::late, fmt::format("no answer within {} ms", command_.patience.count()));
        case too_long:
            fail(no_answer::why::misspoke,
                 fmt::format("{}:{}: a line of more than {} bytes", place(), line_, dialogue::longest_line));
        case end: {
            const std::optional<int> status = with_->wait(dialogue::clock::now() + command_.patience);
            fail(no_answer::why::ended, status ? fmt::format("it ended: {}", how_it_ended(*status))
                                               : std::string("it closed its output, and goes on"));
        }
    }
    return text;
}

std::string exec_link::hear() { return accepted(next_line()); }

std::string exec_link::accepted(std::string line) {
    if (line.starts_with("error "))
        fail(no_answer::why::refused, fmt::format("it refuses: {}", printable(line.substr(6))));
    return line;
}

model::outcome exec_link::read(const std::string& text, const model::step& s, const std::vector<model::answer>& forms) {
    const std::string before = model::to_string(s) + " -> ";
    const std::size_t column = before.size() + 1;
    model::line l;
    try {
        l = model::parse_line(text, place(), line_);
    } catch (const model::parse_error& e) {
        const std::string what = e.what();
        if (forms.empty() || !text.starts_with(before) || !what.contains(": expected an answer, ")) misspoke(what);
        misspoke(column, in_words(forms), in_quotes(text.substr(before.size())));
    }
    if (l.step != s) {
        misspoke(1, fmt::format("the answer to '{}'", model::to_string(s)),
                 fmt::format("that to '{}'", model::to_string(l.step)));
    }
    const auto fits = [&l](const model::answer& form) { return is_of_form(l.expected.answer, form); };
    if (!forms.empty() && std::ranges::none_of(forms, fits)) {
        misspoke(column, in_words(forms), in_quotes(model::to_string(l.expected.answer)));
    }
    return std::move(l.expected);
}

void exec_link::expect(std::string_view wanted) {
    const std::string found = hear();
    if (found != wanted) misspoke(1, fmt::format("'{}'", wanted), in_quotes(found));
}

void exec_link::finish() {
    expect("end");
    answers_ = false;
}

void exec_link::misspoke(std::size_t column, std::string_view expected, std::string_view found) {
    const model::parse_error e(place(), line_, column, fmt::format("expected {}, found {}", expected, found));
    misspoke(e.what());
}

void exec_link::leave() { with_.reset(); }

void exec_link::part() {
    until_ = dialogue::clock::now() + command_.patience;
    with_->hang_up();
    std::string text;
    if (with_->listen(text, until_) == dialogue::heard::line) {
        misspoke(fmt::format("it wrote {} after its input had ended", in_quotes(text)));
    }
    const std::optional<int> status = with_->wait(until_);
    if (!status) fail(no_answer::why::late, "it goes on after its input has ended");
    if (*status != 0) fail(no_answer::why::ended, fmt::format("it ended its input: {}", how_it_ended(*status)));
    leave();
}

void exec_link::fail(no_answer::why is, const std::string& what) {
    const std::string errors = with_->errors();
    leave();
    throw no_answer(is, what, errors);
}

// ---- Sessions

namespace {

class exec_session final : public session {
  public:
    exec_session(std::shared_ptr<exec_link> link, std::uint64_t capacity)
        : link_(std::move(link)), capacity_(capacity) {}

    void foresee(std::span<const model::step> steps) override { foreseen_.assign(steps.begin(), steps.end()); }

    model::outcome apply(const model::step& s) override {
        if (!foreseen_.empty() && (at_ == foreseen_.size() || foreseen_[at_] != s)) {
            throw std::logic_error("a step that was not foreseen");
        }
        if (number_ == 0) begin(!foreseen_.empty());
        if (link_->number() != number_) throw std::logic_error("the target has begun another program");
        if (is_ahead_) {
            try {
                return next(s);
            } catch (const no_answer& e) {
                const bool is_lost = e.is() == no_answer::why::late || e.is() == no_answer::why::ended;
                if (!is_lost || at_ == foreseen_.size()) throw;
                lost_ = e;
            }
            take_again();
        }
        link_->say(model::to_string(s) + '\n', false);
        return next(s);
    }

    std::optional<std::uint64_t> observe_capacity() override { return std::nullopt; }

  private:
    void begin(bool ahead) {
        is_ahead_ = ahead;
        link_->begin(capacity_);
        number_ = link_->number();
        std::string all;
        if (ahead) {
            for (const model::step& s : foreseen_) all += model::to_string(s) + '\n';
        }
        link_->say(all, ahead);
        is_greeted_ = false;
    }

    /// All steps that were answered, one by one.
    void take_again() {
        link_->leave();
        begin(false);
        const std::vector<std::string> before = std::exchange(heard_, {});
        at_ = 0;
        for (const std::string& text : before) {
            const model::step& s = foreseen_[at_];
            link_->say(model::to_string(s) + '\n', false);
            (void)next(s);
            if (heard_.back() != text) {
                link_->misspoke(fmt::format("the same step was answered by '{}' and then by '{}'", printable(text),
                                            printable(heard_.back())));
            }
        }
    }

    model::outcome next(const model::step& s) {
        if (!is_greeted_) link_->expect(fmt::format("trace {} capacity {}", number_, capacity_));
        is_greeted_ = true;
        std::string text = link_->hear();
        model::outcome o = link_->read(text, s, forms(s));
        ++at_;
        if (foreseen_.empty()) return o;
        heard_.push_back(std::move(text));
        if (at_ < foreseen_.size()) return o;
        if (lost_) {
            throw no_answer(
                lost_->is(),
                fmt::format("{}, when the program was sent ahead; its steps alone are answered", lost_->what()),
                lost_->errors());
        }
        if (is_ahead_) link_->finish();
        return o;
    }

    /// The answers that the step can have.
    std::vector<model::answer> forms(const model::step& s) {
        if (model::creates_operation(s.what, s.subject.kind)) created_[s.operation] = s;
        const model::step& asked = s.what == model::verb::poll ? created_[s.subject.number] : s;
        return answers_to(s, asked, link_->meet().capabilities);
    }

    std::shared_ptr<exec_link> link_;
    std::uint64_t capacity_;
    std::vector<model::step> foreseen_;
    std::vector<std::string> heard_;                // the answers to what was foreseen
    std::map<std::uint32_t, model::step> created_;  // the operations, by the steps that were to make them
    std::size_t at_ = 0;
    std::uint64_t number_ = 0;
    bool is_ahead_ = false;
    bool is_greeted_ = false;        // it has answered the header
    std::optional<no_answer> lost_;  // when the program was sent ahead
};

}  // namespace

std::unique_ptr<session> open_exec_session(std::shared_ptr<exec_link> link, std::uint64_t capacity) {
    return std::make_unique<exec_session>(std::move(link), capacity);
}

target make_exec_target(const std::shared_ptr<exec_link>& link) {
    const introduction& said = link->meet();
    const exec_command& c = link->command();
    target t;
    t.name = c.name.empty() ? said.name : c.name;
    t.summary = fmt::format("{} {}, by the command {}", said.name, said.version, printable(c.command));
    t.capabilities = said.capabilities;
    t.open = [link](std::uint64_t capacity) { return open_exec_session(link, capacity); };
    t.foresees = true;
    t.patience = c.patience;
    t.option = fmt::format("--target {}", shell_word((c.name.empty() ? "" : c.name + '=') + "exec:" + c.command));
    if (said.tasks == capabilities()) return t;
    t.of_tasks = said.tasks;
    t.open_tasks = [link](std::uint64_t capacity, session_events& events, bool) {
        return open_exec_tasks(link, capacity, events);
    };
    return t;
}

target make_exec_target(const exec_command& c) try {
    const auto link = std::make_shared<exec_link>(c);
    target t = make_exec_target(link);
    link->leave();
    return t;
} catch (const no_answer& e) {
    throw std::runtime_error(
        fmt::format("exec:{}: {}{}", printable(c.command), e.what(),
                    e.errors().empty() ? "" : "; it wrote: " + printable(in_one_line(e.errors()))));
}

}  // namespace tailrace::verify
