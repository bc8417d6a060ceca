// Tests of the errors as text: each reason has its own, and an error with a value, which need not be printable, prints
// its reason.
// After a change here run: ci/test -L impl
#include "tailrace/errors.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

template <class Error>
std::string text_of(const Error& error) {
    std::ostringstream out;
    out << error;
    return out.str();
}

constexpr std::string_view closed = "channel closed";

TEST(errors, each_reason_has_its_text) {
    EXPECT_EQ(text_of(closed_error{}), closed);
    EXPECT_EQ(text_of(try_error::full), "no available capacity");
    EXPECT_EQ(text_of(try_error::closed), closed);
    EXPECT_EQ(text_of(timeout_error::timeout), "timed out waiting");
    EXPECT_EQ(text_of(timeout_error::closed), closed);
    EXPECT_EQ(text_of(stop_error::stopped), "stopped waiting");
    EXPECT_EQ(text_of(stop_error::closed), closed);
    EXPECT_EQ(text_of(interrupt_error::timeout), text_of(timeout_error::timeout));
    EXPECT_EQ(text_of(interrupt_error::stopped), text_of(stop_error::stopped));
    EXPECT_EQ(text_of(interrupt_error::closed), closed);
    EXPECT_EQ(text_of(try_recv_error::empty), "channel empty");
    EXPECT_EQ(text_of(try_recv_error::disconnected), "channel disconnected");
}

TEST(errors, one_with_a_value_prints_its_reason) {
    using unprintable = std::vector<std::unique_ptr<int>>;
    EXPECT_EQ(text_of(send_error<unprintable>{}), closed);
    for (const auto reason : {try_error::full, try_error::closed})
        EXPECT_EQ(text_of(try_send_error<unprintable>{reason, {}}), text_of(reason));
    for (const auto reason : {timeout_error::timeout, timeout_error::closed})
        EXPECT_EQ(text_of(send_timeout_error<unprintable>{reason, {}}), text_of(reason));
    for (const auto reason : {stop_error::stopped, stop_error::closed})
        EXPECT_EQ(text_of(send_stop_error<unprintable>{reason, {}}), text_of(reason));
    for (const auto reason : {interrupt_error::timeout, interrupt_error::stopped, interrupt_error::closed})
        EXPECT_EQ(text_of(send_interrupt_error<unprintable>{reason, {}}), text_of(reason));
}

TEST(errors, one_with_a_sender_prints_its_reason) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(text_of(tx.clone().try_reserve_owned().error()), text_of(try_error::full));
    rx.close();
    EXPECT_EQ(text_of(tx.clone().try_reserve_owned().error()), closed);
}

}  // namespace
}  // namespace tailrace
