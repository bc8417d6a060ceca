// The property of select: generated programs over one to three channels, each step compared with the specification of
// its channel. The specification knows no select. One that has finished has to be one poll, of the arm that has won,
// and the drop of all other arms; one that waits has to be a poll of each arm, all pending.
//
// The programs run on both channels; the reference, whose operations only have poll(), through an adapter.
// TAILRACE_PROGRAMS says how many; 100,000 unless given.
// After a change here run: ci/test -R select
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "apis.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/select.hpp"

namespace tailrace::verify {
namespace {

using model::answer_of;
using model::answer_with;
using model::handle;
using model::handle_kind;
using model::machine;
using model::status;
using model::step;
using model::verb;
using value = std::uint64_t;

/// The types of a channel's handles and operations.
template <class Api>
struct types {
    using handles = decltype(Api::template open<value>(1));
    using sender = typename handles::first_type;
    using receiver = typename handles::second_type;
    using permit = typename decltype(std::declval<sender&>().try_reserve())::value_type;
    using permits = typename decltype(std::declval<sender&>().try_reserve_many(1))::value_type;
    using recv = decltype(std::declval<receiver&>().recv());
    using reserve = decltype(std::declval<sender&>().reserve());
    using reserve_many = decltype(std::declval<sender&>().reserve_many(1));
    using send = decltype(std::declval<sender&>().send(value{}));
    using closed = decltype(std::declval<sender&>().closed());
    using any = std::variant<recv, reserve, reserve_many, send, closed>;
};

/// What an arm has found: the answer in the words of the specification, without a name, and the permits.
template <class Api>
struct found {
    model::answer answer;
    std::optional<typename types<Api>::permit> one;
    std::optional<typename types<Api>::permits> several;

    template <class Result>
    explicit found(Result&& r) {
        using result = std::remove_cvref_t<Result>;
        if constexpr (std::is_same_v<result, std::optional<value>>) {
            answer = r ? answer_with(status::some, *r) : answer_of(status::none);
        } else if constexpr (std::is_same_v<result, std::monostate>) {
            answer = answer_of(status::done);
        } else if (!r) {
            answer = answer_of(status::closed);
            if constexpr (requires { r.error().value; }) answer.value = r.error().value;
        } else if constexpr (std::is_void_v<typename result::value_type>) {
            answer = answer_of(status::ok);
        } else {
            answer = answer_of(status::made);
            if constexpr (std::is_same_v<typename result::value_type, typename types<Api>::permit>) {
                one.emplace(std::move(*r));
            } else {
                answer.number = r->size();
                several.emplace(std::move(*r));
            }
        }
    }
    found(found&&) noexcept = default;
    found& operator=(found&&) = delete;
    ~found() = default;
};

/// What an arm is to do.
template <class Api>
struct request {
    enum class kind : unsigned char { recv, reserve, reserve_many, send, closed };
    kind is;
    typename types<Api>::sender* sender;
    typename types<Api>::receiver* receiver;
    std::uint64_t count = 0;
    value sent = 0;

    [[nodiscard]] typename types<Api>::any make() const {
        using any = typename types<Api>::any;
        switch (is) {
            case kind::recv: return any(std::in_place_index<0>, receiver->recv());
            case kind::reserve: return any(std::in_place_index<1>, sender->reserve());
            case kind::reserve_many: return any(std::in_place_index<2>, sender->reserve_many(count));
            case kind::send: return any(std::in_place_index<3>, sender->send(sent));
            case kind::closed: break;
        }
        return any(std::in_place_index<4>, sender->closed());
    }
};

/// Any of the operations, so that the arms of a select are chosen when the program runs.
template <class Api>
class any_operation {
  public:
    using platform_type = std_platform;
    using result_type = found<Api>;
    using polled_in_two_steps = any_operation;
    using owed_wakes = typename types<Api>::recv::owed_wakes;

    explicit any_operation(const request<Api>& r) : operation_(r.make()) {}
    any_operation(any_operation&&) noexcept = default;
    any_operation& operator=(any_operation&&) = delete;
    ~any_operation() = default;

    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call& last) {
        return std::visit(
            [&](auto& op) -> std::optional<result_type> {
                auto r = op.attempt(last);
                if (!r) return std::nullopt;
                return std::optional<result_type>(std::in_place, std::move(*r));
            },
            operation_);
    }
    [[nodiscard]] bool worth_an_attempt() const noexcept { return true; }
    [[nodiscard]] bool wait(const waker& w) {
        return std::visit([&](auto& op) { return op.wait(w); }, operation_);
    }
    [[nodiscard]] detail::stopped stop_waiting(owed_wakes& owed) noexcept {
        return std::visit([&](auto& op) { return op.stop_waiting(owed); }, operation_);
    }

