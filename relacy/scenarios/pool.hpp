// Scenarios of the lists of a pool (detail/work_lists.hpp): a few workers, and a thread outside. Nodes stand for
// coroutines. A node that is never resumed leaves the thread outside asleep, which is a deadlock.
//
// Clauses: wake.all.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <memory>

#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"
#include "kernel/simulation.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/detail/work_lists.hpp"

namespace tailrace::relacy::pool {

/// The watch dozes in a loop. The search would let its deadline expire again and again, so here it lets the other
/// threads run first; only a real sleep waits for its token.
struct platform : relacy_platform {
    struct parker : relacy_platform::parker {
        bool park_until(clock::time_point /*deadline*/) {
            pause(0);
            return false;
        }
    };
};
using lists = detail::work_lists<platform>;

struct nodes {
    static constexpr const char* name = "nodes";
};

/// The last thread is outside: it makes nodes ready, waits until all is done, and stops. The others are workers.
template <unsigned Workers>
class pool_and_outside : public scenario {
  public:
    static constexpr unsigned threads = Workers + 1;

    void thread(unsigned index) override {
        if (index == Workers) return outside();
        auto& me = lists_[index];
        for (waker w = lists_.next(me); w.wake != nullptr; w = lists_.next(me)) w();
    }

  protected:
    pool_and_outside() {
        first_.action = {[](void* self) noexcept { static_cast<pool_and_outside*>(self)->run_first(); }, this};
        second_.action = {[](void* self) noexcept { static_cast<pool_and_outside*>(self)->run_second(); }, this};
    }
    virtual void outside() {
        lists_.push_from_outside(first_);
        outside_.park();
        lists_.stop();
    }
    virtual void run_first() = 0;
    virtual void run_second() = 0;
    lists::worker& here() { return lists_[rl::thread_index()]; }

    lists lists_{Workers};
    detail::run_node first_, second_;
    relacy_platform::parker outside_, held_;
};

/// The first resumption makes the second one ready, and does not end before that has run: so the other worker must take
/// it, whether it looks, dozes or sleeps.
template <class, class>
class held_up : public pool_and_outside<2> {
  public:
    static constexpr const char* name = "pool.held_up";

  private:
    void run_first() override {
        lists_.push(here(), second_);
        held_.park();
        outside_.unpark();
    }
    void run_second() override { held_.unpark(); }
};

/// The same with three workers: the first makes two ready, and each of them is needed for the end of the one before it.
/// So the worker that takes over the second must leave the watch to the one that takes over the third.
template <class, class>
class all_held_up : public pool_and_outside<3> {
  public:
    static constexpr const char* name = "pool.all_held_up";

    all_held_up() {
        third_.action = {[](void* parker) noexcept { static_cast<relacy_platform::parker*>(parker)->unpark(); },
                         &held_by_third_};
    }

  private:
    void run_first() override {
        lists_.push(here(), second_);
        lists_.push(here(), third_);
        held_.park();
        outside_.unpark();
    }
    void run_second() override {
        held_by_third_.park();
        held_.unpark();
    }

    detail::run_node third_;
    relacy_platform::parker held_by_third_;
};

/// Two become ready outside; the one that runs first does not end before the other. One worker may have taken both out
/// of the inbox.
template <class, class>
class two_from_outside : public pool_and_outside<2> {
  public:
    static constexpr const char* name = "pool.two_from_outside";

  private:
    void outside() override {
        lists_.push_from_outside(first_);
        lists_.push_from_outside(second_);
        outside_.park();
        lists_.stop();
    }
    void run_first() override {
        held_.park();
        outside_.unpark();
    }
    void run_second() override { held_.unpark(); }
};

/// The workers stop beside what becomes ready. What has not run is still linked, and can be unlinked.
template <class, class>
class stop : public pool_and_outside<2> {
  public:
    static constexpr const char* name = "pool.stop";

    void finish() override {
        for (detail::run_node* const n : {&first_, &second_}) {
            if (n->list != nullptr) lists_.forget(*n);
        }
        expect(ran_[1] <= ran_[0] && ran_[0] <= 1 && ran_[1] <= 1, "each runs at most once, in their order");
    }

  private:
    void outside() override {
        lists_.push_from_outside(first_);
        lists_.stop();
    }
    void run_first() override {
        ++ran_[0];
        lists_.push(here(), second_);
    }
    void run_second() override { ++ran_[1]; }

    std::array<int, 2> ran_{};
};

/// Thread 1 makes a node ready on a pool of one worker. As soon as it has run, thread 2 destroys the pool.
template <class, class>
class destroyed : public scenario {
  public:
    static constexpr const char* name = "pool.destroyed";
    static constexpr unsigned threads = 3;

    destroyed() {
        node_.action = {[](void* parker) noexcept { static_cast<relacy_platform::parker*>(parker)->unpark(); }, &ran_};
    }
    void thread(unsigned index) override {
        if (index == 0) {
            auto& me = (*lists_)[0];
            for (waker w = lists_->next(me); w.wake != nullptr; w = lists_->next(me)) w();
            ended_.unpark();
        } else if (index == 1) {
            lists_->push_from_outside(node_);
        } else {
            ran_.park();
            lists_->stop();
            ended_.park();
            lists_.reset();
        }
    }

  private:
    std::unique_ptr<lists> lists_ = std::make_unique<lists>(1);
    detail::run_node node_;
    relacy_platform::parker ran_, ended_;
};

template <class Target>
bool enroll_all() {
    return enroll<held_up, Target, nodes>() && enroll<all_held_up, Target, nodes>() &&
           enroll<two_from_outside, Target, nodes>() && enroll<stop, Target, nodes>() &&
           enroll<destroyed, Target, nodes>();
}

}  // namespace tailrace::relacy::pool
