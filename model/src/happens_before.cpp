// Checks the orders that the contract demands, one clause after the other.
//
// Each check demands less than its clause, so that it never refuses what the clause allows: where several permits could
// be meant, it counts.
#include "tailrace/model/happens_before.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

/// An event, with the step that made the operation if it polls or drops one.
struct call {
    const event& of;
    const step& what;

    [[nodiscard]] bool is_on(handle_kind k) const { return what.subject.kind == k; }
    [[nodiscard]] bool says(status s) const { return of.answer && of.answer->status == s; }
    [[nodiscard]] bool drops(handle_kind k) const { return of.step.what == verb::drop && of.step.subject.kind == k; }
};

bool says_closed(const call& c) {
    if (!c.is_on(handle_kind::sender)) return false;
    if (c.says(status::closed) || c.says(status::done)) return true;
    return c.what.what == verb::is_closed && c.says(status::boolean) && c.of.answer->number != 0;
}

/// Of the receiver: no value will ever come.
bool says_none(const call& c) {
    if (!c.is_on(handle_kind::receiver)) return false;
    const bool empty_batch = c.what.what == verb::recv_many && c.what.count > 0 && c.says(status::many);
    return c.says(status::none) || c.says(status::disconnected) || (empty_batch && c.of.answer->values.empty());
}

bool closes(const call& c) {
    return c.drops(handle_kind::receiver) || (c.what.what == verb::close && c.is_on(handle_kind::receiver));
}

bool drops_a_sender(const call& c) {
    const bool owns_one = c.drops(handle_kind::operation) && c.what.what == verb::reserve_owned;
    return owns_one || c.drops(handle_kind::sender) || c.drops(handle_kind::owned_permit);
}

bool returns_a_permit(const call& c) {
    if (!c.is_on(handle_kind::permit) && !c.is_on(handle_kind::owned_permit)) return false;
    return c.what.what == verb::drop || c.what.what == verb::send || c.what.what == verb::release;
}

/// How many permits its success takes from those that are free.
std::uint64_t permits_of(const call& c) {
    if (!c.is_on(handle_kind::sender)) return 0;
    switch (c.what.what) {
        case verb::try_send:
        case verb::send:
        case verb::send_timeout: return c.says(status::ok) && c.of.step.what != verb::drop ? 1 : 0;
        case verb::reserve:
        case verb::reserve_owned:
        case verb::try_reserve:
        case verb::try_reserve_owned: return c.says(status::made) ? 1 : 0;
        case verb::reserve_many:
        case verb::try_reserve_many: return c.says(status::made) ? c.of.answer->number : 0;
        default: return 0;
    }
}

/// More permits than a history has.
constexpr std::uint64_t many = 1'000'000;

/// How many it may have made free, at most.
std::uint64_t most_returned_by(const call& c) {
    if (c.says(status::created) || c.says(status::pending) || closes(c)) return 0;  // after a close nothing is taken
    if (c.says(status::some)) return 1;
    if (c.says(status::many)) return c.of.answer->values.size();
    if (c.drops(handle_kind::iterator)) return many;
    if (c.drops(handle_kind::permit) || c.drops(handle_kind::owned_permit) || c.what.what == verb::release) return 1;
    // A wait that fails, or is given up, gives back what it held.
    const bool waits = creates_operation(c.what.what, c.what.subject.kind);
    return c.is_on(handle_kind::sender) && waits && permits_of(c) == 0 ? std::max<std::uint64_t>(c.what.count, 1) : 0;
}

class checker {
  public:
    checker(const history& h, const event_order& order) : order_(order) {
        const auto note = [&](const event& e) {
            if (creates_operation(e.step.what, e.step.subject.kind)) made_by_[e.step.operation] = &e.step;
        };
        std::ranges::for_each(h.before, note);
        for (const auto& task : h.tasks) std::ranges::for_each(task, note);
        capacity_ = h.capacity;
        before_ = calls(h.before);
        for (const auto& task : h.tasks) tasks_.push_back(calls(task));
    }

    order_check run() && {
        for (std::size_t l = 0; l < tasks_.size(); ++l) {
            for (std::size_t e = 0; e < tasks_[l].size(); ++e) {
                const call& said = tasks_[l][e];
                if (!said.of.answer || e + 1 >= order_[l].size()) continue;
                if (says_closed(said)) closed(l, e);
                if (says_none(said)) none(l, e);
                if (permits_of(said) > 0) permit(l, e);
                if (!result_.broken.empty()) return std::move(result_);
            }
        }
        return std::move(result_);
    }

