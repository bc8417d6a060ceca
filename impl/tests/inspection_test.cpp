// Tests of the check of the invariants, which the engines rely on after every step: each invariant is broken on purpose
// on a quiet channel, by what only the channel may write, and the check has to name it; just within its bounds, it has
// to say nothing.
// After a change here run: ci/test -L impl
#include "tailrace/detail/inspection.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

using core_type = detail::core<int, std_platform>;
using detail::inspection;
using detail::word_type;

/// A private member, by its tag: only an explicitly instantiated template may name it.
template <class Tag, auto Member>
struct opens {
    friend constexpr auto member(Tag) { return Member; }
};
struct word_of {
    friend constexpr auto member(word_of);
};
struct taken_of {
    friend constexpr auto member(taken_of);
};
struct seen_of {
    friend constexpr auto member(seen_of);
};
struct waiting_of {
    friend constexpr auto member(waiting_of);
};
struct queue_of {
    friend constexpr auto member(queue_of);
};
struct ring_of {
    friend constexpr auto member(ring_of);
};
template struct opens<word_of, &core_type::word_>;
template struct opens<taken_of, &core_type::taken_>;
template struct opens<seen_of, &core_type::seen_>;
template struct opens<waiting_of, &core_type::waiting_>;
template struct opens<queue_of, &core_type::waiters_>;
template struct opens<ring_of, &core_type::ring_>;

/// Puts back what it breaks, before anything else uses the channel.
template <class Variable, class Value>
class broken {
  public:
    broken(Variable& v, Value instead) : variable_(v), before_(v.load()) { v.store(instead); }
    broken(const broken&) = delete;
    broken& operator=(const broken&) = delete;
    ~broken() { variable_.store(before_); }

  private:
    Variable& variable_;
    Value before_;
};

template <class Variable, class Value>
broken(Variable&, Value) -> broken<Variable, Value>;

struct inspection_of_a_channel : testing::Test {
    static constexpr std::uint64_t max = 4;

    void use(std::uint64_t capacity) { ends.emplace(channel<int>(capacity)); }
    [[nodiscard]] auto& tx() { return ends->first; }
    [[nodiscard]] auto& rx() { return ends->second; }
    [[nodiscard]] core_type& core() { return inspection::core_of(tx()); }
    template <class Tag>
    [[nodiscard]] auto& variable(Tag tag) {
        return core().*member(tag);
    }
    [[nodiscard]] word_type word() { return variable(word_of{}).load(); }
    [[nodiscard]] word_type taken() { return variable(taken_of{}).load(); }

    void send(std::uint64_t values) {
        while (values-- > 0) ASSERT_TRUE(tx().try_send(0));
    }
    void receive(std::uint64_t values) {
        while (values-- > 0) ASSERT_TRUE(rx().try_recv());
    }

    /// Nothing, if no invariant is broken.
    [[nodiscard]] std::string found() {
        const char* const what = inspection::check_invariants(core());
        return what == nullptr ? "" : what;
    }
    /// With another value of a variable.
    template <class Tag, class Value>
    [[nodiscard]] std::string found_with(Tag tag, Value instead) {
        EXPECT_EQ(found(), "") << "before it is broken";
        std::string what;
        {
            const broken here(variable(tag), instead);
            what = found();
        }
        EXPECT_EQ(found(), "") << "after it is repaired";
        return what;
    }
    [[nodiscard]] std::string found_with_word(word_type instead) { return found_with(word_of{}, instead); }

    std::optional<decltype(channel<int>(1))> ends = channel<int>(max);
};

constexpr std::string_view too_many = "INV-1: more permits are used than there are";
constexpr std::string_view too_many_values = "INV-2: more values are buffered than permits are used";
constexpr std::string_view wrong_bit = "INV-3: the waiters bit differs from the state of the queue";
constexpr std::string_view differs_from_the_bit = "INV-3: `waiting` differs from the waiters bit";
constexpr std::string_view waits_though_closed = "INV-3: a waiter is queued on a closed channel";
constexpr std::string_view waits_though_available = "INV-4: a waiter is queued while permits are available";
constexpr std::string_view waits_though_served = "INV-4: the first in line has what it needs, and waits";
constexpr std::string_view no_storage = "INV-7: a permit or the end has no storage";
constexpr std::string_view too_old = "INV-10: what senders have seen of receives is too old";

