// Tests of the steps that the specification refuses, and of the messages, which reports of bad traces contain.
//
// Run: ci/test -L model
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "script.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

/// What the machine says to the step after the script; "legal" if nothing.
std::string refusal(std::string_view script, std::string_view next) {
    return after(2, script).refusal(parse_step(next)).value_or("legal");
}

/// For steps that the parser would refuse first.
std::string refusal_of(verb what, handle subject) {
    step s;
    s.what = what;
    s.subject = subject;
    return machine(2).refusal(s).value_or("legal");
}

TEST(refusal, of_a_handle_that_never_was) {
    EXPECT_EQ(refusal("", "s1 capacity"), "s1 does not exist");
    EXPECT_EQ(refusal("", "w0 upgrade"), "w0 does not exist");
    EXPECT_EQ(refusal("", "poll f0"), "f0 does not exist");
    EXPECT_EQ(refusal("", "p0 send v1"), "p0 does not exist");
    EXPECT_EQ(refusal("", "i0 next"), "i0 does not exist");
    EXPECT_EQ(refusal("", "o0 release"), "o0 does not exist");
}

TEST(refusal, of_a_handle_that_is_gone) {
    constexpr std::string_view gone = " is gone: it was dropped, consumed or has finished";
    const auto text = [&](std::string_view name) { return std::string(name) + std::string(gone); };
    EXPECT_EQ(refusal("drop s0", "s0 capacity"), text("s0"));
    EXPECT_EQ(refusal("s0 downgrade\n drop w0", "w0 upgrade"), text("w0"));
    EXPECT_EQ(refusal("drop r", "r try_recv"), text("r"));
    EXPECT_EQ(refusal("drop r", "drop r"), text("r"));
    EXPECT_EQ(refusal("s0 reserve as f0\n drop f0", "poll f0"), text("f0"));
    EXPECT_EQ(refusal("s0 reserve as f0\n poll f0", "poll f0"), text("f0"));
    EXPECT_EQ(refusal("s0 try_reserve\n p0 send v1", "p0 send v2"), text("p0"));
    EXPECT_EQ(refusal("s0 try_reserve_many 1\n drop i0", "i0 next"), text("i0"));
    EXPECT_EQ(refusal("s0 try_reserve_owned\n o0 release", "o0 release"), text("o0"));
}

TEST(refusal, of_a_sender_that_was_given_away) {
    constexpr std::string_view gone = "s0 is gone: it was dropped, consumed or has finished";
    EXPECT_EQ(refusal("s0 reserve_owned as f0", "s0 clone"), gone);
    EXPECT_EQ(refusal("s0 try_reserve_owned", "s0 clone"), gone);
    EXPECT_EQ(refusal("r close\n s0 try_reserve_owned", "s0 clone"), "legal");
}

TEST(refusal, of_taking_a_sender_that_is_borrowed) {
    EXPECT_EQ(refusal("s0 send v1 as f0", "drop s0"), "s0 is borrowed by f0, which has to end before it");
    EXPECT_EQ(refusal("s0 closed as f0", "s0 reserve_owned as f1"), "s0 is borrowed by f0, which has to end before it");
    EXPECT_EQ(refusal("s0 try_reserve", "s0 try_reserve_owned"), "s0 is borrowed by p0, which has to end before it");
    EXPECT_EQ(refusal("s0 try_reserve_many 2", "drop s0"), "s0 is borrowed by i0, which has to end before it");
    EXPECT_EQ(refusal("s0 try_reserve_many 2\n i0 next\n drop i0", "drop s0"),
              "s0 is borrowed by p0, which has to end before it");
}

TEST(refusal, does_not_concern_other_uses_of_a_borrowed_sender) {
    EXPECT_EQ(refusal("s0 send v1 as f0", "s0 try_send v2"), "legal");
    EXPECT_EQ(refusal("s0 send v1 as f0", "s0 clone"), "legal");
    EXPECT_EQ(refusal("s0 send v1 as f0\n s0 clone", "drop s1"), "legal");
    EXPECT_EQ(refusal("s0 send v1 as f0\n drop f0", "drop s0"), "legal");
    EXPECT_EQ(refusal("s0 clone\n s1 try_reserve_owned", "drop s0"), "legal");
    EXPECT_EQ(refusal("r recv as f0", "drop s0"), "legal");
}

TEST(refusal, of_a_second_receive) {
    constexpr std::string_view in_use = "r is in use by f0: one receive at a time";
    for (const std::string_view next :
         {"r recv as f1", "r recv_timeout 5ms as f1", "r recv_many 3 as f1", "r try_recv"}) {
        EXPECT_EQ(refusal("r recv as f0", next), in_use) << next;
        EXPECT_EQ(refusal("r recv_many 0 as f0", next), in_use) << next;
        EXPECT_EQ(refusal("r recv as f0\n drop f0", next), "legal") << next;
    }
}

TEST(refusal, does_not_concern_close_the_end_and_the_observers_meanwhile) {
    for (const std::string_view next :
         {"r close", "drop r", "r len", "r is_empty", "r is_closed", "r capacity", "r sender_strong_count"}) {
        EXPECT_EQ(refusal("r recv as f0\n poll f0", next), "legal") << next;
    }
}

TEST(refusal, of_a_name_that_was_used_before) {
    EXPECT_EQ(refusal("s0 reserve as f0\n drop f0", "s0 reserve as f0"),
              "f0 was used before: the next new operation is f1");
    EXPECT_EQ(refusal("s0 reserve as f7", "r recv as f3"), "f3 was used before: the next new operation is f8");
    EXPECT_EQ(refusal("s0 try_send v4", "s0 try_send v4"), "v4 was used before: the next new value is v5");
    EXPECT_EQ(refusal("s0 send v2 as f0\n s0 try_reserve", "p0 send v1"),
              "v1 was used before: the next new value is v3");
}

TEST(refusal, of_a_verb_that_the_handle_does_not_have) {
    EXPECT_EQ(refusal_of(verb::recv, {handle_kind::sender, 0}), "'recv' is not an operation of s0");
    EXPECT_EQ(refusal_of(verb::upgrade, {handle_kind::sender, 0}), "'upgrade' is not an operation of s0");
    EXPECT_EQ(refusal_of(verb::try_send, {handle_kind::receiver, 0}), "'try_send' is not an operation of r");
    EXPECT_EQ(refusal_of(verb::poll, {handle_kind::sender, 0}), "'poll' is not an operation of s0");
}

TEST(refusal, never_concerns_the_clock) { EXPECT_EQ(refusal("drop s0\n drop r", "advance 1ms"), "legal"); }

}  // namespace
}  // namespace tailrace::model
