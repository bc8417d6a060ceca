// Scenarios in which the receiver is dropped at any moment: buffered values are destroyed with it, later values at
// once, each exactly once. All capacity is returned, and the last handle of any kind destroys the channel.
//
// Clauses: receiver-drop.*, send.ok-not-received, permit.send, permit.never-fails, send.err-after-drop.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>

#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"
#include "tailrace/errors.hpp"

namespace tailrace::relacy::receiver_drop {

/// At the end no value has been received, and all values are destroyed although a sender still exists.
template <class Target, unsigned Capacity, unsigned Values>
class start : public open_channel<Target, Capacity, Values> {
  public:
    void finish() override {
        for (unsigned v = 1; v <= 4; ++v)
            expect(this->book_.is_destroyed(v), "a value that can no longer be received is destroyed");
        open_channel<Target, Capacity, Values>::finish();
    }

  protected:
    void drop_receiver() {
        this->rx_.reset();
        for (unsigned v = 1; v <= Values; ++v)
            expect(this->book_.is_destroyed(v), "what was buffered is destroyed with the receiver");
    }
};

/// Two tasks use try_send: Ok, or closed with the value.
template <class Target, class Form>
class try_send : public start<Target, 3, 1> {
  public:
    static constexpr const char* name = "receiver_drop.try_send";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 2) return this->drop_receiver();
        const auto result = this->tx_->try_send(this->book_.make(2 + index));
        expect(result || result.error().reason == try_error::closed, "there is capacity for it, or it is closed");
        (void)this->settle(result, 2 + index);
    }
};

/// Two tasks send through permits, which never fails.
template <class Target, class Form>
class permits : public start<Target, 3, 1> {
  public:
    static constexpr const char* name = "receiver_drop.permits";
    static constexpr unsigned threads = 3;

    permits() : first_(this->one_permit()), second_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 2) return this->drop_receiver();
        auto& mine = index == 0 ? first_ : second_;
        mine->send(this->book_.make(2 + index));
        this->book_.sent(2 + index);
    }

  private:
    std::optional<typename start<Target, 3, 1>::permit> first_;
    std::optional<typename start<Target, 3, 1>::permit> second_;
};

/// A send waits while one value is received and then the receiver is dropped: Ok, and destroyed at once, or refused.
template <class Target, class Form>
class granted_send : public start<Target, 1, 1> {
  public:
    static constexpr const char* name = "receiver_drop.granted_send";

    void thread(unsigned index) override {
        if (index == 0) {
            (void)this->settle(Form::send(*this->tx_, this->book_.make(2)), 2);
        } else {
            this->expect_value(Form::recv(*this->rx_), 1);
            this->rx_.reset();
        }
    }
};

/// A receive is cancelled and then the receiver is dropped, while a value is sent: the cancelled receive must not keep
/// it.
template <class Target, class Form>
class with_its_receive : public start<Target, 1, 0> {
  public:
    static constexpr const char* name = "receiver_drop.with_its_receive";

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = this->tx_->try_send(this->book_.make(1));
            (void)this->settle(result, 1);
        } else {
            {
                auto operation = this->rx_->recv();
                if (const auto result = operation.poll(wakes_.waker())) this->expect_value(*result, 1);
            }
            this->rx_.reset();
        }
    }

  private:
    counting_waker wakes_;
};

/// The receiver is dropped while its receive is parked and a value is sent. The receive then returns none, and only a
/// value that came before the drop may have woken it.
template <class Target, class Form>
class before_its_receive : public start<Target, 1, 0> {
  public:
    static constexpr const char* name = "receiver_drop.before_its_receive";

    void thread(unsigned index) override {
        if (index == 0) {
            const auto result = this->tx_->try_send(this->book_.make(1));
            (void)this->settle(result, 1);
        } else {
            auto operation = this->rx_->recv();
            if (const auto result = operation.poll(wakes_.waker())) return this->expect_value(*result, 1);
            this->rx_.reset();
            const auto answer = operation.poll(wakes_.waker());
            expect(answer && !*answer, "the receiver has been dropped: none");
            expect(wakes_.count() <= 1, "a receive is woken once at most");
        }
    }

  private:
    counting_waker wakes_;
};

/// The last sender sends through its owned permit and is dropped, and so is the receiver: the last of them destroys the
/// channel.
template <class Target, class Form>
class both_go : public start<Target, 2, 1> {
  public:
    static constexpr const char* name = "receiver_drop.both_go";

    both_go() {
        auto made = std::move(*this->tx_).try_reserve_owned();
        expect(made.has_value(), "there is capacity for it");
        permit_.emplace(std::move(*made));
        this->tx_.reset();
    }
    void thread(unsigned index) override {
        if (index == 0) {
            (void)std::move(*permit_).send(this->book_.make(2));
            this->book_.sent(2);
        } else {
            this->drop_receiver();
        }
    }

  private:
    using sender = typename start<Target, 2, 1>::sender;
    std::optional<typename decltype(std::declval<sender>().try_reserve_owned())::value_type> permit_;
};

/// The receiver, the only sender and a weak one are dropped at once.
template <class Target, class Form>
class all_go : public start<Target, 1, 1> {
  public:
    static constexpr const char* name = "receiver_drop.all_go";
    static constexpr unsigned threads = 3;

    all_go() : weak_(this->tx_->downgrade()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            this->tx_.reset();
        } else if (index == 1) {
            weak_.reset();
        } else {
            this->drop_receiver();
        }
    }

  private:
    std::optional<decltype(std::declval<typename start<Target, 1, 1>::sender&>().downgrade())> weak_;
};

template <class Target>
bool enroll_all() {
    return enroll<try_send, Target, driven>() && enroll<permits, Target, driven>() &&
           enroll<granted_send, Target, blocking>() && enroll<granted_send, Target, driven>() &&
           enroll<with_its_receive, Target, driven>() && enroll<before_its_receive, Target, driven>() &&
           enroll<both_go, Target, driven>() && enroll<all_go, Target, driven>();
}

}  // namespace tailrace::relacy::receiver_drop