/// Values, outstanding permits, and values that were taken, in every mixture: nothing is wrong.
TEST_F(inspection_of_a_channel, finds_nothing_in_any_quiet_state) {
    for (std::uint64_t values = 0; values <= max; ++values) {
        for (std::uint64_t permits = 0; values + permits <= max; ++permits) {
            for (std::uint64_t before = 0; before < 3; ++before) {
                use(max);
                for (std::uint64_t i = 0; i < before * max; ++i) {
                    send(1);
                    receive(1);
                }
                send(values);
                const auto out = tx().try_reserve_many(permits);
                EXPECT_EQ(found(), "");
                {
                    auto many = tx().reserve_many(max);
                    auto one = tx().reserve();
                    (void)many.poll({});
                    (void)one.poll({});
                    EXPECT_EQ(found(), "") << "and perhaps two wait, of whom the first holds all that was free";
                }
                rx().close();
                EXPECT_EQ(found(), "");
            }
        }
    }
}

TEST_F(inspection_of_a_channel, names_inv_1_if_more_is_used_than_there_is) {
    for (std::uint64_t values = 0; values <= max; ++values) {
        use(max);
        send(values);
        const word_type all = word() + (max - values) * detail::one_out;
        EXPECT_EQ(found_with_word(all), "");
        EXPECT_EQ(found_with_word(all + detail::one_out), too_many);
    }
    EXPECT_EQ(found_with_word(word() + detail::one_ticket), too_many);
}

TEST_F(inspection_of_a_channel, names_inv_2_if_more_values_are_taken_than_were_sent) {
    send(2);
    receive(1);
    const auto permit = tx().try_reserve();
    EXPECT_EQ(found_with(taken_of{}, taken() + 1), "");
    EXPECT_EQ(found_with(taken_of{}, taken() + 2), too_many_values);
}

TEST_F(inspection_of_a_channel, names_inv_3_if_the_waiters_bit_and_the_queue_differ) {
    EXPECT_EQ(found_with_word(word() | detail::waiters_bit), wrong_bit);
    EXPECT_EQ(found_with(waiting_of{}, true), differs_from_the_bit);
    send(max);
    EXPECT_EQ(found_with_word(word() | detail::waiters_bit), wrong_bit);
    EXPECT_EQ(found_with(waiting_of{}, true), differs_from_the_bit);
    auto waiter = tx().reserve();
    ASSERT_FALSE(waiter.poll({}));
    EXPECT_EQ(found_with_word(word() & ~detail::waiters_bit), wrong_bit);
    EXPECT_EQ(found_with(waiting_of{}, false), differs_from_the_bit);
}

TEST_F(inspection_of_a_channel, names_inv_3_if_a_waiter_is_queued_on_a_closed_channel) {
    send(max);
    EXPECT_EQ(found_with_word(word() | detail::closed_bit), "") << "none waits";
    auto waiter = tx().reserve();
    ASSERT_FALSE(waiter.poll({}));
    EXPECT_EQ(found_with_word(word() | detail::closed_bit), waits_though_closed);
}

TEST_F(inspection_of_a_channel, names_inv_4_if_a_waiter_is_queued_while_permits_are_available) {
    send(1);
    auto waiter = tx().reserve_many(max);  // holds what is left
    ASSERT_FALSE(waiter.poll({}));
    EXPECT_EQ(found_with_word(word() - detail::one_out), waits_though_available);
    EXPECT_EQ(found_with(taken_of{}, taken() + 1), waits_though_available);
}

TEST_F(inspection_of_a_channel, names_inv_4_if_the_first_in_line_has_what_it_needs) {
    send(1);
    auto first = tx().reserve_many(max);
    auto second = tx().reserve();
    ASSERT_FALSE(first.poll({}));
    ASSERT_FALSE(second.poll({}));
    auto& held = variable(queue_of{}).front().held;
    ASSERT_EQ(held.load(), max - 1);
    for (const word_type enough : {max, max + 1}) {
        const broken here(held, enough);
        EXPECT_EQ(found(), waits_though_served);
    }
    EXPECT_EQ(found(), "");
}

