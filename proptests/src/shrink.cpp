// Shrinking, by repeated attempts. The rules are in shrink.hpp.
// After a change here run: ctest -L proptests -R 'shrink|sequential'
#include "tailrace/verify/shrink.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

#include "tailrace/model/machine.hpp"

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
    model::machine m(first.capacity);
    for (const step& s : first.steps) {
        const model::outcome out = m.apply(s);
        d.steps.push_back({s, std::nullopt});
        if (out.answer.status != status::made) continue;
        d.steps.back().makes = out.answer.made;
        if (s.what == verb::poll) made_by.emplace(s.subject.number, out.answer.made);
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
    explicit copyist(const draft& d) : machine_(d.capacity) {
        copy_.text.capacity = d.capacity;
        for (std::size_t i = 0; i < d.steps.size(); ++i) {
            if (write(d.steps[i])) copy_.from.push_back(i);
        }
    }
    [[nodiscard]] fair_copy copy() && { return std::move(copy_); }

  private:
    /// False if the step is not possible.
    bool write(const draft_step& d) {
        step s;
        s.what = d.text.what;
        const bool has_subject = s.what != verb::advance;
        if (has_subject) {
            const auto at = now_.find(d.text.subject);
            if (at == now_.end()) return false;
            s.subject = at->second;
        }
        const model::verb_shape& shape = model::shape_of(s.what);
        const bool creates = has_subject && model::creates_operation(s.what, s.subject.kind);
        if (shape.value) s.value = machine_.next_value;
        if (shape.count) s.count = d.text.count;
        if (shape.time) s.time = d.text.time;
        if (creates) s.operation = machine_.next_operation;
        if (machine_.refusal(s)) return false;

        const model::outcome out = machine_.apply(s);
        copy_.text.steps.push_back(s);
        if (creates)
            bind({handle_kind::operation, d.text.operation}, {handle_kind::operation, s.operation});
        if (out.answer.status == status::made && d.makes) bind(*d.makes, out.answer.made);
        return true;
    }

    void bind(handle at_first, handle now) {
        if (at_first.kind == now.kind) now_[at_first] = now;
    }

    model::machine machine_;
    fair_copy copy_;
    std::map<handle, handle> now_{{handle{handle_kind::sender, 0}, handle{handle_kind::sender, 0}},
                                  {handle{}, handle{}}};
};

bool allows(capabilities within, const step& s) {
    const std::optional<capability> needed = needed_for(s);
    return !needed || within.has(*needed);
}

/// Verbs that do less and could do as well, the simplest first.
std::vector<verb> simpler_verbs(const step& s) {
    switch (s.what) {
        case verb::send:
            if (s.subject.kind == handle_kind::permit) return {verb::drop};
            if (s.subject.kind == handle_kind::owned_permit) return {verb::drop, verb::release};
            return {verb::try_send};
        case verb::send_timeout: return {verb::try_send, verb::send};
        case verb::reserve: return {verb::try_reserve};
        case verb::reserve_owned: return {verb::try_reserve_owned, verb::reserve};
        case verb::reserve_many: return {verb::try_reserve, verb::reserve, verb::try_reserve_many};
        case verb::try_reserve_many:
        case verb::try_reserve_owned: return {verb::try_reserve};
        case verb::recv: return {verb::try_recv};
        case verb::recv_timeout:
        case verb::recv_many: return {verb::try_recv, verb::recv};
        case verb::release: return {verb::drop};
        case verb::drop:
            if (s.subject.kind == handle_kind::receiver) return {verb::close};
            return {};
        default: return {};
    }
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
    for (const verb v : simpler_verbs(s)) {
        all.push_back(s);
        all.back().what = v;
        if (!allows(within, all.back())) all.pop_back();
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
    shrinker(const script& failing, capabilities within, const failing_step& fails,
             std::size_t most_attempts)
        : within_(within),
          fails_(fails),
          most_attempts_(most_attempts),
          draft_(draft_of(failing)),
          result_{failing, 0} {}

    [[nodiscard]] shrunk_script run() && {
        for (bool better = true; better && may_go_on();) {
            better = take_out_runs();
            better |= lower_capacity();
            better |= simplify_steps();
            better = better || take_out_pairs();
        }
        return std::move(result_);
    }

  private:
    [[nodiscard]] bool may_go_on() const { return result_.attempts < most_attempts_; }
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

    /// What fills and what drains, what clones and what drops: neither can go alone.
    bool take_out_pairs() {
        constexpr std::size_t most = 60;
        if (size() > most) return false;
        for (std::size_t i = 0; i < size(); ++i) {
            for (std::size_t j = i + 1; j < size(); ++j) {
                draft candidate = draft_;
                candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(j));
                candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(i));
                if (attempt(candidate)) return true;
            }
        }
        return false;
    }

    bool lower_capacity() {
        for (const std::uint64_t capacity : smaller<std::uint64_t>(draft_.capacity, 1)) {
            draft candidate = draft_;
            candidate.capacity = capacity;
            if (attempt(candidate)) return true;
        }
        return false;
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
    draft draft_;
    shrunk_script result_;
};

}  // namespace

shrunk_script shrink(const script& failing, capabilities within, const failing_step& fails,
                     std::size_t most_attempts) {
    return shrinker(failing, within, fails, most_attempts).run();
}

}  // namespace tailrace::verify
