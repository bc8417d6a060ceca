// Running generated programs on a target beside the specification. The rules are in sequential.hpp.
// After a change here run: ci/test -L proptests -R 'sequential|shrink'
#include "engine/sequential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coverage/reach_storage.hpp"
#include "program/shrink.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/machine.hpp"

namespace tailrace::verify {
namespace {

/// Timers that are due together have no order.
void make_comparable(const model::step& s, model::outcome& o) {
    if (s.what == model::verb::advance) std::ranges::sort(o.woken);
}

/// A channel that has failed may do worse when it is destroyed, and take its counterexample with it:
/// it is kept for good.
void abandon(std::unique_ptr<session> failed) {
    static auto* const all = new std::vector<std::unique_ptr<session>>;
    all->push_back(std::move(failed));
}

/// A channel of the target, and the specification beside it.
class pair_of_channels {
  public:
    pair_of_channels(const target& t, std::uint64_t capacity) : target_(t), specification_(capacity) {}
    pair_of_channels(const pair_of_channels&) = delete;
    pair_of_channels& operator=(const pair_of_channels&) = delete;
    ~pair_of_channels() {
        if (session_ && !differs_.empty()) abandon(std::move(session_));
    }

    [[nodiscard]] const model::machine& specification() const { return specification_; }
    [[nodiscard]] const model::outcome& expected() const { return expected_; }
    [[nodiscard]] const std::vector<aspect>& differs() const { return differs_; }
    [[nodiscard]] const std::optional<model::outcome>& got() const { return got_; }
    [[nodiscard]] std::uint64_t conservation_checks() const { return conservation_checks_; }
    /// Of the target, if it can tell.
    [[nodiscard]] const std::optional<verify::storage>& storage() const { return storage_; }

    /// The specification takes the step.
    void take(const model::step& s) { expected_ = as_shown(target_.capabilities, s, specification_.apply(s)); }
    /// Then the target does. False if anything differs: no more steps after that.
    [[nodiscard]] bool agree(const model::step& s) {
        try {
            if (!session_) session_ = target_.open(specification_.max);
            got_ = session_->apply(s);
            compare(s);
            if (differs_.empty()) check_conservation();
            if (differs_.empty()) check_storage();
        } catch (const std::exception& e) {
            threw(fmt::format("the target threw: {}", e.what()));
        } catch (...) {
            threw("the target threw something that is not an exception of the standard library");
        }
        return differs_.empty();
    }

    /// After a step in which they did not agree.
    [[nodiscard]] parting parted(std::size_t at, std::string before) const {
        parting p{at, expected_, got_, differs_, notes_, std::move(before), model::to_string(specification_), {}};
        try {
            if (session_) p.state = session_->describe();
        } catch (const std::exception& e) {
            p.state = fmt::format("cannot describe itself: {}", e.what());
        }
        return p;
    }

  private:
    void compare(const model::step& s) {
        make_comparable(s, expected_);
        make_comparable(s, *got_);
        if (expected_.answer != got_->answer) differs_.push_back(aspect::answer);
        if (expected_.woken != got_->woken) differs_.push_back(aspect::woken);
        if (expected_.destroyed != got_->destroyed) differs_.push_back(aspect::destroyed);
    }

    void check_conservation() {
        const std::optional<std::uint64_t> free = session_->observe_capacity();
        if (!free) return;
        ++conservation_checks_;
        const model::machine& m = specification_;
        const std::uint64_t sum = *free + m.buffer.size() + m.outstanding() + m.held();
        if (sum == m.max) return;
        differs_.push_back(aspect::conservation);
        notes_.push_back(fmt::format("{} free + {} buffered + {} out + {} held = {}, not {}", *free, m.buffer.size(),
                                     m.outstanding(), m.held(), sum, m.max));
    }

    /// The clause channel.idle-storage.
    void check_storage() {
        storage_ = session_->observe_storage();
        if (!storage_) return;
        const bool idle = !specification_.closed && specification_.available == specification_.max;
        if (storage_->next != counted_at_) times_idle_ = 0;
        counted_at_ = storage_->next;
        if (idle && !was_idle_) ++times_idle_;
        was_idle_ = idle;
        constexpr unsigned most_without_message = 15;
        if (!idle || times_idle_ > most_without_message || storage_->blocks <= storage_->kept_blocks) return;
        differs_.push_back(aspect::storage);
        notes_.push_back(fmt::format("it keeps {} blocks, and may keep {}", storage_->blocks, storage_->kept_blocks));
    }

