// The vocabulary: the steps of a program on a channel, the possible responses, and the other observable effects.
//
// Traces, the specification, generated programs and reports all use these types. Text form: text.hpp. After a change
// here run: ctest -L model
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tailrace::model {

using value_id = std::uint64_t;
using duration = std::chrono::milliseconds;

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

struct handle {
    handle_kind kind = handle_kind::receiver;
    std::uint32_t number = 0;

    friend bool operator==(const handle&, const handle&) = default;
    friend auto operator<=>(const handle&, const handle&) = default;
};

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

inline constexpr std::size_t verb_count = static_cast<std::size_t>(verb::advance) + 1;

/// Creates an operation that waits for values.
[[nodiscard]] constexpr bool is_receive(verb v) noexcept {
    return v == verb::recv || v == verb::recv_timeout || v == verb::recv_many;
}

/// Legal for the receiver only while no receive is unfinished.
[[nodiscard]] constexpr bool needs_receiver_alone(verb v) noexcept {
    return is_receive(v) || v == verb::try_recv || v == verb::drop;
}

/// One step of a program. Which of the last four members mean something follows from the verb (see
/// `shape_of`); the others stay at their defaults, so that equality is plain.
struct step {
    verb what = verb::advance;
    handle subject;               // nothing for `advance`
    value_id value = 0;           // try_send, send, send_timeout
    std::uint64_t count = 0;      // reserve_many, try_reserve_many, recv_many
    duration time{0};             // send_timeout, recv_timeout, advance
    std::uint32_t operation = 0;  // the operation that a waiting verb creates ("as f7")

    friend bool operator==(const step&, const step&) = default;
};

/// What follows a verb in the text form.
struct verb_shape {
    std::string_view spelling;
    bool value, count, time;
};

[[nodiscard]] const verb_shape& shape_of(verb v) noexcept;

/// True for a verb that creates an operation which may have to wait, given the kind it is applied
/// to. False where the verb does not apply.
[[nodiscard]] bool creates_operation(verb v, handle_kind subject) noexcept;

/// True if handles of this kind have this verb at all. `advance` has no subject: false for every
/// kind.
[[nodiscard]] bool applies_to(verb v, handle_kind subject) noexcept;

enum class status : unsigned char {
    ok,
    created,
    pending,
    full,     // with the value for try_send
    closed,   // with the value for a send
    timeout,  // with the value for a send
    done,     // closed() has finished
    some,     // one value received
    many,     // a batch received, possibly empty
    none,
    empty,
    disconnected,
    made,  // a new handle; with the number of permits if it is an iterator
    number,
    boolean
};

/// The response of a step. Members that the status does not use stay at their defaults, so that
/// equality is plain.
struct answer {
    model::status status = model::status::ok;
    std::optional<value_id> value;  // handed back by full, closed, timeout; received by some
    std::vector<value_id> values;   // many
    handle made;                    // made
    std::uint64_t number = 0;       // number; boolean (0 or 1); the size of a made iterator

    friend bool operator==(const answer&, const answer&) = default;
};

[[nodiscard]] inline answer answer_of(model::status s) {
    answer a;
    a.status = s;
    return a;
}
[[nodiscard]] inline answer answer_with(model::status s, value_id v) {
    answer a = answer_of(s);
    a.value = v;
    return a;
}
[[nodiscard]] inline answer number_answer(std::uint64_t n) {
    answer a = answer_of(status::number);
    a.number = n;
    return a;
}
[[nodiscard]] inline answer boolean_answer(bool b) {
    answer a = answer_of(status::boolean);
    a.number = b ? 1 : 0;
    return a;
}
/// A new handle; `size` is that of an iterator.
[[nodiscard]] inline answer made_answer(handle made, std::uint64_t size = 0) {
    answer a = answer_of(status::made);
    a.made = made;
    a.number = size;
    return a;
}

/// All observable effects of one step.
struct outcome {
    model::answer answer;
    std::vector<handle> woken;        // pending operations that became ready, in order
    std::vector<value_id> destroyed;  // values destroyed by the channel, in order

    friend bool operator==(const outcome&, const outcome&) = default;
};

/// The largest capacity a channel can have.
inline constexpr std::uint64_t largest_capacity = (std::uint64_t{1} << 26) - 1;

/// The longest duration in a step, and the furthest a program may advance the clock in all: 31
/// years. A deadline, clock plus duration, then fits even in 64 bits of nanoseconds.
inline constexpr duration largest_duration{1'000'000'000'000};

}  // namespace tailrace::model
