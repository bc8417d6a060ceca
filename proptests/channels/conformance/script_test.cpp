// Tests of the script runner: it distinguishes a wrong script from a wrong target, and reports both with the reason.
// After a change here run: ci/test -L conformance -R script
#include "script.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>

#include "tailrace/model/machine.hpp"

namespace tailrace::verify {

namespace {

using bend = std::function<void(const model::step&, model::outcome&)>;

/// The specification as a target, with its outcomes bent.
class bent_session final : public session {
  public:
    bent_session(std::uint64_t capacity, bend how, std::uint64_t capacity_error)
        : machine_(capacity), bend_(std::move(how)), capacity_error_(capacity_error) {}

    model::outcome apply(const model::step& s) override {
        model::outcome out = machine_.apply(s);
        if (bend_) bend_(s, out);
        return out;
    }
    std::optional<std::uint64_t> observe_capacity() override { return machine_.available + capacity_error_; }
    std::string describe() override { return "bent but standing"; }

  private:
    model::machine machine_;
    bend bend_;
    std::uint64_t capacity_error_;
};

target bent(const bend& how, std::uint64_t capacity_error = 0) {
    return {"bent", "the specification, bent", capabilities::all(), [how, capacity_error](std::uint64_t capacity) {
                return std::make_unique<bent_session>(capacity, how, capacity_error);
            }};
}

constexpr std::string_view good_script = R"(
    s0 try_send v1 -> ok
    s0 send v2 as f0 -> created
    poll f0 -> pending
    s0 reserve as f1 -> created
    poll f1 -> pending
    r close -> ok ! f0 f1
    poll f0 -> closed v2
    poll f1 -> closed
    drop r -> ok ~ v1
)";

void expect_failure(const script_result& result, std::initializer_list<std::string_view> parts) {
    EXPECT_EQ(result.is, script_result::verdict::failed);
    for (const std::string_view part : parts) {
        EXPECT_NE(result.text.find(part), std::string::npos) << "'" << part << "' is not in:\n" << result.text;
    }
}

}  // namespace

TEST(script, a_target_that_does_as_the_script_says_passes) {
    const script_result result = run_script(bent({}), 1, good_script);
    EXPECT_EQ(result.is, script_result::verdict::passed) << result.text;
}

TEST(script, a_wrong_answer_is_reported_with_the_steps_before_it_and_both_states) {
    const target t = bent([](const model::step& s, model::outcome& out) {
        if (s.what == model::verb::close) out.answer.status = model::status::none;
    });
    expect_failure(
        run_script(t, 1, good_script),
        {"script line 7: r close -> ok ! f0 f1", "bent differs", "expected  ok ! f0 f1", "got       none ! f0 f1",
         "     2  s0 try_send v1 -> ok", "     6  poll f1 -> pending", "capacity 1", "bent but standing"});
}

TEST(script, a_wake_left_out_added_or_swapped_is_a_difference) {
    const auto with_wakes = [](const std::function<void(std::vector<model::handle>&)>& change) {
        return run_script(bent([change](const model::step&, model::outcome& out) {
                              if (out.woken.size() == 2) change(out.woken);
                          }),
                          1, good_script);
    };
    const model::handle f0{model::handle_kind::operation, 0};
    expect_failure(with_wakes([](auto& woken) { woken.pop_back(); }), {"got       ok ! f0\n"});
    expect_failure(with_wakes([f0](auto& woken) { woken.push_back(f0); }), {"got       ok ! f0 f1 f0\n"});
    expect_failure(with_wakes([](auto& woken) { std::swap(woken[0], woken[1]); }), {"got       ok ! f1 f0\n"});
}

TEST(script, a_destruction_left_out_added_or_swapped_is_a_difference) {
    const auto with_destroyed = [](const std::function<void(std::vector<model::value_id>&)>& change) {
        return run_script(bent([change](const model::step& s, model::outcome& out) {
                              if (s.what == model::verb::drop) change(out.destroyed);
                          }),
                          2, "s0 try_send v1 -> ok\n s0 try_send v2 -> ok\n drop r -> ok ~ v1 v2");
    };
    EXPECT_EQ(with_destroyed([](auto&) {}).is, script_result::verdict::passed);
    expect_failure(with_destroyed([](auto& d) { d.pop_back(); }), {"got       ok ~ v1\n"});
    expect_failure(with_destroyed([](auto& d) { d.push_back(2); }), {"got       ok ~ v1 v2 v2\n"});
    expect_failure(with_destroyed([](auto& d) { std::swap(d[0], d[1]); }), {"got       ok ~ v2 v1\n"});
}

TEST(script, timers_that_fire_together_have_no_order_but_all_have_to_fire) {
    constexpr std::string_view script = R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        poll f0 -> pending
        s0 send_timeout v3 5ms as f1 -> created
        poll f1 -> pending
        advance 5ms -> ok ! f1 f0
    )";
    EXPECT_EQ(run_script(bent({}), 1, script).is, script_result::verdict::passed);
    const target forgetful = bent([](const model::step& s, model::outcome& out) {
        if (s.what == model::verb::advance) out.woken.pop_back();
    });
    expect_failure(run_script(forgetful, 1, script), {"script line 7", "got       ok ! f0\n"});
}

TEST(script, a_capacity_that_differs_from_the_specifications_is_reported) {
    expect_failure(run_script(bent({}, 1), 1, good_script),
                   {"script line 2", "bent has a capacity of 1 after this step, the specification of 0"});
}

TEST(script, a_target_that_throws_is_reported_at_the_step) {
    const target t = bent([](const model::step& s, model::outcome&) {
        if (s.what == model::verb::close) throw std::logic_error("no more");
    });
    expect_failure(run_script(t, 1, good_script), {"script line 7", "bent throws: no more"});
}

TEST(script, a_script_that_the_specification_contradicts_is_reported_as_such) {
    expect_failure(run_script(bent({}), 1, "s0 try_send v1 -> full v1"),
                   {"script line 1", "the specification differs", "expected  full v1", "got       ok"});
}

TEST(script, a_script_with_an_illegal_step_is_reported_as_such) {
    expect_failure(run_script(bent({}), 1, "drop s0 -> ok\ns0 try_send v1 -> ok"),
                   {"script line 2", "the script is wrong", "s0 is gone"});
}

TEST(script, a_malformed_script_is_reported_with_its_position) {
    expect_failure(run_script(bent({}), 1, "s0 try_send v1 -> ok\n\n s0 frobnicate -> ok"),
                   {"the script is wrong", "script:3:", "frobnicate"});
}

TEST(script, an_empty_script_is_refused) { expect_failure(run_script(bent({}), 1, "  \n \n"), {"no step"}); }

TEST(script, a_script_that_needs_what_the_target_has_not_is_skipped_by_name) {
    target t = bent([](const model::step&, model::outcome&) { throw std::logic_error("must not be run"); });
    t.capabilities = t.capabilities.without(capability::closed);
    const script_result result = run_script(t, 1, "s0 try_send v1 -> ok\ns0 closed as f0 -> created");
    EXPECT_EQ(result.is, script_result::verdict::skipped);
    EXPECT_NE(result.text.find("closed"), std::string::npos) << result.text;
}

}  // namespace tailrace::verify
