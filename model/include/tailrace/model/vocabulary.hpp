// The vocabulary: the steps of a program on a channel, the possible responses, and the other observable effects.
//
// Traces, the specification, generated programs and reports all use these types. The verbs: verbs.hpp. Text form:
// text.hpp. After a change here run: ci/test -L model
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tailrace/model/verbs.hpp"

namespace tailrace::model {

using value_id = std::uint64_t;
using duration = std::chrono::milliseconds;

struct handle {
    handle_kind kind = handle_kind::receiver;
    std::uint32_t number = 0;

    friend bool operator==(const handle&, const handle&) = default;
    friend auto operator<=>(const handle&, const handle&) = default;
};

/// Where foreign code runs inside a call of the channel: the call wakes an operation or destroys a value.
struct occasion {
    enum class kind : unsigned char { none, woken, destroyed };

    unsigned depth = 0;  // the calls around it; 0: outside of all calls
    kind is = kind::none;
    std::uint64_t number = 0;  // of the operation or the value

    friend bool operator==(const occasion&, const occasion&) = default;
};

/// Calls inside of calls that a program can have.
inline constexpr unsigned largest_depth = 16;

/// One step of a program. Which of `value`, `count`, `time` and `operation` mean something follows from the verb (see
/// `shape_of`); the others stay at their defaults, so that equality is plain.
///
/// A step at an occasion is a *reaction*. It follows the step inside whose call it is taken, and all reactions to
/// earlier occasions of that call.
struct step {
    verb what = verb::advance;
    handle subject;               // nothing for `advance`
    value_id value = 0;           // try_send, send, send_timeout
    std::uint64_t count = 0;      // reserve_many, try_reserve_many, recv_many
    duration time{0};             // send_timeout, recv_timeout, advance
    std::uint32_t operation = 0;  // the operation that a waiting verb creates ("as f7")
    occasion at = {};             // of a reaction

    friend bool operator==(const step&, const step&) = default;
};

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
