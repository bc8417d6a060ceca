// Scenarios of the channel as a semaphore: several tasks acquire, release, wait for and cancel permits at once. Never
// are more permits outstanding than the capacity, none is lost, and a close ends every loop.
//
// Clauses: conservation, reserve.*, reserve_many.*, permit.release, permit_iterator.*, close.*, cancel.driven.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"
#include "scenarios/support/forms.hpp"
#include "scenarios/support/open_channel.hpp"

namespace tailrace::relacy::permits {

/// Counts the permits that are outstanding. All simulated threads are one OS thread, so it adds no ordering to the
/// execution.
class occupancy {
  public:
    explicit occupancy(unsigned most) : most_(most) {}
    /// Holds n permits, and yields to the other threads meanwhile.
    void use(unsigned n = 1) {
        inside_ += n;
        expect(inside_ <= most_, "no more permits are out than there are");
        relacy_platform::pause(0);
        inside_ -= n;
    }

  private:
    unsigned inside_ = 0;
    unsigned most_;
};

/// Three tasks take a permit each where there are two.
template <class Target, class Form>
class no_more_than_there_are : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "permits.no_more_than_there_are";
    static constexpr unsigned threads = 3;

    void thread(unsigned) override {
        const auto one = Form::reserve(*this->tx_);
        expect(one.has_value(), "the channel stays open");
        inside_.use();
    }

  private:
    occupancy inside_{2};
};

/// Two tasks take the only permit, twice each.
template <class Target, class Form>
class taking_turns : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "permits.taking_turns";

    void thread(unsigned) override {
        for (int turn = 0; turn < 2; ++turn) {
            const auto one = Form::reserve(*this->tx_);
            expect(one.has_value(), "the channel stays open");
            inside_.use();
        }
    }

  private:
    occupancy inside_{1};
};

/// The same until the channel is closed: both loops end, and so does the receive when the last permit is back.
template <class Target, class Form>
class turns_against_close : public open_channel<Target, 1> {
  public:
    static constexpr const char* name = "permits.turns_against_close";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index < 2) {
            for (int turn = 0; turn < 2; ++turn) {
                const auto one = Form::reserve(*this->tx_);
                if (!one) return;
                inside_.use();
            }
        } else {
            this->rx_->close();
            this->expect_end(Form::recv(*this->rx_));
        }
    }

  private:
    occupancy inside_{1};
};

/// Two threads start two waits each, poll them once and cancel them, while two permits are returned.
template <class Target, class Form>
class cancels_against_return : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "permits.cancels_against_return";
    static constexpr unsigned threads = 3;

    cancels_against_return() : several_(this->some_permits(2)) {}
    void thread(unsigned index) override {
        if (index == 2) {
            several_.reset();
        } else {
            auto first = this->tx_->reserve();
            auto second = this->tx_->reserve();
            const auto a = first.poll(wakes_[std::size_t{2} * index].waker());
            const auto b = second.poll(wakes_[2 * index + 1].waker());
            expect((!a || a->has_value()) && (!b || b->has_value()), "the channel stays open");
        }
    }

  private:
    counting_waker wakes_[4];
    std::optional<typename open_channel<Target, 2>::permits> several_;
};

/// Two threads request one, two and three permits of a capacity of three.
template <class Target, class Form>
class requests_of_all_sizes : public open_channel<Target, 3> {
  public:
    static constexpr const char* name = "permits.requests_of_all_sizes";

    void thread(unsigned index) override {
        if (index == 0) {
            take(2);
            take(1);
        } else {
            take(3);
        }
    }

  private:
    void take(unsigned n) {
        counting_waker wakes;
        const auto several = drive(this->tx_->reserve_many(n), wakes);
        expect(several && several->size() == n, "the channel stays open: as many permits as were requested");
        inside_.use(n);
    }

    occupancy inside_{3};
};

/// A request for three permits where one is free, and three are returned: then one is left, immediately.
template <class Target, class Form>
class request_against_return : public open_channel<Target, 4, 3> {
  public:
    static constexpr const char* name = "permits.request_against_return";

    void thread(unsigned index) override {
        if (index == 0) {
            counting_waker wakes;
            const auto several = drive(this->tx_->reserve_many(3), wakes);
            expect(several && several->size() == 3, "the channel stays open: as many permits as were requested");
            expect(this->tx_->capacity() == 1, "the others are free");
        } else {
            std::vector<parcel> got;
            got.reserve(3);
            expect(this->rx_->blocking_recv_many(got, 3) == 3, "three values are there before another task can send");
            for (const parcel& p : got) (void)this->book_.received(p);
        }
    }
};

/// Two threads return a permit each, and a send may wait for the first of them: it succeeds, and the other permit is
/// free.
template <class Target, class Form>
class two_returns : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "permits.two_returns";
    static constexpr unsigned threads = 3;

    two_returns() : first_(this->one_permit()), second_(this->one_permit()) {}
    void thread(unsigned index) override {
        if (index == 0) {
            first_.reset();
        } else if (index == 1) {
            second_.reset();
        } else {
            this->expect_sent(Form::send(*this->tx_, this->book_.make(1)), 1);
        }
    }
    void finish() override {
        expect(this->tx_->capacity() == 1, "only the value uses capacity");
        open_channel<Target, 2>::finish();
    }

  private:
    std::optional<typename open_channel<Target, 2>::permit> first_;
    std::optional<typename open_channel<Target, 2>::permit> second_;
};

/// One of three tasks waits for two permits, the others take one at a time, and all of them finish.
template <class Target, class Form>
class large_among_small : public open_channel<Target, 2> {
  public:
    static constexpr const char* name = "permits.large_among_small";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            counting_waker wakes;
            const auto both = drive(this->tx_->reserve_many(2), wakes);
            expect(both && both->size() == 2, "the channel stays open: as many permits as were requested");
            inside_.use(2);
        } else {
            const auto one = Form::reserve(*this->tx_);
            expect(one.has_value(), "the channel stays open");
            inside_.use();
        }
    }

  private:
    occupancy inside_{2};
};

template <class Target>
bool enroll_all() {
    return enroll<no_more_than_there_are, Target, blocking>() && enroll<no_more_than_there_are, Target, driven>() &&
           enroll<taking_turns, Target, blocking>() && enroll<taking_turns, Target, driven>() &&
           enroll<turns_against_close, Target, blocking>() && enroll<turns_against_close, Target, driven>() &&
           enroll<cancels_against_return, Target, driven>() && enroll<requests_of_all_sizes, Target, driven>() &&
           enroll<request_against_return, Target, driven>() && enroll<two_returns, Target, blocking>() &&
           enroll<two_returns, Target, driven>() && enroll<large_among_small, Target, blocking>() &&
           enroll<large_among_small, Target, driven>();
}

}  // namespace tailrace::relacy::permits
