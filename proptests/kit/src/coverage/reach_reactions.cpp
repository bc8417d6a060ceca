// Coverage goals: in how many of 10,000 generated programs each reaction has to occur in which channels go wrong.
// After a change here run: ci/test -L proptests -R 'reach|sequential'
#include <algorithm>
#include <array>

#include "coverage/reach_table.hpp"

namespace tailrace::verify {
namespace reaction_rows {

using model::handle;
using model::handle_kind;
using model::line;
using model::occasion;
using model::step;
using model::verb;
using program_part = std::span<const line>;

/// The step inside whose call line `i` was taken.
const step& around(program_part call, std::size_t i) {
    const unsigned depth = call[i].step.at.depth;
    while (call[i].step.at.depth >= depth) --i;
    return call[i].step;
}

template <class Is>
bool any_reaction(program_part call, Is is) {
    for (std::size_t i = 1; i < call.size(); ++i) {
        if (is(call[i].step, around(call, i))) return true;
    }
    return false;
}

bool ends(const step& s, const handle& h) { return s.what == verb::drop && s.subject == h; }

/// What the waker of a coroutine does.
bool polls_what_is_woken(program_part call) {
    return any_reaction(call, [](const step& s, const step&) {
        return s.at.is == occasion::kind::woken && s.what == verb::poll && s.subject.number == s.at.number;
    });
}

bool drops_what_is_woken(program_part call) {
    return any_reaction(call, [](const step& s, const step&) {
        return s.at.is == occasion::kind::woken &&
               ends(s, {handle_kind::operation, static_cast<std::uint32_t>(s.at.number)});
    });
}

/// Of a call on a handle of this kind.
template <handle_kind Kind>
bool ends_the_subject(program_part call) {
    return any_reaction(call,
                        [](const step& s, const step& in) { return in.subject.kind == Kind && ends(s, in.subject); });
}

bool closes(program_part call) {
    return any_reaction(call, [](const step& s, const step&) { return s.what == verb::close; });
}

bool drops_receiver(program_part call) {
    return any_reaction(call, [](const step& s, const step&) { return ends(s, handle{}); });
}

/// Most of all the last handles of a channel.
bool drops_both_halves(program_part call) {
    return drops_receiver(call) && any_reaction(call, [](const step& s, const step&) {
               return s.what == verb::drop && s.subject.kind == handle_kind::sender;
           });
}

/// Most of all the last one, beside a receive that the close is still to wake.
bool drops_a_sender_in_close(program_part call) {
    return any_reaction(call, [](const step& s, const step& in) {
        return in.what == verb::close && s.what == verb::drop && s.subject.kind == handle_kind::sender;
    });
}

bool runs_in_a_destructor(program_part call) {
    return any_reaction(call, [](const step& s, const step&) { return s.at.is == occasion::kind::destroyed; });
}

bool is_nested(program_part call) {
    return std::ranges::any_of(call, [](const line& l) { return l.step.at.depth >= 2; });
}

/// Of several wakes on the way, the first finds something else to do.
bool delays_other_wakes(program_part call) {
    return any_reaction(call,
                        [](const step& s, const step& in) { return s.what == verb::poll && in.what == verb::close; });
}

constexpr capabilities waits{capability::send, capability::recv};
constexpr capabilities ends_receiver{capability::recv, capability::receiver_drop};
constexpr capabilities ends_sender{capability::recv, capability::clone, capability::sender_drop};

constexpr std::array reaction_table{
    required_reaction{"a waker polls its operation", 300, waits, polls_what_is_woken},
    required_reaction{"a waker drops its operation", 150, waits, drops_what_is_woken},
    required_reaction{"a reaction drops the operation whose poll is under way", 70, waits,
                      ends_the_subject<handle_kind::operation>},
    required_reaction{"a reaction drops the sender whose call is under way", 4, ends_sender,
                      ends_the_subject<handle_kind::sender>},
    required_reaction{"a reaction drops the receiver whose call is under way", 120, ends_receiver,
                      ends_the_subject<handle_kind::receiver>},
    required_reaction{"a reaction drops the receiver", 200, ends_receiver, drops_receiver},
    required_reaction{"reactions of a call drop both halves", 100, ends_sender, drops_both_halves},
    required_reaction{"a reaction closes the channel", 100, {capability::recv, capability::close}, closes},
    required_reaction{
        "a reaction polls while a close wakes others", 80, {capability::recv, capability::close}, delays_other_wakes},
    required_reaction{"a reaction drops a sender while a close wakes others",
                      20,
                      {capability::recv, capability::close, capability::clone, capability::sender_drop},
                      drops_a_sender_in_close},
    required_reaction{"a destructor of a value takes steps", 200, {capability::receiver_drop}, runs_in_a_destructor},
    required_reaction{"a reaction inside a reaction", 120, waits, is_nested},
};

}  // namespace reaction_rows

std::span<const required_reaction> required_reactions() noexcept { return reaction_rows::reaction_table; }

}  // namespace tailrace::verify