  private:
    typename types<Api>::any operation_;
};

/// The same for a channel whose operations only have poll(). An attempt is the form that does not wait; the operation
/// is made when it waits.
template <class Api>
    requires(!detail::polled_in_two_steps<typename types<Api>::recv>)
class any_operation<Api> {
  public:
    using platform_type = std_platform;
    using result_type = found<Api>;
    using polled_in_two_steps = any_operation;
    /// To be cancelled, which may wake others.
    struct owed_wakes {
        std::optional<typename types<Api>::any> cancelled;
    };

    explicit any_operation(const request<Api>& r) : request_(r) {}
    any_operation(any_operation&& other) noexcept : request_(other.request_) {}
    any_operation& operator=(any_operation&&) = delete;
    ~any_operation() = default;

    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call&) {
        if (operation_) return woken_ ? poll({}) : std::nullopt;
        using kind = typename request<Api>::kind;
        switch (request_.is) {
            case kind::recv: {
                auto r = request_.receiver->try_recv();
                if (!r && r.error() == try_recv_error::empty) return std::nullopt;
                return result(r ? std::optional<value>(*r) : std::nullopt);
            }
            case kind::reserve: return unless_full(request_.sender->try_reserve());
            case kind::reserve_many:
                if (request_.count > request_.sender->max_capacity())
                    return result(closed_one(std::unexpected(closed_error{})));
                return unless_full(request_.sender->try_reserve_many(request_.count));
            case kind::send: {
                auto r = request_.sender->try_send(request_.sent);
                if (!r && r.error().reason == try_error::full) return std::nullopt;
                return result(r ? std::expected<void, send_error<value>>()
                                : std::unexpected(send_error<value>{std::move(r.error().value)}));
            }
            case kind::closed: break;
        }
        if (!request_.sender->is_closed()) return std::nullopt;
        return result(std::monostate{});
    }
    [[nodiscard]] bool worth_an_attempt() const noexcept { return true; }
    [[nodiscard]] bool wait(const waker& w) {
        if (woken_) return false;
        target_ = w;
        if (operation_) return true;
        operation_.emplace(request_.make());
        EXPECT_FALSE(poll({&wake_up, this})) << "an attempt has just found nothing";
        return true;
    }
    [[nodiscard]] detail::stopped stop_waiting(owed_wakes& owed) noexcept {
        if (woken_) return detail::stopped::woken;
        if (operation_) owed.cancelled.emplace(std::move(*operation_));
        operation_.reset();
        target_ = {};  // what is cancelled before may serve it
        return detail::stopped::undecided;
    }

  private:
    using closed_one = std::expected<typename types<Api>::permit, closed_error>;

    template <class R>
    [[nodiscard]] static std::optional<result_type> result(R&& r) {
        return std::optional<result_type>(std::in_place, std::forward<R>(r));
    }
    template <class R>
    [[nodiscard]] static std::optional<result_type> unless_full(R&& r) {
        if (!r && r.error() == try_reserve_error::full) return std::nullopt;
        return result(std::forward<R>(r));
    }
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        return std::visit(
            [&](auto& op) -> std::optional<result_type> {
                auto r = op.poll(w);
                if (!r) return std::nullopt;
                return std::optional<result_type>(std::in_place, std::move(*r));
            },
            *operation_);
    }
    static void wake_up(void* self) noexcept {
        auto& a = *static_cast<any_operation*>(self);
        a.woken_ = true;
        a.target_();
    }

    request<Api> request_;
    std::optional<typename types<Api>::any> operation_;
    bool woken_ = false;
    waker target_;
};

/// How often the programs came to what matters.
struct reached {
    std::uint64_t programs = 0;
    std::uint64_t at_once = 0;           // selects that had a result at once
    std::uint64_t woken = 0;             // that had to wait
    std::uint64_t by_end = 0;            // of these, by closed or none
    std::uint64_t destroyed = 0;         // that were destroyed while they waited
    std::uint64_t both = 0;              // of which one event woke two arms
    std::uint64_t kept_lost = 0;         // whose kept arm went on waiting
    std::uint64_t kept_won = 0;          // whose kept arm won
    std::uint64_t losers_with_part = 0;  // whose loser held a part of what it waited for
    std::array<std::uint64_t, 3> won{};  // by the number of the arm
};

