// Scenarios of a send that waits for capacity, against receives, close, the drop of the receiver, and deadlines.
//
// Clauses: send.waits, send.ok-means-open, send.err-*, send_timeout.*, permit.send, permit.release,
// recv.none, recv.woken, close.*, receiver-drop.destroys.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/awaited.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy::waiting_send {

/// Two values through a channel of capacity one: the second send waits for the first receive.
template <class Target, class Form>
class against_receive : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.against_receive";

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(2)), 2);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_value(Form::recv(*this->rx_), 2);
        }
    }
};

/// Two sends wait at once. Each receive serves one of them.
template <class Target, class Form>
class two_waiters : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.two_waiters";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            this->expect_value(Form::recv(*this->rx_), 1);
            const unsigned second = this->take_value(Form::recv(*this->rx_));
            const unsigned third = this->take_value(Form::recv(*this->rx_));
            expect(second + third == 5, "both arrive");
        } else {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(index + 1)), index + 1);
        }
    }
};

/// A close of a full channel: the send cannot have succeeded.
template <class Target, class Form>
class against_close : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.against_close";

    void thread(unsigned index) override {
        if (index == 0) {
            expect(!this->settle(Form::send(*this->tx_, this->book_.make(2)), 2), "there never was capacity for it");
        } else {
            this->rx_->close();
            this->expect_value(Form::recv(*this->rx_), 1);
            this->expect_end(Form::recv(*this->rx_));
        }
    }
};

/// A close when the send may already have been granted a permit: Ok and received, or refused and never received.
template <class Target, class Form>
class against_receive_and_close : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.against_receive_and_close";

    void thread(unsigned index) override {
        if (index == 0) {
            (void)this->settle(Form::send(*this->tx_, this->book_.make(2)), 2);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->rx_->close();
            while (const auto p = Form::recv(*this->rx_)) (void)this->book_.received(*p);
            this->expect_end(Form::recv(*this->rx_));
        }
    }
};

/// The receiver is dropped: its buffered values are destroyed, and the send is refused.
template <class Target, class Form>
class against_receiver_drop : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.against_receiver_drop";

    void thread(unsigned index) override {
        if (index == 0) {
            expect(!this->settle(Form::send(*this->tx_, this->book_.make(2)), 2), "there never was capacity for it");
        } else {
            this->rx_.reset();
            expect(this->book_.is_destroyed(1), "what is buffered is destroyed with the receiver");
        }
    }
};

/// A permit that was granted before the close may still send, and the receiver waits for it.
template <class Target, class Form>
class reserve_against_close : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.reserve_against_close";

    void thread(unsigned index) override {
        if (index == 0) {
            auto granted = Form::reserve(*this->tx_);
            if (!granted) return;
            granted->send(this->book_.make(2));
            this->book_.sent(2);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->rx_->close();
            while (const auto p = Form::recv(*this->rx_)) (void)this->book_.received(*p);
            this->expect_end(Form::recv(*this->rx_));
        }
    }
};

/// The channel is closed with one outstanding permit: its return is the end, and wakes the receive that waits for it.
template <class Target, class Form>
class permit_against_close : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.permit_against_close";

    permit_against_close() {
        this->expect_value(this->rx_->blocking_recv(), 1);
        auto made = this->tx_->try_reserve();
        expect(made.has_value(), "there is capacity for it");
        permit_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_.reset();
        } else {
            this->rx_->close();
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    std::optional<typename full_channel<Target>::permit> permit_;
};

/// A value is sent through a permit while the receiver is dropped: it is never received but destroyed at once, and its
/// permit is returned.
template <class Target, class Form>
class permit_against_receiver_drop : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.permit_against_receiver_drop";

    permit_against_receiver_drop() {
        this->expect_value(this->rx_->blocking_recv(), 1);
        auto made = this->tx_->try_reserve();
        expect(made.has_value(), "there is capacity for it");
        permit_.emplace(std::move(*made));
    }
    void thread(unsigned index) override {
        if (index == 0) {
            permit_->send(this->book_.make(2));
            this->book_.sent(2);
        } else {
            this->rx_.reset();
        }
    }
    void finish() override {
        expect(this->book_.is_destroyed(2), "a value that can no longer be received is destroyed");
        full_channel<Target>::finish();
    }

  private:
    std::optional<typename full_channel<Target>::permit> permit_;
};

/// A deadline that expires at any moment, or never: Ok and received, or timeout with the value.
template <class Target, class Form>
class deadline : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.deadline";

    void thread(unsigned index) override {
        if (index == 0) {
            this->settle_timed(this->tx_->blocking_send_timeout(this->book_.make(2), a_while), 2);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
        }
    }
};

/// Two sends wait, one of them with a deadline: if it times out, a permit that it may have been granted goes to the
/// other.
template <class Target, class Form>
class deadline_hands_on : public full_channel<Target> {
  public:
    static constexpr const char* name = "waiting_send.deadline_hands_on";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            this->settle_timed(this->tx_->blocking_send_timeout(this->book_.make(2), a_while), 2);
        } else if (index == 1) {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(3)), 3);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            if (this->take_value(Form::recv(*this->rx_)) == 2) this->expect_value(Form::recv(*this->rx_), 3);
        }
    }
};

template <class Target>
bool enroll_all() {
    return enroll<against_receive, Target, blocking>() && enroll<against_receive, Target, driven>() &&
           enroll<against_receive, Target, awaited>() && enroll<two_waiters, Target, blocking>() &&
           enroll<two_waiters, Target, driven>() && enroll<two_waiters, Target, awaited>() &&
           enroll<against_close, Target, blocking>() && enroll<against_close, Target, driven>() &&
           enroll<against_close, Target, awaited>() && enroll<against_receive_and_close, Target, blocking>() &&
           enroll<against_receive_and_close, Target, driven>() && enroll<against_receiver_drop, Target, blocking>() &&
           enroll<against_receiver_drop, Target, driven>() && enroll<reserve_against_close, Target, blocking>() &&
           enroll<reserve_against_close, Target, driven>() && enroll<permit_against_close, Target, blocking>() &&
           enroll<permit_against_close, Target, driven>() && enroll<permit_against_receiver_drop, Target, driven>() &&
           enroll<deadline, Target, blocking>() && enroll<deadline_hands_on, Target, blocking>();
}

}  // namespace tailrace::relacy::waiting_send
