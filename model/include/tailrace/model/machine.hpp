// The specification: the abstract machine of the contract (model/README.md) as a plain value.
//
// No thread, no clock, no channel: a state that can be copied, compared, hashed and printed, and one transition for
// each step of the vocabulary. Everything else in this project is compared with it, so it is written for readability,
// not for speed.
// After a change here run: ci/test -L model && ci/verify
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tailrace/model/vocabulary.hpp"

namespace tailrace::model {

/// A waiting operation, from its creation until it finishes or is dropped.
struct operation {
    enum class phase : unsigned char {
        created,  // never polled: has no place in the queue, has taken nothing
        waiting,  // polled; acquiring operations are in the queue, a receive is parked, a listener listens
        granted,  // off the queue with everything it asked for; not polled since
        failed    // off the queue because the channel closed; keeps what it held until it is polled or dropped
    };

    std::uint32_t number = 0;
    verb what = verb::send;
    std::uint32_t sender = 0;  // the sender it borrows; the one it owns, for reserve_owned; unused by a receive
    value_id value = 0;
    std::uint64_t need = 0;  // permits asked for; the limit of a recv_many
    std::uint64_t held = 0;  // permits already taken
    duration timeout{0};
    std::optional<duration> deadline;  // set by the first poll
    phase now = phase::created;
    bool notified = false;  // a receive or a listener: woken since its last poll
    bool deadline_fired = false;

    friend bool operator==(const operation&, const operation&) = default;
};

/// Outstanding permits: `size` is 1 for a permit and an owned permit, the remainder for an iterator.
struct grant {
    handle name;
    std::uint32_t sender = 0;  // the sender it borrows; for an owned permit the one inside it
    std::uint64_t size = 1;

    friend bool operator==(const grant&, const grant&) = default;
};

struct machine {
    /// Precondition: 1 <= capacity <= largest_capacity.
    explicit machine(std::uint64_t capacity) : max(capacity), available(capacity) {}

    /// Why `s` is not a legal step now (a dead handle, a borrow, a second receive, a name used before): nothing if it
    /// is legal.
    [[nodiscard]] std::optional<std::string> refusal(const step& s) const;

    /// Takes one step. Precondition: `refusal(s)` is empty.
    outcome apply(const step& s);

    // The same in stages, for steps inside which foreign code takes others: between two stages it runs, with the wakes
    // and destructions that the stage has appended. `begin`, `proceed` until it says false, and `end`, all of the same
    // step. In which order: model/README.md, section 3.

    /// What is left of a step after a stage.
    struct remainder {
        enum class kind : unsigned char {
            end_sender,   // its permits are back; now it is dropped
            give_sender,  // of an owned permit that was used: now it has a name
            drain         // the next value is destroyed: there is no receiver
        };
        kind is;
        std::uint32_t number;  // of the sender
    };
    using remainders = std::vector<remainder>;

    /// The first stage. The answer is that of the whole step.
    remainders begin(const step& s, outcome& out);
    /// The next stage; false if there is none.
    bool proceed(remainders& rest, outcome& out);
    /// The call has returned.
    void end(const step& s);
    /// A wake that is on the way is delivered: the operation was neither finished nor dropped meanwhile. A receive that
    /// has lost its receiver is woken by its deadline only.
    [[nodiscard]] bool is_to_be_woken(std::uint32_t operation, verb by) const;

    // ---- The state. Plain data: the mutants of the model change it directly, the specification itself only through
    // the transitions below.

    std::uint64_t max;
    std::uint64_t available;
    bool closed = false;
    bool receiver_gone = false;
    duration now{0};
    std::vector<std::uint32_t> queue;      // acquiring operations that wait, oldest first
    std::vector<std::uint32_t> listeners;  // closed() operations that wait, oldest first
    std::optional<std::uint32_t> parked;   // the receive that waits
    std::vector<value_id> buffer;          // oldest first
    std::vector<operation> operations;     // unfinished, in order of creation
    std::vector<grant> grants;             // permits, iterators and owned permits that are out
    std::vector<std::uint32_t> senders{0};
    std::vector<std::uint32_t> weak_senders;

