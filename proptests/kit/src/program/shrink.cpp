// Shrinking, by repeated attempts. The rules are in shrink.hpp.
// After a change here run: ci/test -L proptests -R 'shrink|sequential'
#include "program/shrink.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

#include "program/verb_table.hpp"
#include "tailrace/model/player.hpp"

namespace tailrace::verify {
namespace {

using model::handle;
using model::handle_kind;
using model::status;
using model::step;
using model::verb;

/// A step whose handles go by the names they had at first.
struct draft_step {
    step text;
    // What it makes, at once or as an operation that has been polled; nothing if it never did.
    std::optional<handle> makes;
};

struct draft {
    std::uint64_t capacity = 1;
    std::vector<draft_step> steps;
};

draft draft_of(const script& first) {
    draft d{first.capacity, {}};
    std::map<std::uint32_t, handle> made_by;  // operations
    for (const model::line& l : model::play(first.capacity, first.steps)) {
        const model::answer& answer = l.expected.answer;
        d.steps.push_back({l.step, std::nullopt});
        if (answer.status != status::made) continue;
        d.steps.back().makes = answer.made;
        if (l.step.what == verb::poll) made_by.emplace(l.step.subject.number, answer.made);
    }
    for (draft_step& s : d.steps) {
        const bool creates = model::creates_operation(s.text.what, s.text.subject.kind);
        if (!creates && s.text.what != verb::poll) continue;
        const auto at = made_by.find(creates ? s.text.operation : s.text.subject.number);
        if (at != made_by.end()) s.makes = at->second;
    }
    return d;
}

/// What a draft comes to: its legal steps, and where in the draft each stands.
struct fair_copy {
    script text;
    std::vector<std::size_t> from;
};

/// Gives every handle and value the name it has when nothing but these steps is taken.
class copyist {
  public:
    explicit copyist(const draft& d) : player_(d.capacity) {
        copy_.text.capacity = d.capacity;
        for (std::size_t i = 0; i < d.steps.size(); ++i) {
            if (write(d.steps[i])) copy_.from.push_back(i);
        }
    }
    [[nodiscard]] fair_copy copy() && { return std::move(copy_); }

  private:
    /// False if the step is not possible.
    bool write(const draft_step& d) {
        const std::optional<model::occasion> at = occasion_of(d.text);
        if (!at || !player_.go_to(*at)) return false;
        for (const handle subject : subjects_of(d.text)) {
            if (write(d, subject)) return true;
        }
        return false;
    }

    /// One sender is as good as another, unless it is about to be dropped.
    [[nodiscard]] std::vector<handle> subjects_of(const step& s) const {
        if (s.what == verb::advance) return {s.subject};
        std::vector<handle> all;
        if (const auto at = now_.find(s.subject); at != now_.end()) all.push_back(at->second);
        if (s.subject.kind == handle_kind::sender && s.what != verb::drop) {
            for (const std::uint32_t n : player_.state().senders) all.push_back({handle_kind::sender, n});
        }
        return all;
    }

    bool write(const draft_step& d, handle subject) {
        const model::machine& now = player_.state();
        step s;
        s.what = d.text.what;
        s.subject = subject;
        s.at = player_.here();
        const model::verb_shape& shape = model::shape_of(s.what);
        const bool creates = model::creates_operation(s.what, s.subject.kind);
        if (shape.value) s.value = values_[d.text.value] = now.next_value;
        if (shape.count) s.count = d.text.count;
        if (shape.time) s.time = d.text.time;
        if (creates) s.operation = now.next_operation;
        if (player_.refusal(s)) return false;

        player_.take(s);
        const model::answer& answer = player_.lines().back().expected.answer;
        copy_.text.steps.push_back(s);
        if (creates) {
            now_[{handle_kind::operation, d.text.operation}] = {handle_kind::operation, s.operation};
        }
        if (answer.status == status::made && d.makes) now_[*d.makes] = answer.made;
        return true;
    }

    /// What it is called now; nothing if what it is about never came to be.
    [[nodiscard]] std::optional<model::occasion> occasion_of(const step& s) const {
        model::occasion at = s.at;
        if (at.is == model::occasion::kind::woken) {
            const auto f = now_.find({handle_kind::operation, static_cast<std::uint32_t>(at.number)});
            if (f == now_.end()) return std::nullopt;
            at.number = f->second.number;
        } else if (at.is == model::occasion::kind::destroyed) {
            const auto v = values_.find(at.number);
            if (v == values_.end()) return std::nullopt;
            at.number = v->second;
        }
        return at;
    }

