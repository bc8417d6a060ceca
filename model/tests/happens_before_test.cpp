// Tests of the check of what the contract orders, with written histories: each is refused as soon as one task does not
// see what another did, and allowed if it does.
//
// Run: ci/test -L model
#include "tailrace/model/happens_before.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

using lines = std::initializer_list<std::string_view>;

std::vector<event> events(lines steps) {
    std::vector<event> all;
    for (const std::string_view text : steps) {
        const auto parsed = parse_line(text, "history", all.size() + 1);
        all.push_back({parsed.step, false, parsed.expected.answer, 0, 0});
    }
    return all;
}

struct pair_of_tasks {
    std::uint64_t capacity = 1;
    lines before = {};
    lines one;
    lines other;

    /// If the last response of the other task happens after this many steps of the first, and nothing else is ordered.
    [[nodiscard]] order_check if_seen(std::uint32_t steps) const {
        const history h{capacity, events(before), {events(one), events(other)}, never, {}};
        event_order order{{h.tasks[0].size() + 1, {0, 0}}, {h.tasks[1].size() + 1, {0, 0}}};
        order[1].back()[0] = steps;
        return check_orders(h, order);
    }
    [[nodiscard]] std::string broken_if_seen(std::uint32_t steps) const { return std::string(if_seen(steps).broken); }
    [[nodiscard]] std::vector<std::string_view> shown_if_seen(std::uint32_t steps) const {
        return if_seen(steps).shown;
    }
};

using names = std::vector<std::string_view>;

TEST(happens_before, a_response_that_says_closed_comes_after_what_preceded_the_close) {
    for (const std::string_view said :
         {"s0 try_send v1 -> closed v1", "s0 try_reserve -> closed", "s0 is_closed -> true"}) {
        for (const std::string_view close : {"r close -> ok", "drop r -> ok"}) {
            const pair_of_tasks h{.one = {"r len -> 0", close}, .other = {said}};
            EXPECT_EQ(h.broken_if_seen(0), "order.closed") << said;
            EXPECT_EQ(h.broken_if_seen(1), "") << said << ": the close itself need not have ended";
            EXPECT_EQ(h.shown_if_seen(1), names{"order.closed"});
        }
    }
    const pair_of_tasks polled{.one = {"r len -> 0", "r close -> ok"},
                               .other = {"s0 send v1 as f7 -> created", "poll f7 -> closed v1"}};
    EXPECT_EQ(polled.broken_if_seen(0), "order.closed");
    EXPECT_EQ(polled.if_seen(0).missing,
              "order.closed: `poll f7 -> closed v1` of task 1 does not happen after `r len`, which task 0 did before "
              "`r close`");
    EXPECT_EQ(polled.broken_if_seen(1), "");
}

TEST(happens_before, what_says_nothing_of_a_close_needs_no_order) {
    const auto is_free = [](lines one, lines other, lines before = {}) {
        return pair_of_tasks{.before = before, .one = one, .other = other}.if_seen(0).broken.empty();
    };
    EXPECT_TRUE(is_free({"r close -> ok", "r len -> 0"}, {"s0 try_send v1 -> closed v1"}));
    EXPECT_TRUE(is_free({"r len -> 0", "r close -> ok"}, {"s0 try_send v1 -> ok"}));
    EXPECT_TRUE(is_free({"r len -> 0", "r close -> ok"}, {"s0 is_closed -> false"}));
    EXPECT_TRUE(is_free({"r len -> 0", "r close -> ok"}, {"s0 try_reserve_many 2 -> closed"}))
        << "more than the capacity";
    EXPECT_TRUE(is_free({"r len -> 0", "r close -> ok"}, {"s0 try_send v1 -> closed v1"}, {"r close -> ok"}));
}

TEST(happens_before, the_end_comes_after_what_the_senders_did) {
    for (const std::string_view end : {"r try_recv -> disconnected", "r recv_many 2 as f1 -> many"}) {
        const pair_of_tasks h{.one = {"s0 len -> 0", "drop s0 -> ok"}, .other = {end}};
        EXPECT_EQ(h.broken_if_seen(0), "order.none") << end;
        EXPECT_EQ(h.shown_if_seen(1), names{"order.none"});
    }
    const pair_of_tasks owned{.before = {"s0 try_reserve_owned -> o0"},
                              .one = {"o0 send v1 -> s1", "drop s1 -> ok"},
                              .other = {"r try_recv -> some v1", "r try_recv -> disconnected"}};
    EXPECT_EQ(owned.broken_if_seen(0), "order.none");
    EXPECT_EQ(owned.broken_if_seen(1), "");
}