    // Of steps whose calls are under way: all empty between steps.
    std::uint64_t leaving = 0;             // senders that are about to end, or to get a name
    bool draining = false;                 // a call is destroying values: there is no receiver
    std::vector<std::uint32_t> returning;  // finished operations whose poll has not returned

    // The next new name of each kind.
    std::uint32_t next_sender = 1;
    std::uint32_t next_weak_sender = 0;
    std::uint32_t next_operation = 0;
    std::uint32_t next_permit = 0;
    std::uint32_t next_iterator = 0;
    std::uint32_t next_owned_permit = 0;
    value_id next_value = 1;

    friend bool operator==(const machine&, const machine&) = default;

    // ---- Observations.

    [[nodiscard]] std::uint64_t outstanding() const;   // permits that are out
    [[nodiscard]] std::uint64_t held() const;          // permits held by unfinished operations
    [[nodiscard]] std::uint64_t strong_count() const;  // senders, owned permits, unfinished reserve_owned
    [[nodiscard]] bool idle() const { return available == max; }
    [[nodiscard]] bool ended() const;  // a receive would say none
    /// The conservation property: every permit is in exactly one place.
    [[nodiscard]] bool conserves() const;

    [[nodiscard]] operation* find_operation(std::uint32_t number);
    [[nodiscard]] const operation* find_operation(std::uint32_t number) const;
    [[nodiscard]] const grant* find_grant(handle name) const;

    // ---- The transitions that the steps are made of. Each appends what it causes to `out`.

    /// First poll of an acquiring operation: takes the permits that it needs, or all available ones and a place in the
    /// queue.
    void acquire(operation& op);
    /// Returns k permits: to the oldest waiter until its need is met, then to the next; the rest becomes available.
    void release(std::uint64_t k, outcome& out);
    /// Removes an operation from every list.
    void unlink(const operation& op);
    /// Removes an unfinished operation and returns its permits.
    void withdraw(std::uint32_t number, outcome& out);
    /// Sets closed, fails every waiter, wakes the waiters and then the listeners.
    void close(outcome& out);
    /// Appends to the buffer (or destroys the value, after the receiver is gone) and wakes the parked receive.
    void deliver(value_id v, outcome& out);
    /// Wakes the parked receive if it is still asleep.
    void wake_receive(outcome& out);
    /// A sender is gone; the last one ends the channel.
    void drop_sender(std::uint32_t number, outcome& out);

  private:
    void poll(const step& s, outcome& out);
    void poll_acquiring(operation& op, outcome& out);
    void poll_receive(operation& op, outcome& out);
    void drop(handle h, outcome& out);
    void act_on_sender(const step& s, outcome& out);
    void act_on_grant(const step& s, outcome& out);
    void act_on_receiver(const step& s, outcome& out);
    void observe(const step& s, outcome& out);
    void create(const step& s, outcome& out);
    void advance(duration by, outcome& out);
    void make_grant(handle_kind kind, std::uint32_t sender, std::uint64_t size, outcome& out);
    void make_sender(outcome& out);
    void later(remainder r, outcome& out);
    void carry_out(remainder r, remainders& rest, outcome& out);

    remainders* stages_ = nullptr;  // while a step is taken in stages
};

/// A hash consistent with ==.
[[nodiscard]] std::size_t hash_value(const machine& m) noexcept;

/// One line: `max 4 available 1 | buffer v2 v3 | queue f4(2/3) | out p1 | ...`.
[[nodiscard]] std::string to_string(const machine& m);

}  // namespace tailrace::model

template <>
struct std::hash<tailrace::model::machine> {
    std::size_t operator()(const tailrace::model::machine& m) const noexcept { return tailrace::model::hash_value(m); }
};
