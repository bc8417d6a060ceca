// The predicates of which the coverage goals for states are made.
// After a change here run: ci/test -L proptests -R 'reach|sequential'
#pragma once

#include <cstddef>
#include <optional>

#include "coverage/reach_table.hpp"

namespace tailrace::verify::words {

using model::operation;
using model::status;
using model::verb;
using model::handle_kind::iterator;
using model::handle_kind::owned_permit;
using model::handle_kind::permit;
using model::handle_kind::receiver;
using model::handle_kind::sender;
using model::handle_kind::weak_sender;

// ---- What a state needs

inline constexpr capabilities attempts{capability::try_send};
inline constexpr capabilities batches{capability::recv_many};
inline constexpr capabilities crowds{capability::send};
inline constexpr capabilities closes{capability::close};
inline constexpr capabilities grants{capability::reserve, capability::try_reserve, capability::reserve_many,
                                     capability::reserve_owned, capability::try_reserve_owned};
inline constexpr capabilities listens{capability::closed};
inline constexpr capabilities many{capability::reserve_many};
inline constexpr capabilities owned{capability::reserve_owned, capability::try_reserve_owned};
inline constexpr capabilities permits{capability::reserve, capability::try_reserve, capability::reserve_many};
inline constexpr capabilities receives{capability::recv, capability::recv_timeout, capability::recv_many};
inline constexpr capabilities receives_at_all{capability::recv, capability::recv_timeout, capability::recv_many,
                                              capability::try_recv};
inline constexpr capabilities reserves_owned{capability::reserve_owned};
inline constexpr capabilities sends{capability::send, capability::send_timeout, capability::try_send};
inline constexpr capabilities timed_receive{capability::recv_timeout};
inline constexpr capabilities timed_send{capability::send_timeout};
inline constexpr capabilities waiting_sends{capability::send, capability::send_timeout};
// A sender has as many of these waiting as it likes; reserve_owned takes it along.
inline constexpr capabilities waits{capability::send, capability::send_timeout, capability::reserve,
                                    capability::reserve_many};
inline constexpr capabilities weak{capability::weak};

// ---- When it is met

inline constexpr std::optional<trigger> at_any_step{};
inline constexpr trigger at_poll{verb::poll, model::handle_kind::operation};
inline constexpr trigger at_cancel{verb::drop, model::handle_kind::operation};
inline constexpr trigger at_close{verb::close, receiver};
inline constexpr trigger at_receiver_drop{verb::drop, receiver};
inline constexpr trigger at_sender_drop{verb::drop, sender};
inline constexpr trigger at_permit_drop{verb::drop, permit};
inline constexpr trigger at_permit_send{verb::send, permit};
inline constexpr trigger at_owned_drop{verb::drop, owned_permit};
inline constexpr trigger at_owned_release{verb::release, owned_permit};
inline constexpr trigger at_owned_send{verb::send, owned_permit};
inline constexpr trigger at_iterator_drop{verb::drop, iterator};
inline constexpr trigger at_try_send{verb::try_send, sender};

using now = const moment&;

inline constexpr std::size_t crowd = 33;

inline bool says(now m, status s) { return m.outcome->answer.status == s; }
inline bool receives_something(now m) { return says(m, status::some) || says(m, status::many); }
inline std::size_t waiters(now m) { return m.after->queue.size(); }
inline bool closes_now(now m) { return !m.closed && m.after->closed; }

// Of the operation that is polled or cancelled.
inline bool created(now m) { return m.op->now == operation::phase::created; }
inline bool granted(now m) { return m.op->now == operation::phase::granted; }
inline bool failed(now m) { return m.op->now == operation::phase::failed; }
inline bool in_queue(now m) { return m.place < m.queued; }
inline bool overdue(now m) { return m.op->deadline && m.after->now >= *m.op->deadline; }
inline bool received(now m) { return is_receive(m.op->what); }
inline bool listened(now m) { return m.op->what == verb::closed && !created(m); }
inline bool sent(now m) { return model::shape_of(m.op->what).value; }

/// How many waiters this step gave all permits that they wait for.
inline std::size_t served(now m) {
    const std::size_t left = waiters(m) + (m.op && in_queue(m) ? 1 : 0);
    return closes_now(m) || m.queued < left ? 0 : m.queued - left;
}
inline bool wakes_receive(now m) {
    return m.asleep && m.after->parked && m.after->find_operation(*m.after->parked)->notified;
}
inline bool last_permit_back(now m) { return m.closed && m.after->idle() && wakes_receive(m); }
inline bool last_sender_gone(now m) { return m.strong > 0 && m.after->strong_count() == 0; }

}  // namespace tailrace::verify::words