    model::player player_;
    fair_copy copy_;
    std::map<model::value_id, model::value_id> values_;
    std::map<handle, handle> now_{{handle{handle_kind::sender, 0}, handle{handle_kind::sender, 0}},
                                  {handle{}, handle{}}};
};

/// What does at once what this step waits for.
const simpler_verb* attempt_of(const step& s) {
    const auto fits = [&s](const simpler_verb& v) {
        return v.attempts && v.what == s.what && v.subject == s.subject.kind;
    };
    const auto at = std::ranges::find_if(simpler_verbs(), fits);
    return at == simpler_verbs().end() ? nullptr : &*at;
}

/// Smaller than n, the smallest first.
template <class Number>
std::vector<Number> smaller(Number n, Number least) {
    std::vector<Number> all;
    for (const Number m : std::initializer_list<Number>{least, least + 1, n / 2, n - 1}) {
        if (m >= least && m < n && (all.empty() || m > all.back())) all.push_back(m);
    }
    return all;
}

std::vector<step> simpler(const step& s, capabilities within) {
    std::vector<step> all;
    for (const simpler_verb& v : simpler_verbs()) {
        if (v.what != s.what || v.subject != s.subject.kind) continue;
        all.push_back(s);
        all.back().what = v.instead;
        if (!is_within(within, all.back())) all.pop_back();
    }
    if (s.subject.kind == handle_kind::sender && s.subject.number > 0) {
        all.push_back(s);
        all.back().subject.number = 0;
    }
    const model::verb_shape& shape = model::shape_of(s.what);
    for (const std::uint64_t n : smaller<std::uint64_t>(shape.count ? s.count : 0, 0)) {
        all.push_back(s);
        all.back().count = n;
    }
    for (const auto n : smaller<model::duration::rep>(shape.time ? s.time.count() : 0, 0)) {
        all.push_back(s);
        all.back().time = model::duration(n);
    }
    return all;
}

class shrinker {
  public:
    shrinker(const script& failing, capabilities within, const failing_step& fails, std::size_t most_attempts,
             const std::function<bool()>& over)
        : within_(within),
          fails_(fails),
          most_attempts_(most_attempts),
          over_(over),
          draft_(draft_of(failing)),
          result_{failing, 0} {}

    [[nodiscard]] shrunk_script run() && {
        for (bool better = true; better && may_go_on();) {
            better = take_out_runs();
            better |= lower_capacity();
            better |= take_out_of_calls();
            better |= replace_operations();
            better |= replace_permits();
            better |= simplify_steps();
            better = better || lower_capacity_by_a_step() || take_out_pairs();
        }
        return std::move(result_);
    }

  private:
    static constexpr std::size_t small = 60;  // steps, above which there are too many pairs

    static void take_out(draft& d, std::size_t i) { d.steps.erase(d.steps.begin() + static_cast<std::ptrdiff_t>(i)); }

    [[nodiscard]] bool may_go_on() const { return result_.attempts < most_attempts_ && !(over_ && over_()); }
    [[nodiscard]] std::size_t size() const { return draft_.steps.size(); }

    /// Takes the candidate in place of the draft if it still fails.
    bool attempt(const draft& candidate) {
        if (!may_go_on()) return false;
        ++result_.attempts;
        fair_copy copy = copyist(candidate).copy();
        const std::optional<std::size_t> at = fails_(copy.text);
        if (!at) return false;

        copy.text.steps.resize(*at + 1);
        result_.smallest = std::move(copy.text);
        draft kept{candidate.capacity, {}};
        for (std::size_t i = 0; i <= *at; ++i) kept.steps.push_back(candidate.steps[copy.from[i]]);
        draft_ = std::move(kept);
        return true;
    }

    bool take_out_runs() {
        bool better = false;
        for (std::size_t length = size() / 2 + 1; length > 0; length /= 2) {
            for (std::size_t from = 0; from < size();) {
                draft candidate = draft_;
                const auto first = candidate.steps.begin() + static_cast<std::ptrdiff_t>(from);
                const std::size_t part = std::min(length, size() - from);
                candidate.steps.erase(first, first + static_cast<std::ptrdiff_t>(part));
                if (attempt(candidate)) {
                    better = true;
                } else {
                    from += length;
                }
            }
        }
        return better;
    }

    /// What fills and what drains, what clones and what drops: neither can go alone. A holder and what
    /// it waits for go with the permit that it holds.
    bool take_out_pairs() {
        if (size() > small) return false;
        const std::uint64_t least = std::max<std::uint64_t>(1, draft_.capacity - 1);
        for (std::uint64_t capacity = draft_.capacity; capacity >= least; --capacity) {
            for (std::size_t i = 0; i < size(); ++i) {
                for (std::size_t j = i + 1; j < size(); ++j) {
                    draft candidate = with_capacity(capacity);
                    take_out(candidate, j);
                    take_out(candidate, i);
                    if (attempt(candidate)) return true;
                }
            }
        }
        return false;
    }

