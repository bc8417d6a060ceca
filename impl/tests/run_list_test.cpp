// Tests of the run list, against a model from the standard library: resumptions add others, and destroy some that are
// on the list, wherever they are.
#include "tailrace/detail/run_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace tailrace::detail {
namespace {

/// What a resumption does: adds the node of a coroutine to the list, or destroys the coroutine.
struct act {
    bool adds = false;
    std::size_t which = 0;
};
using program = std::vector<std::vector<act>>;  // of each coroutine

program random_program(std::mt19937& bits) {
    const std::size_t n = 1 + bits() % 6;
    program p(n);
    for (auto& body : p) {
        body.resize(bits() % 5);
        for (act& a : body) a = {bits() % 3 != 0, bits() % n};
    }
    return p;
}

/// The coroutines that run, in their order; after each the number of those that wait on the list.
struct course {
    std::vector<std::size_t> order;
    std::vector<std::size_t> waiting;
    std::size_t destroyed_on_it = 0;
    std::size_t last_destroyed = 0;  // of these, the last of several

    friend bool operator==(const course&, const course&) = default;
};

constexpr std::size_t most_runs = 40;

course by_the_model(const program& p) {
    course c;
    std::deque<std::size_t> list{0};
    std::vector<bool> alive(p.size(), true);
    while (!list.empty()) {
        const std::size_t running = list.front();
        list.pop_front();
        c.order.push_back(running);
        for (const act& a : p[running]) {
            if (!alive[a.which] || c.order.size() > most_runs) continue;
            const auto at = std::ranges::find(list, a.which);
            if (a.adds && at == list.end()) {
                list.push_back(a.which);
            } else if (!a.adds) {
                alive[a.which] = false;
                if (at == list.end()) continue;
                ++c.destroyed_on_it;
                if (list.size() > 1 && *at == list.back()) ++c.last_destroyed;
                list.erase(at);
            }
        }
        c.waiting.push_back(list.size());
    }
    return c;
}

class coroutines {
  public:
    explicit coroutines(const program& p) : program_(p) {
        for (std::size_t i = 0; i < p.size(); ++i) all_.push_back(std::make_unique<coroutine>(this, i));
    }
    course run() {
        list_.run(all_.front()->node);
        EXPECT_FALSE(list_.running());
        return course_;
    }

  private:
    struct coroutine {
        coroutine(coroutines* group, std::size_t number) : of(group), index(number) {
            node.action = {[](void* self) noexcept {
                               const auto& c = *static_cast<coroutine*>(self);
                               c.of->resume(c.index);  // which may destroy it
                           },
                           this};
        }
        ~coroutine() {
            if (node.list == nullptr) return;
            ++of->course_.destroyed_on_it;
            if (of->waiting() > 0 && node.next == nullptr) ++of->course_.last_destroyed;
            node.list->remove(node);
        }
        coroutines* of;
        std::size_t index;
        run_node node;
    };

    void resume(std::size_t which) {
        EXPECT_TRUE(list_.running());
        course_.order.push_back(which);
        for (const act& a : program_[which]) {
            std::unique_ptr<coroutine>& other = all_[a.which];
            if (!other || course_.order.size() > most_runs) continue;
            if (!a.adds) {
                other.reset();
            } else if (other->node.list == nullptr) {
                list_.run(other->node);
            }
        }
        course_.waiting.push_back(waiting());
    }
    [[nodiscard]] std::size_t waiting() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(all_, [](const auto& c) { return c && c->node.list != nullptr; }));
    }

    const program& program_;
    run_list list_;
    std::vector<std::unique_ptr<coroutine>> all_;
    course course_;
};

TEST(run_list, resumes_in_order_whatever_is_added_and_destroyed_meanwhile) {
    std::mt19937 bits(1);
    std::size_t destroyed = 0;
    std::size_t last = 0;
    for (int i = 0; i < 20'000; ++i) {
        const program p = random_program(bits);
        const course expected = by_the_model(p);
        ASSERT_EQ(coroutines(p).run(), expected) << "program " << i;
        destroyed += expected.destroyed_on_it;
        last += expected.last_destroyed;
    }
    EXPECT_GT(destroyed, 2'000U);
    EXPECT_GT(last, 500U) << "the last of several on the list";
}

}  // namespace
}  // namespace tailrace::detail