TEST_F(inspection_of_a_channel, names_inv_7_if_a_permit_or_the_end_has_no_storage) {
    for (std::uint64_t before = 0; before < 3; ++before) {
        use(1'000'000);  // such a channel gets its storage by and by
        const auto storage = inspection::storage_of(core());
        ASSERT_EQ(storage.number, 1u);
        send(before);
        receive(before);
        for (std::uint64_t values = 0; values < 3; ++values) {
            const word_type free = storage.slots - before - values;
            EXPECT_EQ(found_with_word(word() + (free - 1) * detail::one_out), "") << "the last one is for the end";
            EXPECT_EQ(found_with_word(word() + free * detail::one_out), no_storage);
            EXPECT_EQ(found_with_word(word() + free * detail::one_ticket), no_storage);
            send(1);
        }
    }
}

TEST_F(inspection_of_a_channel, names_inv_7_if_a_claim_that_is_over_relies_on_storage) {
    use(1'000'000);
    using storage = std::remove_reference_t<decltype(variable(ring_of{}))>;
    {
        typename storage::reliance under_way(variable(ring_of{}));
        EXPECT_EQ(found(), "");
        under_way.begin(1'000'000);
        EXPECT_EQ(found(), "INV-7: a claim that is over relies on storage");
    }
    EXPECT_EQ(found(), "");
}

TEST_F(inspection_of_a_channel, names_inv_10_if_what_was_seen_is_too_old_or_has_not_been) {
    for (std::uint64_t i = 0; i < 3 * max; ++i) {
        send(1);
        receive(1);
    }
    send(3);
    receive(2);
    EXPECT_EQ(found_with(seen_of{}, taken()), "");
    EXPECT_EQ(found_with(seen_of{}, taken() + 1), too_old);
    const word_type oldest = detail::claimed(word()) - max - 8;
    EXPECT_EQ(found_with(seen_of{}, oldest), "");
    EXPECT_EQ(found_with(seen_of{}, oldest - 1), too_old);
}

TEST_F(inspection_of_a_channel, prints_its_state) {
    const auto text = [&] { return std::string(inspection::debug_string(core()).line); };
    const auto weak = tx().downgrade();
    const auto other = tx().clone();
    send(3);
    receive(1);
    const auto permit = tx().try_reserve();
    EXPECT_EQ(text(), "tail 3, taken 1, used 3 of 4, no waiters, open, senders 2, weak 1, blocks 1");
    auto waiter = tx().reserve_many(2);
    ASSERT_FALSE(waiter.poll({}));
    EXPECT_EQ(text(), "tail 3, taken 1, used 4 of 4, waiters, open, senders 2, weak 1, blocks 1");
    rx().close();
    EXPECT_EQ(text(), "tail 3, taken 1, used 4 of 4, no waiters, closed, senders 2, weak 1, blocks 1");
}

/// On weakly ordered hardware a sender may see a newer number of values taken than of values sent, or the other way.
TEST_F(inspection_of_a_channel, len_of_a_sender_is_between_zero_and_the_capacity_whatever_it_sees) {
    for (const word_type sent : {1u, 3u}) {
        use(max);
        send(sent);
        for (const std::uint64_t newer : {0u, 1u, 2u}) {
            const broken here(variable(taken_of{}), detail::tail(word()) + newer);
            EXPECT_EQ(tx().len(), 0u);
        }
        for (const std::uint64_t older : {max - 1, max, max + 1, 2 * max}) {
            const broken here(variable(taken_of{}), detail::tail(word()) - older);
            EXPECT_EQ(tx().len(), older < max ? older : max);
        }
        EXPECT_EQ(tx().len(), sent);
    }
}

/// The assertion of the end: it is never written over a value.
TEST_F(inspection_of_a_channel, an_end_that_would_be_posted_over_a_value_ends_the_program) {
    if (!detail::assertions_on) GTEST_SKIP() << "without assertions";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto post = [&] {
        variable(ring_of{}).at(detail::tail(word())).state.store(detail::slot_full);
        const auto last = std::move(tx());
    };
    EXPECT_DEATH(post(), "an end was posted over a value\n  channel: tail 0, taken 0, used 0 of 4");
}

}  // namespace
}  // namespace tailrace