TEST(happens_before, the_end_of_a_closed_channel_comes_after_what_preceded_the_return_of_each_permit) {
    for (const std::string_view back : {"drop p0 -> ok", "p0 send v1 -> ok"}) {
        const pair_of_tasks h{.before = {"s0 try_reserve -> p0"},
                              .one = {"s0 is_closed -> false", back},
                              .other = {"r close -> ok", "r try_recv -> disconnected"}};
        EXPECT_EQ(h.broken_if_seen(0), "order.none") << back;
        EXPECT_EQ(h.broken_if_seen(1), "") << back;
    }
    const pair_of_tasks given_up{.one = {"s0 reserve_owned as f1 -> created", "drop f1 -> ok"},
                                 .other = {"r try_recv -> disconnected"}};
    EXPECT_EQ(given_up.broken_if_seen(0), "order.none") << "the operation had the sender";
    const pair_of_tasks sender{.before = {"s0 clone -> s1"},
                               .one = {"s1 len -> 0", "drop s1 -> ok"},
                               .other = {"r close -> ok", "r try_recv -> disconnected"}};
    EXPECT_EQ(sender.broken_if_seen(0), "") << "after a close the senders may stay";
}

TEST(happens_before, a_permit_comes_after_what_preceded_its_return) {
    for (const std::string_view got :
         {"s0 try_send v2 -> ok", "s0 try_reserve -> p7", "s0 try_reserve_many 1 -> i7 1"}) {
        const pair_of_tasks dropped{
            .before = {"s0 try_reserve -> p0"}, .one = {"s0 len -> 0", "drop p0 -> ok"}, .other = {got}};
        EXPECT_EQ(dropped.broken_if_seen(0), "order.permit") << got;
        EXPECT_EQ(dropped.shown_if_seen(1), names{"order.permit"}) << got << ": the return itself need not have ended";
        const pair_of_tasks received{
            .before = {"s0 try_send v1 -> ok"}, .one = {"r len -> 1", "r try_recv -> some v1"}, .other = {got}};
        EXPECT_EQ(received.broken_if_seen(0), "order.permit") << got;
        EXPECT_EQ(received.broken_if_seen(1), "") << got;
    }
    const pair_of_tasks polled{.before = {"s0 try_send v1 -> ok"},
                               .one = {"r recv as f1 -> created", "poll f1 -> some v1"},
                               .other = {"s0 reserve as f7 -> created", "poll f7 -> p7"}};
    EXPECT_EQ(polled.broken_if_seen(0), "order.permit");
    EXPECT_EQ(polled.broken_if_seen(1), "");
}

TEST(happens_before, a_permit_that_may_have_been_free_needs_no_order) {
    const pair_of_tasks free{.capacity = 2,
                             .before = {"s0 try_reserve -> p0"},
                             .one = {"s0 len -> 0", "drop p0 -> ok"},
                             .other = {"s0 try_send v2 -> ok"}};
    EXPECT_EQ(free.broken_if_seen(0), "");
    EXPECT_TRUE(free.shown_if_seen(0).empty());
    const pair_of_tasks by_a_cancelled_wait{.before = {"s0 try_send v1 -> ok", "s0 send v2 as f1 -> created"},
                                            .one = {"drop f1 -> ok", "r try_recv -> some v1"},
                                            .other = {"s0 try_send v3 -> ok"}};
    EXPECT_EQ(by_a_cancelled_wait.broken_if_seen(0), "") << "what was granted may have come back";
    const pair_of_tasks own{.one = {"s0 len -> 0"},
                            .other = {"s0 try_send v1 -> ok", "r try_recv -> some v1", "s0 try_send v2 -> ok"}};
    EXPECT_EQ(own.broken_if_seen(0), "");
    EXPECT_TRUE(own.shown_if_seen(0).empty()) << "one task alone has returned it";
}

TEST(happens_before, a_close_later_hides_nothing) {
    const pair_of_tasks h{.before = {"s0 try_reserve -> p0"},
                          .one = {"s0 len -> 0", "drop p0 -> ok"},
                          .other = {"s0 try_send v2 -> ok", "r close -> ok"}};
    history both{1, events(h.before), {events(h.one), events(h.other)}, never, {}};
    event_order order{{3, {0, 0}}, {3, {0, 0}}};
    EXPECT_EQ(check_orders(both, order).broken, "order.permit");
    order[1][1][0] = 1;
    EXPECT_EQ(check_orders(both, order).broken, "");
}

}  // namespace
}  // namespace tailrace::model
