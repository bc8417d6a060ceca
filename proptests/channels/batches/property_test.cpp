// The property of send_many: generated programs that run on both channels, step by step. What the optimised one does in
// a batch, the reference does one by one: send_many is a send of the first value and, once that has gone, a try_send of
// each that follows, up to the first that is refused. Both have to give the same results, wake-ups and numbers.
//
// TAILRACE_PROGRAMS says how many; 100,000 unless given.
// After a change here run: ci/test -R send_many_property
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tailrace/channel.hpp"
#include "tailrace/model/reference_channel.hpp"

namespace tailrace::verify {
namespace {

using value = std::uint64_t;

/// How often the programs came to what matters.
struct reached {
    std::uint64_t whole = 0, part = 0, full = 0, waited = 0, after_a_wait = 0, closed = 0, cancelled = 0,
                  granted_and_cancelled = 0, woke_a_receive = 0, closed_after_a_grant = 0;
};

class run {
  public:
    run(std::uint64_t seed, reached& counts)
        : counts_(counts),
          random_(seed),
          capacity_(1 + below(5)),
          real_(channel<value>(capacity_)),
          plain_(model::reference_channel<value>(capacity_)) {
        rx_.emplace(std::move(real_.second));
        plain_rx_.emplace(std::move(plain_.second));
    }

    /// What is wrong, or nothing.
    std::string play() {
        for (std::size_t i = 10 + below(40); i > 0 && wrong_.empty(); --i) {
            switch (below(14)) {
                case 0:
                case 1: try_send_many(); break;
                case 2:
                case 3:
                case 4: poll_batch(); break;
                case 5: drop_batch(); break;
                case 6: poll_other(); break;
                case 7: drop_other(); break;
                case 8:
                case 9: take(); break;
                case 10: poll_receive(); break;
                case 11: drop_receive(); break;
                case 12: reserve_or_release(); break;
                default:
                    if (below(4) == 0) end();
            }
            compare();
        }
        drop_batch();
        drop_other();
        while (rx_ && wrong_.empty() && receiving_ == std::nullopt && !is_empty()) take();
        return wrong_.empty() ? "" : wrong_ + "\n" + log_;
    }

  private:
    using sender_type = sender<value>;
    using reference = decltype(model::reference_channel<value>(1));
    using plain_send = decltype(std::declval<reference::first_type&>().send(value{}));
    using plain_recv = decltype(std::declval<reference::second_type&>().recv());
    using plain_permit = decltype(std::declval<reference::first_type&>().try_reserve())::value_type;

    /// A waker of each channel.
    struct wakes {
        int real = 0;
        int plain = 0;
        static void count(void* n) noexcept { ++*static_cast<int*>(n); }
        waker of_real() { return {&count, &real}; }
        waker of_plain() { return {&count, &plain}; }
    };

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        log_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
    }
    template <class A, class B>
    void expect(const char* what, const A& real, const B& plain) {
        if (wrong_.empty() && !(real == plain))
            wrong_ = fmt::format("{}: {} in a batch, {} one by one", what, real, plain);
    }

    void fill(std::size_t n) {
        values_.resize(n);
        for (value& v : values_) v = next_++;
        rest_ = values_;
    }
    /// Of the reference: those that follow one that has gone, or all of them. Returns how many went.
    std::size_t send_one_by_one(std::size_t from) {
        std::size_t n = from;
        while (n < rest_.size() && plain_.first.try_send(rest_[n])) ++n;
        return n;
    }

    void try_send_many() {
        if (batch_) return;
        fill(below(7));
        say("try_send_many of {}", rest_.size());
        const std::size_t wanted = rest_.size();
        const std::size_t plain = send_one_by_one(0);
        const bool closed = plain_.first.is_closed();
        const auto real = real_.first.try_send_many(rest_);
        if (!real) {
            expect("values", std::size_t{0}, plain);
            expect("closed", real.error() == try_error::closed, closed);
            if (wanted == 0) wrong_ = "a batch of none has failed";
            ++(closed ? counts_.closed : counts_.full);
        } else {
            expect("values", *real, plain);
            expect("rest", rest_.size(), wanted - plain);
            if (plain == 0 && wanted != 0) wrong_ = "a batch has sent nothing and says that it has";
            ++(plain == wanted ? counts_.whole : counts_.part);
        }
    }

    void poll_batch() {
        const bool begins = !batch_;
        if (begins) {
            fill(1 + below(6));
            batch_.emplace(real_.first.send_many(rest_));
            plain_batch_.emplace(plain_.first.send(rest_[0]));
            batch_wakes_ = {};
        }
        say("{} send_many of {}", begins ? "poll a new" : "poll again the", rest_.size());
        const std::size_t wanted = rest_.size();
        const bool granted = batch_wakes_.plain != 0;
        // The one by one of the reference first: its values are still in the span.
        const auto first = plain_batch_->poll(batch_wakes_.of_plain());
        const bool sent = first && *first;
        const std::size_t plain = sent ? send_one_by_one(1) : 0;
        const auto real = batch_->poll(batch_wakes_.of_real());
        expect("finished", real.has_value(), first.has_value());
        if (!real || !first) {
            ++counts_.waited;
            return;
        }
        expect("sent", real->has_value(), sent);
        if (sent && *real) {
            expect("values", **real, plain);
            if (!begins && plain > 1) ++counts_.after_a_wait;
        } else if (granted) {
            ++counts_.closed_after_a_grant;
        }
        expect("rest", rest_.size(), wanted - plain);
        batch_.reset();
        plain_batch_.reset();
    }
    void drop_batch() {
        if (!batch_) return;
        say("drop the send_many");
        ++(batch_wakes_.plain != 0 ? counts_.granted_and_cancelled : counts_.cancelled);
        batch_.reset();
        plain_batch_.reset();
        if (rest_.size() != values_.size()) wrong_ = "a cancelled batch has sent something";
    }

