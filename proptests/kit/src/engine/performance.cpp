// Reactions on a target: which occasion comes next, which steps are due at it, and what differs first.
// After a change here run: ci/test -L proptests -R 'sequential|reactions'
#include "engine/performance.hpp"

#include <utility>

namespace tailrace::verify {
namespace {

using model::occasion;

class performance final : private session_events {
  public:
    performance(session& on, std::span<const model::line> lines, capabilities within)
        : session_(on), lines_(lines), within_(within) {
        session_.react_with(this);
    }
    performance(const performance&) = delete;
    performance& operator=(const performance&) = delete;
    ~performance() { session_.react_with(nullptr); }

    [[nodiscard]] std::optional<line_difference> run() && {
        take();
        return std::move(difference_);
    }

  private:
    /// A call that is under way.
    struct call {
        std::size_t line;
        model::outcome expected;
        std::size_t woken = 0;  // occasions so far
        std::size_t destroyed = 0;
        bool strayed = false;  // an occasion was not the expected one
    };

    void woken(std::uint32_t operation) noexcept override { react({0, occasion::kind::woken, operation}); }
    void destroyed(model::value_id value) noexcept override { react({0, occasion::kind::destroyed, value}); }

    /// Takes the next line, whose occasion has come.
    void take() {
        const std::size_t at = next_++;
        const model::step& s = lines_[at].step;
        calls_.push_back({at, as_shown(within_, s, lines_[at].expected)});
        std::optional<model::outcome> got;
        std::optional<thrown_in_place> thrown;
        try {
            got = session_.apply(s);
        } catch (...) {
            thrown = what_was_thrown();
        }
        const call ended = std::move(calls_.back());
        calls_.pop_back();
        compare(ended, std::move(got), std::move(thrown));
    }

    void react(occasion at) noexcept {
        if (calls_.empty() || strayed_) return;
        call& c = calls_.back();
        at.depth = static_cast<unsigned>(calls_.size());
        if (lines_[c.line].step.what != model::verb::advance && !is_expected(c, at)) {
            c.strayed = strayed_ = true;
            return;
        }
        while (next_ < lines_.size() && lines_[next_].step.at == at && !difference_) take();
    }

    static bool is_expected(call& c, const occasion& at) {
        if (at.is == occasion::kind::woken) {
            const std::size_t next = c.woken++;
            return next < c.expected.woken.size() && c.expected.woken[next].number == at.number;
        }
        const std::size_t next = c.destroyed++;
        return next < c.expected.destroyed.size() && c.expected.destroyed[next] == at.number;
    }

    void compare(const call& ended, std::optional<model::outcome> got, std::optional<thrown_in_place> thrown) {
        if (difference_) return;
        line_difference d{ended.line, next_ - 1, ended.expected, std::move(got), {}, {}};
        const model::step& s = lines_[ended.line].step;
        d.expected = comparable(s, std::move(d.expected));
        if (d.got) {
            d.got = comparable(s, std::move(*d.got));
            if (d.expected.answer != d.got->answer) d.differs.push_back(aspect::answer);
            if (d.expected.woken != d.got->woken) d.differs.push_back(aspect::woken);
            if (d.expected.destroyed != d.got->destroyed) d.differs.push_back(aspect::destroyed);
            const bool missed = next_ < lines_.size() && lines_[next_].step.at.depth > s.at.depth;
            if (d.differs.empty() && (ended.strayed || missed)) {
                if (missed) ++d.last;
                d.differs.push_back(aspect::woken);
                d.notes.emplace_back("wakes and destructions came in another order");
            }
        } else {
            d.differs.push_back(thrown->differs);
            d.notes = std::move(thrown->notes);
        }
        if (d.differs.empty()) return;
        strayed_ = true;
        difference_ = std::move(d);
    }

    session& session_;
    std::span<const model::line> lines_;
    capabilities within_;
    std::vector<call> calls_;
    std::size_t next_ = 0;  // line
    bool strayed_ = false;
    std::optional<line_difference> difference_;
};

}  // namespace

std::optional<line_difference> perform(session& on, std::span<const model::line> call, capabilities within) {
    return performance(on, call, within).run();
}

}  // namespace tailrace::verify