template <class Api>
class run {
    using own = types<Api>;
    using operation = any_operation<Api>;
    using arm = detail::owned_arm<operation>;
    using kept_one = kept<operation>;

    struct side {
        explicit side(std::size_t capacity) : spec(capacity) {
            auto [tx, rx] = Api::template open<value>(capacity);
            sender.emplace(std::move(tx));
            receiver.emplace(std::move(rx));
        }
        machine spec;
        std::optional<typename own::sender> sender;
        std::optional<typename own::receiver> receiver;
        struct permits {
            handle name;
            std::optional<typename own::permit> one;
            std::optional<typename own::permits> several;
        };
        std::vector<permits> out;
    };
    /// An arm of the select: the operation of which channel.
    struct place {
        std::size_t side = 0;
        std::uint32_t operation = 0;
        bool is_kept = false;
    };

  public:
    run(std::uint64_t seed, reached& counts) : counts_(counts), random_(seed) {
        const std::size_t n = 1 + below(3);
        sides_.reserve(n);
        for (std::size_t i = 0; i < n; ++i) sides_.emplace_back(1 + below(3));
    }

    /// What is wrong, or nothing.
    std::string play() {
        ++counts_.programs;
        try {
            const std::size_t steps = 10 + below(30);
            for (std::size_t i = 0; i < steps && wrong_.empty(); ++i) {
                take_a_step();
                if (wrong_.empty()) compare();
            }
            if (wrong_.empty()) drop_select();
            if (wrong_.empty()) drop_kept();
            if (wrong_.empty()) compare();
        } catch (const std::logic_error& e) {
            fail(e.what());
        }
        return wrong_.empty() ? "" : wrong_ + "\n" + log_;
    }

  private:
    [[nodiscard]] std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    void fail(std::string what) {
        if (wrong_.empty()) wrong_ = std::move(what);
    }
    void say(std::string what) { log_ += "  " + std::move(what) + "\n"; }

    void take_a_step() {
        const std::size_t at = below(sides_.size());
        side& s = sides_[at];
        switch (below(16)) {
            case 0:
            case 1: return try_send(at, s);
            case 2: return try_recv(at, s);
            case 3:
            case 4: return reserve(at, s);
            case 5:
            case 6: return release(at, s);
            case 7: return send_a_permit(at, s);
            case 8:
                if (below(4) == 0) end(at, s);
                return;
            case 9: return drop_select();
            default: return select_and_poll();
        }
    }

    // ---- Steps on a channel

    /// Takes the step on the specification; false if it is not legal.
    bool specify(side& s, const step& what, model::outcome& out) {
        if (s.spec.refusal(what)) return false;
        out = s.spec.apply(what);
        return true;
    }
    void expect(std::size_t at, const step& what, const model::outcome& spec, const model::answer& real) {
        say(fmt::format("channel {}: {} -> {}", at, to_string(what), to_string(spec.answer)));
        if (!(spec.answer == real)) {
            fail(fmt::format("channel {}: {}: expected {}, was {}", at, to_string(what), to_string(spec.answer),
                             to_string(real)));
        }
        after_event(at, spec);
    }

