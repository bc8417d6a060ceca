// The forms of operations behind those that are polled, values of other types, and allocations that fail.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "engine/task.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"
#include "target/values.hpp"

namespace tailrace::verify {
namespace {

using model::status;

/// A session of one of the geometries, driven by lines of text.
class driven {
  public:
    driven(const char* geometry, std::uint64_t capacity)
        : session_(find_target(std::string("optimized:") + geometry)->open(capacity)) {
        session_->expect_reactions(false);
    }
    model::outcome operator()(const std::string& line) { return session_->apply(model::parse_step(line)); }
    [[nodiscard]] std::uint64_t count(form_event what) const {
        return (*session_->observe_forms())[static_cast<std::size_t>(what)];
    }
    [[nodiscard]] std::uint64_t free() const { return *session_->observe_capacity(); }

  private:
    std::unique_ptr<session> session_;
};

std::string f(unsigned number) { return "f" + std::to_string(number); }

TEST(forms, a_waiting_operation_is_dropped_in_each_form_with_the_same_effects) {
    for (unsigned n = 0; n < 10; ++n) {
        driven on("in-place", 1);
        on("s0 try_send v1");
        on("s0 send v2 as " + f(n));
        on("s0 send v3 as f20");  // polled, and nothing else
        EXPECT_EQ(on("poll " + f(n)).answer.status, status::pending);
        EXPECT_EQ(on("poll f20").answer.status, status::pending);
        const model::outcome dropped = on("drop " + f(n));
        EXPECT_EQ(dropped.destroyed, std::vector<model::value_id>{2}) << n;
        EXPECT_TRUE(dropped.woken.empty()) << n;
        EXPECT_EQ(on("r try_recv").woken.size(), 1U) << n;
        EXPECT_EQ(on("poll f20").answer.status, status::ok) << n;
        EXPECT_EQ(on.count(form_event::stopped), n == 1 || n == 2 || n == 4 || n == 6 ? 1U : 0U) << n;
        EXPECT_EQ(on.count(form_event::timed_out), n == 7 || n == 9 ? 1U : 0U) << n;
        EXPECT_EQ(on.count(form_event::destroyed_asleep), n == 3 || n == 8 ? 1U : 0U) << n;
    }
}

struct deaf final : session_events {
    void woken(std::uint32_t) noexcept override {}
    void destroyed(model::value_id) noexcept override {}
};

/// What a task notes of the drop of a send that waits, in the form of this number; granted before, or not.
std::pair<model::step, model::answer> noted_drop(std::uint32_t number, bool granted) {
    deaf nothing;
    const auto on = find_target("optimized:in-place")->open_tasks(1, nothing, false);
    const auto act = [&](const std::string& line) { return on->act(model::parse_step(line)); };
    act("s0 try_send v1");
    act("s0 send v2 as " + f(number));
    EXPECT_EQ(act("poll " + f(number)).status, status::pending);
    if (granted) act("r try_recv");
    model::step drop = model::parse_step("drop " + f(number));
    const model::answer a = take_step(*on, drop);
    EXPECT_EQ(act("s0 try_send v3").status, granted && drop.what == model::verb::drop ? status::ok : status::full);
    return {drop, a};
}

TEST(forms, a_drop_among_tasks_of_what_finishes_first_is_noted_as_a_poll) {
    unsigned polls = 0;
    for (std::uint32_t n = 100; n < 110; ++n) {
        const auto [asleep, nothing] = noted_drop(n, false);
        EXPECT_EQ(asleep.what, model::verb::drop) << n;
        const auto [step, answer] = noted_drop(n, true);
        EXPECT_EQ(answer.status, status::ok) << n;
        EXPECT_EQ(step.subject.number, n);
        polls += step.what == model::verb::poll ? 1 : 0;
    }
    EXPECT_EQ(polls, 8U) << "all but the two that are polled and cannot be interrupted";
}

TEST(forms, an_awaited_operation_is_resumed_by_its_executor) {
    driven on("in-place", 2);
    on("r recv as f3");
    EXPECT_EQ(on("poll f3").answer.status, status::pending);
    EXPECT_EQ(on("s0 try_send v1").woken.size(), 1U);
    EXPECT_EQ(on.free(), 1U) << "the coroutine has not run yet";
    const model::outcome received = on("poll f3");
    EXPECT_EQ(received.answer.value, 1U);
    EXPECT_EQ(on.count(form_event::resumed), 1U);
}

TEST(forms, a_coroutine_that_is_destroyed_before_it_is_resumed_gives_back_what_it_got) {
    driven on("in-place", 1);
    on("s0 try_send v1");
    on("s0 send v2 as f3");
    on("poll f3");
    EXPECT_EQ(on("r try_recv").woken.size(), 1U);
    EXPECT_EQ(on.free(), 0U);
    EXPECT_EQ(on("drop f3").destroyed, std::vector<model::value_id>{2});
    EXPECT_EQ(on.free(), 1U);
    EXPECT_EQ(on.count(form_event::destroyed_woken), 1U);
}

TEST(forms, a_wake_comes_through_the_waker_of_the_last_poll) {
    for (unsigned n = 0; n < 10; ++n) {
        driven on("in-place", 1);
        on("s0 try_send v1");
        on("s0 reserve as " + f(n));
        on("poll " + f(n));
        on("poll " + f(n));
        EXPECT_EQ(on("r try_recv").woken.size(), 1U) << n;
        EXPECT_EQ(on.count(form_event::other_waker), 1U) << n;
    }
}

TEST(forms, every_allocation_of_a_call_fails_once_and_changes_nothing) {
    driven on("slots=4", 3);  // its values travel in boxes
    EXPECT_EQ(on("s0 try_send v1").answer.status, status::ok);
    const std::uint64_t one = on.count(form_event::failed_allocation);
    EXPECT_GE(one, 1U);
    on("s0 reserve_many 2 as f0");
    EXPECT_GE(on.count(form_event::failed_allocation), one + 3) << "two boxes, and where they are";
    EXPECT_EQ(on.free(), 2U);
    EXPECT_EQ(on("poll f0").answer.status, status::made);
}

TEST(values, know_that_they_are_damaged) {
    struct : session_events {
        void woken(std::uint32_t) noexcept override {}
        void destroyed(model::value_id) noexcept override {}
    } ignored;
    kilobyte_value whole(7, ignored);
    kilobyte_value moved = std::move(whole);
    EXPECT_EQ(moved.accept(), 7U);
    kilobyte_value broken(8, ignored);
    broken.words.back() = 7;
    EXPECT_EQ(broken.accept(), damaged_value);

    alignas(overaligned_value) std::byte place[sizeof(overaligned_value)];
    auto* const straight = new (place) overaligned_value(9, ignored);
    EXPECT_EQ(straight->accept(), 9U);
}

}  // namespace
}  // namespace tailrace::verify