    void threw(std::string note) {
        got_.reset();
        differs_.assign({aspect::thrown});
        notes_.push_back(std::move(note));
    }

    const target& target_;
    model::machine specification_;
    std::unique_ptr<session> session_;
    model::outcome expected_;
    std::optional<model::outcome> got_;
    std::vector<aspect> differs_;
    std::vector<std::string> notes_;
    std::uint64_t conservation_checks_ = 0;
    std::optional<verify::storage> storage_;
    std::uint64_t counted_at_ = 0;  // the number of the next message
    unsigned times_idle_ = 0;       // since it is that
    bool was_idle_ = true;
};

/// What a step does: its verb, and that of the operation which it polls or drops.
struct question {
    model::verb what;
    model::verb about;

    question(const model::machine& before, const model::step& s) : what(s.what), about(s.what) {
        if (what == model::verb::advance || s.subject.kind != model::handle_kind::operation) return;
        about = before.find_operation(s.subject.number)->what;
    }
    friend auto operator<=>(const question&, const question&) = default;
};

/// What a failure looks like before anything is known about it.
struct failure_kind {
    question asked;
    std::vector<aspect> differs;
    model::status expected;
    std::optional<model::status> got;

    failure_kind(question q, const pair_of_channels& after)
        : asked(q), differs(after.differs()), expected(after.expected().answer.status) {
        if (after.got()) got = after.got()->answer.status;
    }
    friend auto operator<=>(const failure_kind&, const failure_kind&) = default;
};

std::string name_of(const failure_kind& k) {
    std::string name = fmt::format("{} {} {}", static_cast<int>(k.asked.what), static_cast<int>(k.asked.about),
                                   static_cast<int>(k.expected));
    if (k.got) name += fmt::format(" {}", static_cast<int>(*k.got));
    for (const aspect a : k.differs) name += fmt::format(" {}", to_string(a));
    return name;
}

struct stumble {
    std::size_t at = 0;
    failure_kind kind;
};

std::optional<stumble> first_difference(const target& t, const script& s) {
    pair_of_channels both(t, s.capacity);
    for (std::size_t i = 0; i < s.steps.size(); ++i) {
        if (!is_prompt(t.capabilities, both.specification(), s.steps[i])) return std::nullopt;
        const question asked(both.specification(), s.steps[i]);
        both.take(s.steps[i]);
        if (!both.agree(s.steps[i])) return stumble{i, {asked, both}};
    }
    return std::nullopt;
}

/// The state before the step and after, and so on: only once it is known that the last step fails.
void explain(const target& t, const script& s, sequential_failure& f) {
    f.trace.capacity = s.capacity;
    pair_of_channels both(t, s.capacity);
    for (std::size_t i = 0; i < s.steps.size(); ++i) {
        std::string before = model::to_string(both.specification());
        both.take(s.steps[i]);
        const bool agreed = both.agree(s.steps[i]);
        f.trace.lines.push_back({s.steps[i], both.expected(), i + 1});
        if (agreed) continue;
        f.last = both.parted(i, std::move(before));
        return;
    }
    f.last.at = s.steps.size() - 1;
    f.last.notes.emplace_back("the target agreed when the same steps were taken again");
}

class sequential_search {
  public:
    sequential_search(const target& t, const sequential_options& options)
        : target_(t),
          options_(options),
          generate_(t.capabilities, {options.seed, options.max_length, options.left_out, t.capacity_for}),
          reach_(t.capabilities) {
        result_.target = t.name;
    }

    [[nodiscard]] sequential_result all(const progress& tell) && {
        for (std::uint64_t i = 0; i < options_.programs && !found_enough() && !(options_.enough && options_.enough());
             ++i) {
            if (tell) tell(i, options_.programs);
            one(options_.first + i);
        }
        if (found_.empty()) {
            result_.reached = reach_.judge(options_.max_length);
            if (!target_.geometries.empty())
                std::ranges::move(stored_.judge(options_.max_length), std::back_inserter(result_.reached));
        }
        for (finding& one : found_) {
            if (result_.failure) {
                result_.more.push_back(std::move(one.smallest));
            } else {
                result_.failure = std::move(one.smallest);
            }
        }
        return std::move(result_);
    }