    void try_send(std::size_t at, side& s) {
        if (!s.sender) return;
        step what{.what = verb::try_send, .subject = {handle_kind::sender, 0}, .value = s.spec.next_value};
        model::outcome out;
        if (!specify(s, what, out)) return;
        auto r = s.sender->try_send(what.value);
        expect(at, what, out,
               r ? answer_of(status::ok)
                 : answer_with(r.error().reason == try_error::full ? status::full : status::closed, r.error().value));
    }
    void try_recv(std::size_t at, side& s) {
        if (!s.receiver) return;
        const step what{.what = verb::try_recv, .subject = {}};
        model::outcome out;
        if (!specify(s, what, out)) return;
        auto r = s.receiver->try_recv();
        expect(at, what, out,
               r ? answer_with(status::some, *r)
                 : answer_of(r.error() == try_recv_error::empty ? status::empty : status::disconnected));
    }
    void reserve(std::size_t at, side& s) {
        if (!s.sender) return;
        const step what{.what = verb::try_reserve, .subject = {handle_kind::sender, 0}};
        model::outcome out;
        if (!specify(s, what, out)) return;
        auto r = s.sender->try_reserve();
        if (r) s.out.push_back({out.answer.made, std::move(*r), std::nullopt});
        expect(at, what, out,
               r ? out.answer.status == status::made ? out.answer : answer_of(status::made)
                 : answer_of(r.error() == try_reserve_error::full ? status::full : status::closed));
    }
    void release(std::size_t at, side& s) {
        if (s.out.empty()) return;
        auto gone = std::move(s.out.back());
        s.out.pop_back();
        const step what{.what = verb::drop, .subject = gone.name};
        model::outcome out;
        if (!specify(s, what, out)) return fail("an illegal drop of a permit");
        gone.one.reset();
        gone.several.reset();
        expect(at, what, out, out.answer);
    }
    void send_a_permit(std::size_t at, side& s) {
        if (s.out.empty() || !s.out.back().one) return;
        auto gone = std::move(s.out.back());
        s.out.pop_back();
        const step what{.what = verb::send, .subject = gone.name, .value = s.spec.next_value};
        model::outcome out;
        if (!specify(s, what, out)) return fail("an illegal send of a permit");
        gone.one->send(what.value);
        expect(at, what, out, out.answer);
    }
    /// Closes, or drops one half.
    void end(std::size_t at, side& s) {
        const std::size_t how = below(3);
        const step what = how == 0   ? step{.what = verb::close, .subject = {}}
                          : how == 1 ? step{.what = verb::drop, .subject = {handle_kind::sender, 0}}
                                     : step{.what = verb::drop, .subject = {}};
        model::outcome out;
        if (how == 1 ? !s.sender : !s.receiver) return;
        // A receiver outlives the selects with a receive of it.
        if (how == 2 && std::ranges::any_of(s.spec.operations, model::is_receive, &model::operation::what)) return;
        if (!specify(s, what, out)) return;
        if (how == 0) s.receiver->close();
        if (how == 1) s.sender.reset();
        if (how == 2) s.receiver.reset();
        expect(at, what, out, out.answer);
    }

    // ---- The select

    using select_2 = select_operation<arm, arm>;
    using select_3 = select_operation<arm, arm, arm>;
    using select_kept = select_operation<arm, detail::kept_arm<operation>>;
    using any_select = std::variant<std::monostate, select_2, select_3, select_kept>;

    /// A new operation of a random channel, or nothing.
    std::optional<operation> make(place& p) {
        p.side = below(sides_.size());
        side& s = sides_[p.side];
        p.operation = s.spec.next_operation;
        const handle tx{handle_kind::sender, 0};
        step what{.what = verb::recv, .subject = {}, .operation = p.operation};
        const std::size_t kind = below(8);
        if (kind >= 3) what.subject = tx;
        if (kind == 3 || kind == 4) what.what = verb::reserve;
        if (kind == 5) {
            what.what = verb::reserve_many;
            what.count = 1 + below(3);
        }
        if (kind == 6) {
            what.what = verb::send;
            what.value = s.spec.next_value;
        }
        if (kind == 7) what.what = verb::closed;
        if (kind >= 3 ? !s.sender : !s.receiver) return std::nullopt;
        model::outcome out;
        if (!specify(s, what, out)) return std::nullopt;
        say(fmt::format("channel {}: {}", p.side, to_string(what)));
        using which = typename request<Api>::kind;
        return operation(request<Api>{kind < 3    ? which::recv
                                      : kind == 5 ? which::reserve_many
                                      : kind == 6 ? which::send
                                      : kind == 7 ? which::closed
                                                  : which::reserve,
                                      s.sender ? &*s.sender : nullptr, s.receiver ? &*s.receiver : nullptr, what.count,
                                      what.value});
    }

