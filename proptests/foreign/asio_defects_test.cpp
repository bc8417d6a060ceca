// The defects that the kit finds in Asio's channel, shown without the kit, for Boost 1.81.
//
// Each test is a few lines that a reader can check against Asio's headers. If one fails, the channel has changed, and
// asio_test.cpp must change with it.
// After a change here run: ci/test -L proptests -R asio
#include <gtest/gtest.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <optional>

namespace {

using boost::asio::cancellation_type;
using boost::system::error_code;

class asio_alone : public ::testing::Test {
  protected:
    bool try_send(int value) { return channel_.try_send(error_code(), value); }

    std::optional<int> try_receive() {
        std::optional<int> received;
        channel_.try_receive([&](error_code, int value) { received = value; });
        return received;
    }

    /// The result of the operation, once it has ended.
    void start_send(int value) {
        channel_.async_send(
            error_code(), value,
            boost::asio::bind_cancellation_slot(stop_send_.slot(), [this](error_code e) { send_ended_ = e; }));
    }
    void start_receive() {
        channel_.async_receive(boost::asio::bind_cancellation_slot(stop_receive_.slot(),
                                                                   [this](error_code e, int) { receive_ended_ = e; }));
    }
    void run() {
        context_.restart();
        context_.poll();
    }

    boost::asio::io_context context_;
    boost::asio::experimental::concurrent_channel<void(error_code, int)> channel_{context_, 1};
    boost::asio::cancellation_signal stop_send_;
    boost::asio::cancellation_signal stop_receive_;
    std::optional<error_code> send_ended_;
    std::optional<error_code> receive_ended_;
};

// Clause: close.drains.
TEST_F(asio_alone, a_close_hides_what_is_buffered) {
    ASSERT_TRUE(try_send(1));
    channel_.close();
    EXPECT_EQ(try_receive(), std::nullopt);
    start_receive();
    run();
    EXPECT_EQ(receive_ended_, error_code(boost::asio::experimental::error::channel_closed));
}

// Clause: send.err-after-close. close() looks for waiting receives, not for waiting sends.
TEST_F(asio_alone, a_close_leaves_a_waiting_send_waiting) {
    ASSERT_TRUE(try_send(1));
    start_send(2);
    run();
    channel_.close();
    run();
    EXPECT_EQ(send_ended_, std::nullopt) << "and nothing but cancelling it can end it now";
    EXPECT_EQ(try_receive(), std::nullopt);
}

// Clause: cancel.driven. Cancelling the last receive leaves a channel without capacity.
TEST_F(asio_alone, a_cancelled_receive_takes_the_capacity_with_it) {
    start_receive();
    run();
    stop_receive_.emit(cancellation_type::total);
    run();
    ASSERT_EQ(receive_ended_, error_code(boost::asio::experimental::error::channel_cancelled));
    EXPECT_FALSE(try_send(1)) << "the channel is empty";
    start_send(1);
    run();
    EXPECT_EQ(send_ended_, std::nullopt) << "it waits, with the whole capacity free";
}

// Clause: recv.cancel. The value goes to the handler of a cancelled receive.
TEST_F(asio_alone, a_receive_that_is_cancelled_once_it_was_handed_a_value_keeps_it) {
    start_receive();
    run();
    ASSERT_TRUE(try_send(1));
    stop_receive_.emit(cancellation_type::total);
    EXPECT_EQ(try_receive(), std::nullopt) << "the value did not stay in the channel";
    run();
    EXPECT_EQ(receive_ended_, error_code()) << "the cancellation came too late";
}

// Clause: cancel.destroys-value. The same for a send.
TEST_F(asio_alone, a_send_that_is_cancelled_once_there_was_room_is_delivered) {
    ASSERT_TRUE(try_send(1));
    start_send(2);
    run();
    ASSERT_EQ(try_receive(), 1);
    stop_send_.emit(cancellation_type::total);
    EXPECT_EQ(try_receive(), 2);
    run();
    EXPECT_EQ(send_ended_, error_code()) << "the cancellation came too late";
}

}  // namespace
