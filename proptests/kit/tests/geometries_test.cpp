// Geometries of a target: programs are spread over them, and what fails in one of them is replayed and pasted there.
// After a change here run: ci/test -L proptests -R geometries
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "campaign/campaign.hpp"
#include "campaign/engines.hpp"
#include "campaign/replay.hpp"
#include "engine/sequential.hpp"
#include "report/failure_report.hpp"
#include "report/token.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {
namespace {

/// The channel itself; what is seen of its storage is changed.
class hoarder : public session {
  public:
    hoarder(std::unique_ptr<session> real, std::uint64_t more) : real_(std::move(real)), more_(more) {}
    model::outcome apply(const model::step& s) override { return real_->apply(s); }
    std::optional<std::uint64_t> observe_capacity() override { return real_->observe_capacity(); }
    std::optional<storage> observe_storage() override {
        std::optional<storage> seen = real_->observe_storage();
        if (seen && seen->next != seen->first) seen->blocks += more_;
        return seen;
    }

  private:
    std::unique_ptr<session> real_;
    std::uint64_t more_;
};

/// `optimized`, which keeps a block too many in one of its geometries once there was a message.
target hoarding(std::size_t in) {
    target t = *find_target("optimized");
    target& g = t.geometries.at(in);
    g.open = [open = g.open](std::uint64_t capacity) { return std::make_unique<hoarder>(open(capacity), 1); };
    return t;
}

TEST(geometries, take_turns_with_the_target_and_have_names_of_their_own) {
    const target& t = *find_target("optimized");
    ASSERT_GE(t.geometries.size(), 4U);
    std::set<std::string> names;
    for (std::uint64_t i = 0; i <= t.geometries.size(); ++i)
        names.insert(target_for(t, i, model::engine::sequential).name);
    EXPECT_EQ(names.size(), t.geometries.size() + 1);
    for (const std::string& name : names) EXPECT_EQ(find_target(name)->name, name);
    EXPECT_EQ(&target_for(t, 0, model::engine::sequential), &t);
    EXPECT_EQ(&target_for(t, t.geometries.size() + 1, model::engine::sequential), &t);
    EXPECT_EQ(target_for(t, 1, model::engine::interleavings).name, "optimized:slots=2");
    EXPECT_EQ(target_for(t, 2, model::engine::interleavings).name, "optimized:in-place");
    EXPECT_EQ(target_for(t, 2, model::engine::threads).name, "optimized:in-place");
    EXPECT_EQ(&target_for(*find_target("reference"), 3, model::engine::sequential), find_target("reference"));
    EXPECT_EQ(find_target("optimized:slots=3"), nullptr);
}

TEST(geometries, show_what_they_are) {
    std::unique_ptr<session> s = find_target("optimized:slots=4")->open(9);
    const std::optional<storage> begun = s->observe_storage();
    ASSERT_TRUE(begun);
    EXPECT_EQ(begun->block_slots, 4U);
    EXPECT_EQ(begun->next, begun->first);
    EXPECT_EQ(begun->blocks, 1U);
    EXPECT_EQ(begun->kept_blocks, 2U);
    EXPECT_GE(begun->most_blocks, 3U);
    for (unsigned v = 1; v <= 9; ++v) (void)s->apply(model::parse_step("s0 try_send v" + std::to_string(v)));
    EXPECT_EQ(s->observe_storage()->next, 3U) << "six before the wrap, and three after it";
}

TEST(geometries, name_themselves_in_a_failure_which_its_token_repeats_there) {
    const target t = hoarding(1);
    job j;
    j.programs = 2'000;
    j.seed = 1;
    const engine_entry* const sequential = &engines()[1];
    const campaign c = run_campaign(j, {sequential}, {&t});
    ASSERT_TRUE(c.failed());
    const failure& f = c.reports.front().failures.front();
    ASSERT_EQ(f.clauses.size(), 1U);
    EXPECT_EQ(f.clauses.front(), "channel.idle-storage");
    ASSERT_TRUE(f.example);
    EXPECT_EQ(f.example->target, "optimized:slots=4");
    EXPECT_EQ(parse_token(f.token).target, "optimized:slots=4");
    EXPECT_NE(f.text.find("keeps 3 blocks, and may keep 2"), std::string::npos) << f.text;
    EXPECT_TRUE(replay(parse_token(f.token), t.geometries[1]).failed());
    EXPECT_EQ(replay(parse_token(f.token), *find_target(f.example->target)).is, replayed::end::gone);

    const std::string test = to_regression_test(*f.example);
    EXPECT_NE(test.find("block_slots = 4, ring_bytes = 0, kept_bytes = 100;"), std::string::npos) << test;
    EXPECT_NE(test.find("tailrace::channel<int, platform>("), std::string::npos) << test;
    EXPECT_NE(test.find("EXPECT_LE(kept.number, platform::kept_bytes / kept.bytes + 1);"), std::string::npos) << test;
}

}  // namespace
}  // namespace tailrace::verify