  private:
    void one(std::uint64_t index) {
        const program p = generate_(index);
        ++result_.programs;
        reach_.begin_program();
        stored_.begin_program();
        const target& on = target_for(target_, index);
        pair_of_channels both(on, p.capacity);
        interpreter steps(p);
        taken_.clear();
        while (const std::optional<model::step> s = steps.next(both.specification())) {
            moment around(both.specification(), *s);
            const question asked(both.specification(), *s);
            both.take(*s);
            reach_.note(around, both.specification(), both.expected());
            taken_.push_back(*s);
            const bool agree = both.agree(*s);
            if (both.storage()) stored_.note(*both.storage(), both.specification().buffer.size());
            if (!agree) {
                result_.agreed.emplace(index, taken_.size() - 1);
                fail(on, index, {p.capacity, taken_}, {asked, both});
                break;
            }
        }
        result_.steps += taken_.size();
        result_.conservation_checks += both.conservation_checks();
    }

    [[nodiscard]] bool found_enough() const { return found_.size() >= options_.most_failures; }

    /// One of several failures is shrunk within its kind: a deep one would end as a shallow one.
    void fail(const target& on, std::uint64_t index, const script& failing, const failure_kind& kind) {
        if (++shrinks_[kind] > options_.shrinks_of_a_kind) return;
        const bool any_kind = options_.most_failures == 1;
        const auto fails = [&](const script& s) -> std::optional<std::size_t> {
            if (reachable(on, s.capacity) != s.capacity) return std::nullopt;
            const std::optional<stumble> one = first_difference(on, s);
            if (!one || !(any_kind || one->kind == kind)) return std::nullopt;
            return one->at;
        };
        constexpr std::size_t most_attempts = 20'000;
        const shrunk_script small = shrink(failing, on.capabilities, fails, most_attempts, options_.over);
        sequential_failure f;
        f.program = index;
        f.length = failing.steps.size();
        f.attempts = small.attempts;
        f.trace.id = fmt::format("seed-{}-program-{}", options_.seed, index);
        explain(on, small.smallest, f);
        keep(std::move(f), kind);
    }

    struct finding {
        std::vector<std::string> at_fault;
        sequential_failure smallest;
    };

    void keep(sequential_failure&& f, const failure_kind& kind) {
        finding fresh{options_.classify ? options_.classify(f) : std::vector{name_of(kind)}, {}};
        const auto explains = [](const finding& one, const finding& other) {
            return std::ranges::includes(other.at_fault, one.at_fault);
        };
        for (finding& known : found_) {
            if (!explains(known, fresh)) continue;
            if (explains(fresh, known) && size_of(f) < size_of(known.smallest)) known.smallest = std::move(f);
            return;
        }
        std::erase_if(found_, [&](const finding& known) { return explains(fresh, known); });
        fresh.smallest = std::move(f);
        found_.push_back(std::move(fresh));
    }

    static std::pair<std::size_t, std::uint64_t> size_of(const sequential_failure& f) {
        return {f.trace.lines.size(), f.trace.capacity};
    }

    const target& target_;
    sequential_options options_;
    generator generate_;
    reach_counter reach_;
    storage_watch stored_;
    std::vector<model::step> taken_;
    std::map<failure_kind, std::size_t> shrinks_;
    std::vector<finding> found_;
    sequential_result result_;
};

}  // namespace

std::vector<reach> sequential_result::with(reach_verdict v) const {
    std::vector<reach> some;
    std::ranges::copy_if(reached, std::back_inserter(some), [&](const reach& r) { return r.verdict == v; });
    return some;
}

bool sequential_result::passed() const {
    return !failure && std::ranges::all_of(reached, [](const reach& r) { return r.verdict == reach_verdict::reached; });
}

std::optional<sequential_failure> take_again(const target& t, const script& s) {
    model::machine m(s.capacity);
    for (const model::step& one : s.steps) {
        if (const std::optional<std::string> refusal = m.refusal(one)) {
            throw std::runtime_error("the program of the token is illegal: " + *refusal);
        }
        (void)m.apply(one);
    }
    const std::optional<stumble> at = first_difference(t, s);
    if (!at) return std::nullopt;
    sequential_failure f;
    f.length = at->at + 1;
    script failing = s;
    failing.steps.resize(f.length);
    f.trace.id = "replayed";
    explain(t, failing, f);
    return f;
}

sequential_result run_sequential(const target& t, const sequential_options& options, const progress& tell) {
    return sequential_search(t, options).all(tell);
}

}  // namespace tailrace::verify