  private:
    [[nodiscard]] std::vector<call> calls(const std::vector<event>& events) const {
        std::vector<call> all;
        for (const event& e : events) {
            const auto made =
                e.step.subject.kind == handle_kind::operation ? made_by_.find(e.step.subject.number) : made_by_.end();
            all.push_back({e, made == made_by_.end() ? e.step : *made->second});
        }
        return all;
    }

    /// Events of task `k` that happened before event `e` of task `l` returned.
    [[nodiscard]] std::size_t seen(std::size_t l, std::size_t e, std::size_t k) const { return order_[l][e + 1][k]; }

    /// What came before event `cause` of task `k` has to happen before event `e` of task `l` returns.
    void demand(std::string_view clause, std::size_t l, std::size_t e, std::size_t k, std::size_t cause) {
        if (k == l || cause == 0) return;
        if (seen(l, e, k) >= cause) {
            // A value that was sent orders its sender before the receive of it by itself.
            return tasks_[k][cause].what.what == verb::send ? void() : show(clause);
        }
        if (!result_.broken.empty()) return;
        result_.broken = clause;
        result_.missing =
            fmt::format("{}: `{} -> {}` of task {} does not happen after `{}`, which task {} did before `{}`", clause,
                        to_string(tasks_[l][e].of.step), to_string(*tasks_[l][e].of.answer), l,
                        to_string(tasks_[k][cause - 1].of.step), k, to_string(tasks_[k][cause].of.step));
    }
    void show(std::string_view clause) {
        if (std::ranges::find(result_.shown, clause) == result_.shown.end()) result_.shown.push_back(clause);
    }

    /// The receiver belongs to one task: the close is its first event that closes.
    void closed(std::size_t l, std::size_t e) {
        if (std::ranges::any_of(before_, closes)) return;
        if (tasks_[l][e].what.count > capacity_) return;  // more than there can ever be: that is no news of a close
        for (std::size_t k = 0; k < tasks_.size(); ++k) {
            const auto close = std::ranges::find_if(tasks_[k], closes);
            if (close != tasks_[k].end())
                demand("order.closed", l, e, k, static_cast<std::size_t>(close - tasks_[k].begin()));
        }
    }

    /// Task `l` has the receiver. Without a close all senders are gone, and with one all permits are back.
    void none(std::size_t l, std::size_t e) {
        const auto earlier = tasks_[l].begin() + static_cast<std::ptrdiff_t>(e);
        const bool after_close =
            std::ranges::any_of(before_, closes) || std::any_of(tasks_[l].begin(), earlier, closes);
        for (std::size_t k = 0; k < tasks_.size(); ++k) {
            for (std::size_t i = 0; i < tasks_[k].size(); ++i) {
                const call& x = tasks_[k][i];
                if (after_close ? returns_a_permit(x) : drops_a_sender(x)) demand("order.none", l, e, k, i);
            }
        }
    }

    /// A permit that was taken had been free from the beginning, or had been returned. So among all that happened
    /// before the response, at most the capacity more are taken than returned. Of each other task one event more may
    /// have returned some: it does so before it ends, and what came before it happened before the response.
    void permit(std::size_t l, std::size_t e) {
        std::uint64_t taken = 0;
        std::uint64_t returned = 0;
        const auto count = [&](const call& x) {
            taken += permits_of(x);
            returned = std::min(many, returned + most_returned_by(x));
        };
        std::ranges::for_each(before_, count);
        std::for_each_n(tasks_[l].begin(), e + 1, count);
        const bool by_another = taken > capacity_ + returned;  // what the task itself has returned is not enough
        for (std::size_t k = 0; k < tasks_.size(); ++k) {
            if (k == l) continue;
            const std::size_t n = std::min(seen(l, e, k), tasks_[k].size());
            std::for_each_n(tasks_[k].begin(), n, count);
            if (n < tasks_[k].size()) returned += most_returned_by(tasks_[k][n]);
        }
        if (taken <= capacity_ + returned) {
            if (by_another) show("order.permit");
            return;
        }
        result_.broken = "order.permit";
        result_.missing = fmt::format(
            "order.permit: `{} -> {}` of task {} happens after {} permits were taken and at most {} returned",
            to_string(tasks_[l][e].of.step), to_string(*tasks_[l][e].of.answer), l, taken, returned);
    }

    const event_order& order_;
    std::map<std::uint32_t, const step*> made_by_;  // of an operation
    std::uint64_t capacity_ = 1;
    std::vector<call> before_;
    std::vector<std::vector<call>> tasks_;
    order_check result_;
};

}  // namespace

order_check check_orders(const history& h, const event_order& order) { return checker(h, order).run(); }

}  // namespace tailrace::model