    /// A send of one value, which may be in the queue before or behind the batch.
    void poll_other() {
        if (!other_) {
            const value v = next_++;
            other_.emplace(real_.first.send(v));
            plain_other_.emplace(plain_.first.send(v));
            other_wakes_ = {};
        }
        say("poll a send");
        const auto real = other_->poll(other_wakes_.of_real());
        const auto plain = plain_other_->poll(other_wakes_.of_plain());
        expect("finished", real.has_value(), plain.has_value());
        if (!real || !plain) return;
        expect("sent", real->has_value(), plain->has_value());
        other_.reset();
        plain_other_.reset();
    }
    void drop_other() {
        other_.reset();
        plain_other_.reset();
    }

    [[nodiscard]] bool is_empty() const { return rx_->is_empty(); }
    void take() {
        if (!rx_ || receiving_) return;
        const auto real = rx_->try_recv();
        const auto plain = plain_rx_->try_recv();
        say("receive {}", real ? fmt::to_string(*real) : "nothing");
        expect("a value", real.has_value(), plain.has_value());
        if (real && plain) expect("the value", *real, *plain);
        if (!real && !plain) expect("the reason", static_cast<int>(real.error()), static_cast<int>(plain.error()));
    }
    void poll_receive() {
        if (!rx_) return;
        if (!receiving_) {
            receiving_.emplace(rx_->recv());
            plain_receiving_.emplace(plain_rx_->recv());
            receive_wakes_ = {};
        }
        say("poll a receive");
        const auto real = receiving_->poll(receive_wakes_.of_real());
        const auto plain = plain_receiving_->poll(receive_wakes_.of_plain());
        expect("finished", real.has_value(), plain.has_value());
        if (!real || !plain) return;
        expect("a value", real->has_value(), plain->has_value());
        if (*real && *plain) {
            expect("the value", **real, **plain);
            if (receive_wakes_.real != 0) ++counts_.woke_a_receive;
        }
        drop_receive();
    }
    void drop_receive() {
        receiving_.reset();
        plain_receiving_.reset();
    }
    void reserve_or_release() {
        if (permit_) {
            permit_.reset();
            plain_permit_.reset();
            return;
        }
        auto real = real_.first.try_reserve();
        auto plain = plain_.first.try_reserve();
        expect("a permit", real.has_value(), plain.has_value());
        if (real) permit_.emplace(std::move(*real));
        if (plain) plain_permit_.emplace(std::move(*plain));
    }
    void end() {
        if (!rx_) return;
        say("the end");
        if (below(2) == 0) {
            rx_->close();
            plain_rx_->close();
        } else {
            drop_receive();
            rx_.reset();
            plain_rx_.reset();
        }
    }

    void compare() {
        expect("capacity", real_.first.capacity(), plain_.first.capacity());
        expect("closed", real_.first.is_closed(), plain_.first.is_closed());
        if (rx_) expect("length", rx_->len(), plain_rx_->len());
        if (batch_) expect("wakes of the batch", batch_wakes_.real, batch_wakes_.plain);
        if (other_) expect("wakes of the send", other_wakes_.real, other_wakes_.plain);
        if (receiving_) expect("wakes of the receive", receive_wakes_.real, receive_wakes_.plain);
    }

    reached& counts_;
    std::mt19937_64 random_;
    std::size_t capacity_;
    std::string wrong_;
    std::string log_;
    value next_ = 0;
    std::vector<value> values_;
    std::span<value> rest_;
    // The operations and permits end before their channels.
    std::pair<sender_type, receiver<value>> real_;
    reference plain_;
    std::optional<receiver<value>> rx_;
    std::optional<reference::second_type> plain_rx_;
    wakes batch_wakes_, other_wakes_, receive_wakes_;
    std::optional<send_many_operation<value>> batch_;
    std::optional<plain_send> plain_batch_;
    std::optional<send_operation<value>> other_;
    std::optional<plain_send> plain_other_;
    std::optional<recv_operation<value>> receiving_;
    std::optional<plain_recv> plain_receiving_;
    std::optional<permit<value>> permit_;
    std::optional<plain_permit> plain_permit_;
};

std::uint64_t programs() {
    const char* const given = std::getenv("TAILRACE_PROGRAMS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 100'000;
}

TEST(send_many_property, a_batch_is_a_send_and_then_a_try_send_of_each_that_follows) {
    reached counts;
    for (std::uint64_t seed = 1; seed <= programs(); ++seed) {
        const std::string wrong = run(seed, counts).play();
        ASSERT_EQ(wrong, "") << "seed " << seed;
    }
    const auto is_reached = [](const char* what, std::uint64_t times, std::uint64_t in_ten_thousand) {
        EXPECT_GE(times, programs() * in_ten_thousand / 10'000) << what << " too seldom";
    };
    is_reached("all of a batch", counts.whole, 5'000);
    is_reached("a part of a batch", counts.part, 5'000);
    is_reached("a batch that found no room", counts.full, 5'000);
    is_reached("a batch on a closed channel", counts.closed, 1'000);
    is_reached("a batch that waited", counts.waited, 5'000);
    is_reached("several values after a wait", counts.after_a_wait, 500);
    is_reached("a batch that was cancelled", counts.cancelled, 2'000);
    is_reached("a batch that was granted capacity and cancelled", counts.granted_and_cancelled, 500);
    is_reached("a batch that was granted capacity before the close", counts.closed_after_a_grant, 50);
    is_reached("a receive that was woken", counts.woke_a_receive, 500);
}

}  // namespace
}  // namespace tailrace::verify
