// The table of the verbs: how each is spelled, what follows it, and which handles have it.
// After a change here run: ctest -L model
#include "tailrace/model/vocabulary.hpp"

#include <array>

namespace tailrace::model {
namespace {

using kinds = unsigned;  // a set of handle_kind

constexpr kinds only(handle_kind kind) { return 1U << static_cast<unsigned>(kind); }
constexpr bool contains(kinds set, handle_kind kind) { return (set & only(kind)) != 0; }

constexpr kinds nothing = 0;
constexpr kinds sender = only(handle_kind::sender);
constexpr kinds weak_sender = only(handle_kind::weak_sender);
constexpr kinds receiver = only(handle_kind::receiver);
constexpr kinds operation = only(handle_kind::operation);
constexpr kinds permit = only(handle_kind::permit);
constexpr kinds iterator = only(handle_kind::iterator);
constexpr kinds owned_permit = only(handle_kind::owned_permit);
constexpr kinds anything = sender | weak_sender | receiver | operation | permit | iterator | owned_permit;

struct entry {
    verb what;
    verb_shape shape;  // spelling, value, count, time
    kinds subjects;
    kinds creating = nothing;  // the subjects on which it creates an operation
};

constexpr std::array<entry, verb_count> verbs{{
    {verb::try_send, {"try_send", true, false, false}, sender},
    {verb::send, {"send", true, false, false}, sender | permit | owned_permit, sender},
    {verb::send_timeout, {"send_timeout", true, false, true}, sender, sender},
    {verb::reserve, {"reserve", false, false, false}, sender, sender},
    {verb::reserve_many, {"reserve_many", false, true, false}, sender, sender},
    {verb::reserve_owned, {"reserve_owned", false, false, false}, sender, sender},
    {verb::closed, {"closed", false, false, false}, sender, sender},
    {verb::try_reserve, {"try_reserve", false, false, false}, sender},
    {verb::try_reserve_many, {"try_reserve_many", false, true, false}, sender},
    {verb::try_reserve_owned, {"try_reserve_owned", false, false, false}, sender},
    {verb::clone, {"clone", false, false, false}, sender | weak_sender},
    {verb::downgrade, {"downgrade", false, false, false}, sender},
    {verb::upgrade, {"upgrade", false, false, false}, weak_sender},
    {verb::release, {"release", false, false, false}, owned_permit},
    {verb::next, {"next", false, false, false}, iterator},
    {verb::recv, {"recv", false, false, false}, receiver, receiver},
    {verb::recv_timeout, {"recv_timeout", false, false, true}, receiver, receiver},
    {verb::recv_many, {"recv_many", false, true, false}, receiver, receiver},
    {verb::try_recv, {"try_recv", false, false, false}, receiver},
    {verb::close, {"close", false, false, false}, receiver},
    {verb::capacity, {"capacity", false, false, false}, sender | receiver},
    {verb::max_capacity, {"max_capacity", false, false, false}, sender},
    {verb::strong_count, {"strong_count", false, false, false}, sender | weak_sender},
    {verb::weak_count, {"weak_count", false, false, false}, sender | weak_sender},
    {verb::is_closed, {"is_closed", false, false, false}, sender | receiver},
    {verb::len, {"len", false, false, false}, sender | receiver},
    {verb::is_empty, {"is_empty", false, false, false}, receiver},
    {verb::sender_strong_count, {"sender_strong_count", false, false, false}, receiver},
    {verb::sender_weak_count, {"sender_weak_count", false, false, false}, receiver},
    {verb::poll, {"poll", false, false, false}, operation},
    {verb::drop, {"drop", false, false, false}, anything},
    {verb::advance, {"advance", false, false, true}, nothing},
}};

consteval bool in_order() {
    for (std::size_t i = 0; i < verbs.size(); ++i)
        if (verbs[i].what != static_cast<verb>(i)) return false;
    return true;
}
static_assert(in_order(), "the table is indexed by the verb");

constexpr const entry& entry_of(verb v) { return verbs[static_cast<std::size_t>(v)]; }

}  // namespace

const verb_shape& shape_of(verb v) noexcept { return entry_of(v).shape; }

bool creates_operation(verb v, handle_kind subject) noexcept { return contains(entry_of(v).creating, subject); }

bool applies_to(verb v, handle_kind subject) noexcept { return contains(entry_of(v).subjects, subject); }

}  // namespace tailrace::model
