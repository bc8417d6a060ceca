// The kinds of handle and their verbs; and the table of what the contract says of a verb, apart from what it does.
//
// The queries below the table are all that the rest of the project knows of a verb in general. A new verb comes last:
// its number is part of tokens. After a change here run: ci/test -L 'model|proptests|conformance'
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <optional>
#include <string_view>

namespace tailrace::model {

/// What a name in a program stands for. The letter is its prefix in the text form.
enum class handle_kind : unsigned char {
    sender,       // s0
    weak_sender,  // w0
    receiver,     // r (only one)
    operation,    // f0: created, and not yet finished or dropped
    permit,       // p0
    iterator,     // i0: the permits of one reserve_many
    owned_permit  // o0
};

inline constexpr std::size_t kind_count = static_cast<std::size_t>(handle_kind::owned_permit) + 1;

/// The operations, grouped by the kinds of handle that have them. One spelling is one verb, so that
/// `send` is an operation on a sender and an immediate step on a permit: the subject decides which.
enum class verb : unsigned char {
    // steps on a sender
    try_send,
    send,  // also on a permit and on an owned permit
    send_timeout,
    reserve,
    reserve_many,
    reserve_owned,
    closed,
    try_reserve,
    try_reserve_many,
    try_reserve_owned,
    clone,  // also on a weak sender
    downgrade,
    upgrade,  // on a weak sender
    // steps on a permit, an owned permit, an iterator
    release,
    next,
    // steps on the receiver
    recv,
    recv_timeout,
    recv_many,
    try_recv,
    close,
    // observers
    capacity,
    max_capacity,
    strong_count,
    weak_count,
    is_closed,
    len,
    is_empty,
    sender_strong_count,
    sender_weak_count,
    // steps on any handle, and on the clock
    poll,
    drop,
    advance
};

/// What follows a verb in the text form.
struct verb_shape {
    std::string_view spelling;
    bool value = false, count = false, time = false;
};

namespace verb_table {

using kinds = unsigned;  // a set of handle_kind

constexpr kinds only(handle_kind kind) noexcept { return 1U << static_cast<unsigned>(kind); }

inline constexpr kinds nothing = 0;
inline constexpr kinds sender = only(handle_kind::sender);
inline constexpr kinds weak_sender = only(handle_kind::weak_sender);
inline constexpr kinds receiver = only(handle_kind::receiver);
inline constexpr kinds operation = only(handle_kind::operation);
inline constexpr kinds permit = only(handle_kind::permit);
inline constexpr kinds iterator = only(handle_kind::iterator);
inline constexpr kinds owned_permit = only(handle_kind::owned_permit);
inline constexpr kinds anything = sender | weak_sender | receiver | operation | permit | iterator | owned_permit;

using traits = unsigned;  // a set of these

inline constexpr traits plain = 0;
inline constexpr traits value = 1;      // a value follows, to be sent
inline constexpr traits count = 2;      // a number follows
inline constexpr traits time = 4;       // a duration follows
inline constexpr traits waits = 8;      // it creates an operation that may have to wait
inline constexpr traits blocks = 16;    // the operation has a blocking form besides
inline constexpr traits ends = 32;      // a success takes the subject away: it is used up, or an operation owns it
inline constexpr traits receives = 64;  // it takes values out
inline constexpr traits observes = 128;

struct row {
    verb what = verb::advance;
    std::string_view spelling;
    kinds subjects = nothing;  // the handles that have it
    traits is = plain;
    kinds makes = nothing;  // the handle that a success makes: at once, or when the operation finishes

