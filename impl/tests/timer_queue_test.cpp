// Tests of the heap of timers, against a model from the standard library.
#include "tailrace/detail/timer_queue.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace tailrace::detail {
namespace {

using node = timer_node<int>;
using queue = timer_queue<int>;

struct nodes {
    explicit nodes(std::size_t n) : all(std::make_unique<node[]>(n)), count(n) {}
    node& operator[](std::size_t i) { return all[i]; }
    [[nodiscard]] std::size_t index_of(const node& n) const { return static_cast<std::size_t>(&n - all.get()); }

    std::unique_ptr<node[]> all;
    std::size_t count;
};

std::vector<std::size_t> drained(queue& q, const nodes& of) {
    std::vector<std::size_t> order;
    while (!q.empty()) order.push_back(of.index_of(q.pop_front()));
    return order;
}

TEST(timer_queue, knows_what_is_in_it) {
    queue q;
    nodes n(2);
    EXPECT_TRUE(q.empty());
    EXPECT_FALSE(n[0].linked());
    for (std::size_t i : {0u, 1u}) {
        n[i].deadline = 7;
        q.push(n[i]);
        EXPECT_TRUE(n[i].linked());
    }
    EXPECT_FALSE(q.empty());
    EXPECT_EQ(&q.front(), &n[0]);
    EXPECT_EQ(&q.pop_front(), &n[0]);
    EXPECT_FALSE(n[0].linked());
    q.remove(n[1]);
    EXPECT_FALSE(n[1].linked());
    EXPECT_TRUE(q.empty());
}

TEST(timer_queue, equal_deadlines_leave_in_the_order_of_arming) {
    queue q;
    nodes n(300);
    std::vector<std::size_t> order(n.count);
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
    for (const std::size_t i : order) {
        n[i].deadline = 5;
        q.push(n[i]);
    }
    // One that leaves and is armed anew goes behind all others.
    const std::size_t again = order[100];
    q.remove(n[again]);
    q.push(n[again]);
    order.erase(order.begin() + 100);
    order.push_back(again);
    EXPECT_EQ(drained(q, n), order);
}

TEST(timer_queue, anyone_may_leave_from_the_middle_of_any_shape) {
    // After a pop the heap has grown branches; everyone in turn is the one who leaves.
    constexpr std::size_t count = 33;
    for (std::size_t leaver = 0; leaver < count; ++leaver) {
        queue q;
        nodes n(count);
        std::mt19937_64 random(leaver);
        std::multimap<int, std::size_t> model;
        for (std::size_t i = 0; i < count; ++i) {
            n[i].deadline = static_cast<int>(random() % 100);
            q.push(n[i]);
            model.emplace(n[i].deadline, i);
        }
        EXPECT_EQ(n.index_of(q.pop_front()), model.begin()->second);
        model.erase(model.begin());
        if (n[leaver].linked()) {
            q.remove(n[leaver]);
            std::erase_if(model, [&](const auto& entry) { return entry.second == leaver; });
        }
        std::vector<std::size_t> expected;
        for (const auto& [deadline, i] : model) expected.push_back(i);
        EXPECT_EQ(drained(q, n), expected) << "without " << leaver;
    }
}

/// A multimap keeps equals in the order of insertion, which is what the queue promises.
void random_operations(std::uint64_t seed, int deadlines, unsigned pushes_in_ten) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    constexpr int steps = 20'000;
    queue q;
    nodes n(500);
    std::multimap<int, std::size_t> model;
    std::vector<std::multimap<int, std::size_t>::iterator> places(n.count, model.end());
    std::mt19937_64 random(seed);
    for (int step = 0; step < steps; ++step) {
        const auto i = static_cast<std::size_t>(random() % n.count);
        const bool linked = places[i] != model.end();
        ASSERT_EQ(n[i].linked(), linked) << "step " << step;
        if (random() % 10 < pushes_in_ten) {
            if (linked) continue;
            n[i].deadline = static_cast<int>(random() % static_cast<unsigned>(deadlines));
            q.push(n[i]);
            places[i] = model.emplace(n[i].deadline, i);
        } else if (linked && random() % 2 == 0) {
            q.remove(n[i]);
            model.erase(places[i]);
            places[i] = model.end();
        } else if (!model.empty()) {
            const auto first = model.begin()->second;
            ASSERT_EQ(n.index_of(q.pop_front()), first) << "step " << step;
            model.erase(model.begin());
            places[first] = model.end();
        }
        ASSERT_EQ(q.empty(), model.empty()) << "step " << step;
        if (model.empty()) continue;
        ASSERT_EQ(n.index_of(q.front()), model.begin()->second) << "step " << step;
    }
    std::vector<std::size_t> expected;
    for (const auto& [deadline, i] : model) expected.push_back(i);
    EXPECT_EQ(drained(q, n), expected);
}

TEST(timer_queue, agrees_with_a_multimap_on_random_operations) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        random_operations(seed, 20, 5);         // mostly ties
        random_operations(seed, 1'000'000, 5);  // hardly any
        random_operations(seed, 1'000, 8);      // nearly full
        random_operations(seed, 1'000, 2);      // nearly empty
    }
}

/// On a stack too small for any recursion over the nodes.
template <void (*Test)()>
void on_a_small_stack() {
    constexpr std::size_t stack_bytes = 1 << 19;
    pthread_attr_t small;
    ASSERT_EQ(pthread_attr_init(&small), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&small, stack_bytes), 0);
    pthread_t thread;
    const auto run = [](void*) -> void* { return Test(), nullptr; };
    ASSERT_EQ(pthread_create(&thread, &small, run, nullptr), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&small);
}

/// Ascending deadlines make the widest tree, descending ones the deepest.
void a_million(const std::vector<int>& deadlines) {
    queue q;
    nodes n(deadlines.size());
    for (std::size_t i = 0; i < n.count; ++i) {
        n[i].deadline = deadlines[i];
        q.push(n[i]);
    }
    std::size_t left = n.count;
    for (std::size_t i = 0; i < n.count; i += 3, --left) q.remove(n[i]);
    std::size_t before = n.count;
    for (; !q.empty(); --left) {
        const std::size_t i = n.index_of(q.pop_front());
        ASSERT_NE(i % 3, 0u) << "removed";
        if (before != n.count) {
            ASSERT_LE(n[before].deadline, n[i].deadline);
            ASSERT_TRUE(n[before].deadline < n[i].deadline || before < i) << "a tie";
        }
        before = i;
    }
    EXPECT_EQ(left, 0u);
}

void a_million_in_any_order() {
    std::vector<int> deadlines(1'000'000);
    std::iota(deadlines.begin(), deadlines.end(), 0);
    a_million(deadlines);
    std::reverse(deadlines.begin(), deadlines.end());
    a_million(deadlines);
    std::mt19937_64 random(1);
    for (int& deadline : deadlines) deadline = static_cast<int>(random() % 500'000);
    a_million(deadlines);
}

TEST(timer_queue, holds_a_million_in_any_order_on_any_stack) { on_a_small_stack<&a_million_in_any_order>(); }

}  // namespace
}  // namespace tailrace::detail