    void select_and_poll() {
        if (select_.index() != 0) {
            // Polled again, with another waker.
            which_waker_ = 1 - which_waker_;
            if (poll(wakes_[which_waker_])) fail("a select that was not woken has a result");
            return;
        }
        arms_.clear();
        std::vector<operation> made;
        const std::size_t kind = below(4);  // two arms, three, or one beside the kept one
        const std::size_t wanted = kind == 0 ? 3 : kind == 1 ? 1 : 2;
        for (std::size_t i = 0; i < wanted; ++i) {
            place p;
            if (auto op = make(p)) {
                made.push_back(std::move(*op));
                arms_.push_back(p);
            }
        }
        if (made.size() != wanted) return drop_arms();
        if (kind == 1) {
            if (!kept_) {
                place p;
                auto op = make(p);
                if (!op) return drop_arms();
                p.is_kept = true;
                kept_.emplace(std::move(*op));
                kept_place_ = p;
            }
            arms_.push_back(kept_place_);
        }
        biased_ = below(2) == 0;
        const auto p = biased_ ? detail::preference::first : detail::preference::none;
        if (kind == 1) {
            select_.template emplace<select_kept>(p, arm(std::move(made[0])), detail::kept_arm<operation>(*kept_));
        } else if (kind == 0) {
            select_.template emplace<select_3>(p, arm(std::move(made[0])), arm(std::move(made[1])),
                                               arm(std::move(made[2])));
        } else {
            select_.template emplace<select_2>(p, arm(std::move(made[0])), arm(std::move(made[1])));
        }
        made.clear();
        wakes_ = {};
        which_waker_ = 0;
        if (auto result = poll(wakes_[0])) {
            ++counts_.at_once;
            for (std::size_t j = 0; biased_ && j < result->first; ++j) {
                if (is_ready(arms_[j])) fail("a biased select has passed over an arm that was ready");
            }
            finish(result->first, std::move(result->second));
        } else if (wakes_[0] != 0) {
            finish_woken();
        } else {
            for (const place& a : arms_) expect_pending(a);
        }
    }
    void drop_arms() {
        for (const place& p : arms_) drop_arm(p);
        arms_.clear();
    }

    using winner = std::pair<std::size_t, found<Api>>;
    std::optional<winner> poll(int& count) {
        const waker w{[](void* n) noexcept { ++*static_cast<int*>(n); }, &count};
        return std::visit(
            [&](auto& s) -> std::optional<winner> {
                if constexpr (std::is_same_v<std::remove_cvref_t<decltype(s)>, std::monostate>) {
                    return std::nullopt;
                } else {
                    auto r = s.poll(w);
                    if (!r) return std::nullopt;
                    const std::size_t i = r->index();
                    return std::visit([&](auto& f) { return std::optional<winner>(std::in_place, i, std::move(f)); },
                                      *r);
                }
            },
            select_);
    }

    step poll_of(const place& a) const {
        return {.what = verb::poll, .subject = {handle_kind::operation, a.operation}};
    }
    [[nodiscard]] bool is_ready(const place& a) const {
        machine copy = sides_[a.side].spec;
        return copy.apply(poll_of(a)).answer.status != status::pending;
    }
    void expect_pending(const place& a) {
        if (is_ready(a)) fail("a select waits although an arm is ready");
        const model::outcome out = sides_[a.side].spec.apply(poll_of(a));
        if (out.answer.status != status::pending) fail("a select waits although an arm has a result");
    }

    /// After an event: whether it was to wake the select, and whether it did. Then it is polled and destroyed.
    void after_event(std::size_t at, const model::outcome& out) {
        if (select_.index() == 0 || !wrong_.empty()) return;
        std::size_t woken = 0;
        for (const handle& h : out.woken) {
            for (const place& a : arms_) woken += a.side == at && h.number == a.operation ? 1 : 0;
        }
        const int came = wakes_[which_waker_];
        if (wakes_[1 - which_waker_] != 0) return fail("the select woke an earlier waker");
        if (came != (woken > 0 ? 1 : 0)) return fail(fmt::format("{} wake-ups, and {} arms were woken", came, woken));
        if (woken > 1) ++counts_.both;
        if (woken > 0) finish_woken();
    }
    void finish_woken() {
        ++counts_.woken;
        auto result = poll(wakes_[which_waker_]);
        if (!result) return fail("a select that was woken has no result");
        const status s = result->second.answer.status;
        if (s == status::none || s == status::closed || s == status::done) ++counts_.by_end;
        finish(result->first, std::move(result->second));
    }