    [[nodiscard]] constexpr bool has(traits t) const noexcept { return (is & t) != 0; }
};

// In the order of the verbs. A verb that is not the same for all its subjects has several rows.
inline constexpr std::array rows{
    row{verb::try_send, "try_send", sender, value},
    row{verb::send, "send", sender, value | waits | blocks},
    row{verb::send, "send", permit, value | ends},
    row{verb::send, "send", owned_permit, value | ends, sender},
    row{verb::send_timeout, "send_timeout", sender, value | time | waits},
    row{verb::reserve, "reserve", sender, waits, permit},
    row{verb::reserve_many, "reserve_many", sender, count | waits, iterator},
    row{verb::reserve_owned, "reserve_owned", sender, waits | ends, owned_permit},
    row{verb::closed, "closed", sender, waits},
    row{verb::try_reserve, "try_reserve", sender, plain, permit},
    row{verb::try_reserve_many, "try_reserve_many", sender, count, iterator},
    row{verb::try_reserve_owned, "try_reserve_owned", sender, ends, owned_permit},
    row{verb::clone, "clone", sender, plain, sender},
    row{verb::clone, "clone", weak_sender, plain, weak_sender},
    row{verb::downgrade, "downgrade", sender, plain, weak_sender},
    row{verb::upgrade, "upgrade", weak_sender, plain, sender},
    row{verb::release, "release", owned_permit, ends, sender},
    row{verb::next, "next", iterator, plain, permit},
    row{verb::recv, "recv", receiver, waits | blocks | receives},
    row{verb::recv_timeout, "recv_timeout", receiver, time | waits | receives},
    row{verb::recv_many, "recv_many", receiver, count | waits | receives},
    row{verb::try_recv, "try_recv", receiver, receives},
    row{verb::close, "close", receiver},
    row{verb::capacity, "capacity", sender | receiver, observes},
    row{verb::max_capacity, "max_capacity", sender, observes},
    row{verb::strong_count, "strong_count", sender | weak_sender, observes},
    row{verb::weak_count, "weak_count", sender | weak_sender, observes},
    row{verb::is_closed, "is_closed", sender | receiver, observes},
    row{verb::len, "len", sender | receiver, observes},
    row{verb::is_empty, "is_empty", receiver, observes},
    row{verb::sender_strong_count, "sender_strong_count", receiver, observes},
    row{verb::sender_weak_count, "sender_weak_count", receiver, observes},
    row{verb::poll, "poll", operation},
    row{verb::drop, "drop", anything, ends},
    row{verb::advance, "advance", nothing, time},
};

constexpr std::size_t index(verb v) noexcept { return static_cast<std::size_t>(v); }

consteval bool in_order() {
    std::size_t next = 0;  // verb
    for (const row& r : rows) {
        if (index(r.what) == next) {
            ++next;
        } else if (index(r.what) + 1 != next) {
            return false;
        }
    }
    return true;
}
static_assert(in_order(), "every verb has a row, and the rows are in the order of the verbs");

}  // namespace verb_table

inline constexpr std::size_t verb_count = verb_table::index(verb_table::rows.back().what) + 1;

namespace verb_table {

inline constexpr auto shapes = [] {
    std::array<verb_shape, verb_count> all{};
    for (const row& r : rows) all[index(r.what)] = {r.spelling, r.has(value), r.has(count), r.has(time)};
    return all;
}();

inline constexpr auto by_subject = [] {
    std::array<std::array<row, kind_count>, verb_count> all{};
    for (const row& r : rows) {
        for (std::size_t k = 0; k < kind_count; ++k) {
            if ((r.subjects >> k & 1U) != 0) all[index(r.what)][k] = r;
        }
    }
    return all;
}();

/// One without subjects and traits, if the verb does not apply.
constexpr const row& row_of(verb v, handle_kind subject) noexcept {
    return by_subject[index(v)][static_cast<std::size_t>(subject)];
}

}  // namespace verb_table

[[nodiscard]] constexpr const verb_shape& shape_of(verb v) noexcept { return verb_table::shapes[verb_table::index(v)]; }

/// True if handles of this kind have this verb at all. `advance` has no subject: false for every
/// kind. The other queries say no where the verb does not apply.
[[nodiscard]] constexpr bool applies_to(verb v, handle_kind subject) noexcept {
    return verb_table::row_of(v, subject).subjects != verb_table::nothing;
}

/// True for a verb that creates an operation which may have to wait, given the kind it is applied to.
[[nodiscard]] constexpr bool creates_operation(verb v, handle_kind subject) noexcept {
    return verb_table::row_of(v, subject).has(verb_table::waits);
}

/// The channel has a call besides that blocks until the operation has finished.
[[nodiscard]] constexpr bool has_blocking_form(verb v, handle_kind subject) noexcept {
    return verb_table::row_of(v, subject).has(verb_table::blocks);
}

/// The kind of handle that a success makes: at once, or when the operation finishes.
[[nodiscard]] constexpr std::optional<handle_kind> makes(verb v, handle_kind subject) noexcept {
    const verb_table::kinds made = verb_table::row_of(v, subject).makes;
    if (made == verb_table::nothing) return std::nullopt;
    return static_cast<handle_kind>(std::countr_zero(made));
}

/// After a success the subject is gone: dropped, used up, or owned by an operation. Nothing may borrow it then.
[[nodiscard]] constexpr bool ends_subject(verb v, handle_kind subject) noexcept {
    return verb_table::row_of(v, subject).has(verb_table::ends);
}

/// Changes nothing.
[[nodiscard]] constexpr bool is_observer(verb v, handle_kind subject) noexcept {
    return verb_table::row_of(v, subject).has(verb_table::observes);
}

/// Its operation owns the sender that it is applied to. The other operations of a sender borrow it.
[[nodiscard]] constexpr bool owns_sender(verb v) noexcept {
    return creates_operation(v, handle_kind::sender) && ends_subject(v, handle_kind::sender);
}

/// Takes capacity, on a sender: for a value, or as permits.
[[nodiscard]] constexpr bool acquires(verb v) noexcept {
    const verb_table::row& r = verb_table::row_of(v, handle_kind::sender);
    return r.has(verb_table::value) ||
           (r.makes & (verb_table::permit | verb_table::iterator | verb_table::owned_permit)) != 0;
}

/// Takes values from the receiver. Legal only while no receive is unfinished.
[[nodiscard]] constexpr bool takes_values(verb v) noexcept {
    return verb_table::row_of(v, handle_kind::receiver).has(verb_table::receives);
}

/// Creates an operation that waits for values.
[[nodiscard]] constexpr bool is_receive(verb v) noexcept { return creates_operation(v, handle_kind::receiver); }

/// Done by the kit only while no receive is unfinished. The specification allows the drop of the receiver.
[[nodiscard]] constexpr bool needs_receiver_alone(verb v) noexcept {
    return takes_values(v) || ends_subject(v, handle_kind::receiver);
}

}  // namespace tailrace::model
