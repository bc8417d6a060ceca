// Turns a recorded trace into its normal form: a trace of tokio or of this project. The rule is in oracle.hpp.
// After a change here run: ci/test -L proptests
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "engine/oracle.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::value_id;
using model::verb;

/// Follows a trace on the specification, and computes what either form requires at each line.
class two_forms {
  public:
    explicit two_forms(std::uint64_t capacity) : specification_(capacity) {}

    /// False once a step is illegal: nothing can be said from there on.
    bool take(const model::step& s) {
        if (specification_.refusal(s)) return false;
        prompt_ = specification_.apply(s);
        late_ = prompt_;
        sends_ = specification_.receiver_gone && s.what == verb::send && s.subject.kind != handle_kind::sender;
        if (sends_) {
            kept_.push_back(s.value);
            late_.destroyed.clear();
        } else if (s.what == verb::capacity) {
            late_.answer.number -= kept_.size();
        } else if (!kept_.empty() && specification_.strong_count() == 0 && specification_.weak_senders.empty()) {
            std::ranges::copy(std::exchange(kept_, {}), std::back_inserter(late_.destroyed));
        }
        return true;
    }

    [[nodiscard]] bool differ() const { return prompt_ != late_; }
    /// A value that the prompt form destroys here, and the late form keeps.
    [[nodiscard]] bool sends() const { return sends_; }
    [[nodiscard]] const model::outcome& prompt() const { return prompt_; }
    [[nodiscard]] const model::outcome& late() const { return late_; }
    [[nodiscard]] std::size_t kept() const { return kept_.size(); }

  private:
    model::machine specification_;
    std::vector<value_id> kept_;  // values the late form keeps alive, in order of sending
    model::outcome prompt_;
    model::outcome late_;
    bool sends_ = false;
};

/// The one member in which the forms differ at this line.
bool agrees(const model::outcome& recorded, const model::outcome& form, verb what) {
    return what == verb::capacity ? recorded.answer == form.answer : recorded.destroyed == form.destroyed;
}

bool is_late(const model::trace& recorded) {
    two_forms forms(recorded.capacity);
    std::size_t for_prompt = 0;
    std::size_t for_late = 0;
    for (const model::line& l : recorded.lines) {
        if (!forms.take(l.step)) break;
        if (!forms.differ()) continue;
        for_prompt += agrees(l.expected, forms.prompt(), l.step.what) ? 1U : 0U;
        for_late += agrees(l.expected, forms.late(), l.step.what) ? 1U : 0U;
    }
    return for_late > 0 && for_late >= for_prompt;
}

std::string list(const std::vector<value_id>& values) {
    std::string text;
    for (const value_id v : values) text += fmt::format("{}v{}", text.empty() ? "" : " ", v);
    return text;
}

std::string problem_of(const two_forms& forms, const model::step& s) {
    if (forms.sends()) {
        return fmt::format(
            "in this trace a value sent after the receiver had gone, like v{}, is destroyed when the last "
            "handle goes",
            s.value);
    }
    return fmt::format(
        "the last handle goes: in this trace what was sent after the receiver had gone is destroyed here, "
        "~ {}",
        list(forms.late().destroyed));
}

/// Rewrites the late traces' lines where the forms differ.
void make_prompt(normal_form& n) {
    two_forms forms(n.trace.capacity);
    for (std::size_t i = 0; i < n.trace.lines.size(); ++i) {
        model::line& l = n.trace.lines[i];
        if (!forms.take(l.step)) break;
        if (!forms.differ()) continue;
        if (l.step.what == verb::capacity) {
            if (l.expected.answer.status == model::status::number) l.expected.answer.number += forms.kept();
            continue;
        }
        if (!agrees(l.expected, forms.late(), l.step.what)) {
            n.contradictions.push_back({i, problem_of(forms, l.step)});
            continue;
        }
        l.expected.destroyed = forms.prompt().destroyed;
        if (forms.sends()) n.late.push_back(i);
    }
}

}  // namespace

normal_form normalise(const model::trace& recorded) {
    normal_form n{recorded, {}, {}};
    if (is_late(recorded)) make_prompt(n);
    for (model::line& l : n.trace.lines) {
        if (l.step.what == verb::advance) std::ranges::sort(l.expected.woken);
    }
    return n;
}

}  // namespace tailrace::verify