    /// The arm has won.
    void finish(std::size_t i, found<Api> result) {
        const place won = arms_[i];
        ++counts_.won[i];
        side& s = sides_[won.side];
        model::outcome out = s.spec.apply(poll_of(won));
        say(fmt::format("select: arm {}, channel {}: {}", i, won.side, to_string(out.answer)));
        model::answer expected = out.answer;
        expected.made = {};
        if (!(expected == result.answer)) {
            fail(fmt::format("arm {} has won with {}, and a poll says {}", i, to_string(result.answer),
                             to_string(expected)));
        }
        if (result.one || result.several) {
            s.out.push_back({out.answer.made, std::move(result.one), std::move(result.several)});
        }
        if (won.is_kept) {
            ++counts_.kept_won;
            kept_.reset();
        }
        select_.template emplace<std::monostate>();
        for (std::size_t j = 0; j < arms_.size(); ++j) {
            if (j == i) continue;
            if (arms_[j].is_kept) {
                ++counts_.kept_lost;
            } else {
                drop_arm(arms_[j]);
            }
        }
        arms_.clear();
    }
    void drop_arm(const place& a) {
        side& s = sides_[a.side];
        if (const model::operation* op = s.spec.find_operation(a.operation);
            op != nullptr && op->held > 0 && op->now == model::operation::phase::waiting) {
            ++counts_.losers_with_part;
        }
        (void)s.spec.apply({.what = verb::drop, .subject = {handle_kind::operation, a.operation}});
    }
    void drop_select() {
        if (select_.index() == 0) return;
        ++counts_.destroyed;
        say("the select is destroyed");
        select_.template emplace<std::monostate>();
        for (const place& a : arms_) {
            if (!a.is_kept) drop_arm(a);
        }
        arms_.clear();
        if (wakes_[0] + wakes_[1] != 0) fail("a select that was destroyed was woken");
    }
    void drop_kept() {
        if (!kept_) return;
        kept_.reset();
        drop_arm(kept_place_);
    }

    // ---- What can be seen

    void compare() {
        for (std::size_t i = 0; i < sides_.size(); ++i) {
            side& s = sides_[i];
            const handle tx{handle_kind::sender, 0};
            if (s.sender) {
                observe(i, {.what = verb::capacity, .subject = tx}, s.sender->capacity());
                observe(i, {.what = verb::is_closed, .subject = tx}, s.sender->is_closed() ? 1 : 0);
                observe(i, {.what = verb::strong_count, .subject = tx}, s.sender->strong_count());
            }
            if (s.receiver) {
                observe(i, {.what = verb::len, .subject = {}}, s.receiver->len());
                observe(i, {.what = verb::is_closed, .subject = {}}, s.receiver->is_closed() ? 1 : 0);
            }
        }
    }
    void observe(std::size_t i, const step& what, std::uint64_t real) {
        const std::uint64_t spec = sides_[i].spec.apply(what).answer.number;
        if (spec != real) fail(fmt::format("channel {}: {}: expected {}, was {}", i, to_string(what), spec, real));
    }

    reached& counts_;
    std::mt19937_64 random_;
    std::vector<side> sides_;
    std::optional<kept_one> kept_;  // outlives the selects
    place kept_place_;
    any_select select_;
    std::vector<place> arms_;
    std::array<int, 2> wakes_{};
    std::size_t which_waker_ = 0;
    bool biased_ = false;
    std::string wrong_;
    std::string log_;
};

std::uint64_t programs() {
    const char* const given = std::getenv("TAILRACE_PROGRAMS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 100'000;
}

template <class Api>
class select_property : public ::testing::Test {};
TYPED_TEST_SUITE(select_property, apis, api_names);

// Clauses: select.one-winner, select.losers-took-nothing, select.fair.
TYPED_TEST(select_property, a_select_is_one_poll_and_the_drop_of_the_other_arms) {
    reached counts;
    for (std::uint64_t seed = 1; seed <= programs(); ++seed) {
        const std::string wrong = run<TypeParam>(seed, counts).play();
        ASSERT_EQ(wrong, "") << "seed " << seed;
    }
    const auto is_reached = [](const char* what, std::uint64_t times, std::uint64_t in_ten_thousand) {
        EXPECT_GE(times, programs() * in_ten_thousand / 10'000) << what << " too seldom";
    };
    is_reached("a result at once", counts.at_once, 20'000);
    is_reached("a select that was woken", counts.woken, 3'000);
    is_reached("woken by the end of a channel", counts.by_end, 200);
    is_reached("destroyed while it waited", counts.destroyed, 4'000);
    is_reached("an event that woke two arms", counts.both, 100);
    is_reached("a kept arm that lost", counts.kept_lost, 3'000);
    is_reached("a kept arm that won", counts.kept_won, 2'000);
    is_reached("a loser that held a part", counts.losers_with_part, 300);
    for (const std::uint64_t n : counts.won) is_reached("an arm that won", n, 1'000);
}

}  // namespace
}  // namespace tailrace::verify
