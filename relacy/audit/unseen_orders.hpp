// The orders that no search can show to be needed, each with the litmus test for the blind spot of Relacy and the
// reason why the order is needed all the same.
//
// At most five. The audit fails if a search kills an entry, which then has to be removed.
// After a change here run: ci/test -L relacy, then ci/order-audit
#pragma once

#include <array>
#include <string_view>

namespace tailrace::relacy {

struct unseen_order {
    std::string_view file;    // under include/tailrace
    std::string_view code;    // a piece of the operation's text that no other of this file has
    std::string_view weaker;  // the weaker order that no search detects
    std::string_view litmus;  // in litmus/
    std::string_view why;
};

inline constexpr std::array unseen_orders{
    unseen_order{
        .file = "detail/core.hpp",
        .code = "  word_type taken = taken_.load(std::memory_order_seq_cst)",
        .weaker = "acquire",
        .litmus = "unseen.acquire_then_seq_cst",
        .why = "The first load of (25). A capacity() that counts a receive by it could otherwise miss a claim by "
               "another task, whose own capacity() after the claim misses the receive: the two answers would have no "
               "common order."},
    unseen_order{
        .file = "detail/core.hpp",
        .code = "is_exact() || used(w, taken_.load(std::memory_order_seq_cst)",
        .weaker = "acquire",
        .litmus = "unseen.acquire_then_seq_cst",
        .why = "(53). The last sender could otherwise not count a receive that does not see it gone (39): that receive "
               "would park, and no end would wake it."},
    unseen_order{
        .file = "detail/ring.hpp",
        .code = "relied_on_.fetch_sub(1, std::memory_order_release)",
        .weaker = "relaxed",
        .litmus = "unseen.load_buffering",
        .why = "(37). An idle channel that sees by (38) that a reliance has ended could otherwise look at the word by "
               "(46) as it was before the claim that ended it."},
    unseen_order{.file = "detail/ring.hpp",
                 .code = "relied_on_.fetch_add(0, std::memory_order_acq_rel)",
                 .weaker = "release",
                 .litmus = "unseen.load_buffering",
                 .why = "(38). As (37): its acquire is the partner of that release."},
    unseen_order{.file = "detail/interruptible_wait.hpp",
                 .code = "seen_.load(std::memory_order_acquire)",
                 .weaker = "relaxed",
                 .litmus = "unseen.race_on_ordinary_data",
                 .why = "arrive() reads done_, an ordinary member, before it sets its `left` by the "
                        "release of add(). The thread that sees that bit here destroys the wait: without acquire the "
                        "destruction races with the read."},
};
static_assert(unseen_orders.size() <= 5);

}  // namespace tailrace::relacy