    /// The draft with another capacity. A step that takes all permits, or more, still does.
    [[nodiscard]] draft with_capacity(std::uint64_t capacity) const {
        draft candidate = draft_;
        candidate.capacity = capacity;
        for (draft_step& s : candidate.steps) {
            if (s.text.count >= draft_.capacity) s.text.count -= draft_.capacity - capacity;
        }
        return candidate;
    }

    bool lower_capacity() {
        for (const std::uint64_t capacity : smaller<std::uint64_t>(draft_.capacity, 1)) {
            if (attempt(with_capacity(capacity))) return true;
        }
        return false;
    }

    /// One permit less, and one less that takes one.
    bool lower_capacity_by_a_step() {
        if (draft_.capacity == 1 || size() > small) return false;
        for (std::size_t i = 0; i < size(); ++i) {
            draft candidate = with_capacity(draft_.capacity - 1);
            take_out(candidate, i);
            if (attempt(candidate)) return true;
        }
        return false;
    }

    /// A reaction, and what is inside its call, is taken after the call around it instead.
    bool take_out_of_calls() {
        bool better = false;
        for (std::size_t i = 0; i < size(); ++i) {
            const unsigned depth = draft_.steps[i].text.at.depth;
            if (depth == 0) continue;
            draft candidate = draft_;
            candidate.steps[i].text.at = {};
            for (std::size_t j = i + 1; j < size() && draft_.steps[j].text.at.depth > depth; ++j) {
                candidate.steps[j].text.at.depth -= depth;
            }
            better |= attempt(candidate);
        }
        return better;
    }

    /// An operation that finishes when it is polled gives way to an attempt at that place.
    bool replace_operations() {
        bool better = false;
        for (std::size_t i = 0; i < size(); ++i) {
            if (draft_.steps[i].text.what != verb::poll) continue;
            const std::uint32_t operation = draft_.steps[i].text.subject.number;
            const auto first = draft_.steps.begin();
            const auto creation = std::find_if(first, first + static_cast<std::ptrdiff_t>(i), [&](const draft_step& s) {
                return attempt_of(s.text) != nullptr && s.text.operation == operation;
            });
            if (creation == first + static_cast<std::ptrdiff_t>(i)) continue;
            draft candidate = draft_;
            step& s = candidate.steps[i].text;
            s = creation->text;
            s.at = draft_.steps[i].text.at;
            s.what = attempt_of(s)->instead;
            if (!is_within(within_, s)) continue;
            candidate.steps.erase(candidate.steps.begin() + (creation - first));
            better |= attempt(candidate);
        }
        return better;
    }

    /// A value that is sent through a permit is sent without one: then, or when the permit is made.
    bool replace_permits() {
        const auto attempted = [](const model::occasion& at) {
            return draft_step{step{.what = verb::try_send, .subject = {handle_kind::sender, 0}, .at = at},
                              std::nullopt};
        };
        if (!is_within(within_, attempted({}).text)) return false;
        bool better = false;
        for (std::size_t i = 0; i < size(); ++i) {
            const step sent = draft_.steps[i].text;
            if (sent.what != verb::send || sent.subject.kind == handle_kind::sender) continue;
            const auto makes = [&](const draft_step& s) { return s.makes == sent.subject; };
            draft candidate = draft_;
            candidate.steps[i] = attempted(sent.at);
            std::erase_if(candidate.steps, makes);
            if (!attempt(candidate)) {
                candidate = draft_;
                take_out(candidate, i);
                const auto maker = std::ranges::find_if(candidate.steps, makes);
                if (maker == candidate.steps.end()) continue;
                *maker = attempted(maker->text.at);
                std::erase_if(candidate.steps, makes);
                if (!attempt(candidate)) continue;
            }
            better = true;
        }
        return better;
    }

    bool simplify_steps() {
        bool better = false;
        for (std::size_t i = 0; i < size(); ++i) {
            for (const step& s : simpler(draft_.steps[i].text, within_)) {
                draft candidate = draft_;
                candidate.steps[i].text = s;
                if (!attempt(candidate)) continue;
                better = true;
                break;
            }
        }
        return better;
    }

    capabilities within_;
    const failing_step& fails_;
    std::size_t most_attempts_;
    const std::function<bool()>& over_;
    draft draft_;
    shrunk_script result_;
};

}  // namespace

shrunk_script shrink(const script& failing, capabilities within, const failing_step& fails, std::size_t most_attempts,
                     const std::function<bool()>& over) {
    return shrinker(failing, within, fails, most_attempts, over).run();
}

}  // namespace tailrace::verify
