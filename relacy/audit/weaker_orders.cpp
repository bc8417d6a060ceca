// Weakens orders by one step, and parses and prints weakened orders for the command line.
#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "audit/ordered_operations.hpp"

namespace tailrace::relacy {
namespace {

std::vector<std::memory_order> one_step_weaker(std::memory_order order, std::string_view what, order_role role) {
    const bool loads = what.ends_with("load") || role == order_role::failure;
    const bool stores = what.ends_with("store");
    switch (order) {
        case std::memory_order_seq_cst:
            return {loads ? std::memory_order_acquire : stores ? std::memory_order_release : std::memory_order_acq_rel};
        case std::memory_order_acq_rel: return {std::memory_order_acquire, std::memory_order_release};
        case std::memory_order_acquire:
        case std::memory_order_release: return {std::memory_order_relaxed};
        default: return {};
    }
}

/// The orders that are weaker by any number of steps.
std::vector<weaker_order> all_weaker_orders(const ordered_operation& o) {
    std::vector<weaker_order> all = weaker_orders(o);
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (const std::memory_order to : one_step_weaker(all[i].to, o.what, all[i].role)) {
            const weaker_order further{.operation = &o, .role = all[i].role, .from = all[i].from, .to = to};
            const bool known =
                std::ranges::any_of(all, [&](const weaker_order& w) { return w.role == further.role && w.to == to; });
            if (!known) all.push_back(further);
        }
    }
    return all;
}

bool is_file(const ordered_operation& o, std::string_view name) noexcept {
    return o.file == name || o.file.ends_with('/' + std::string(name));
}

}  // namespace

std::string_view name_of(std::memory_order order) noexcept {
    switch (order) {
        case std::memory_order_relaxed: return "relaxed";
        case std::memory_order_consume: return "consume";
        case std::memory_order_acquire: return "acquire";
        case std::memory_order_release: return "release";
        case std::memory_order_acq_rel: return "acq_rel";
        case std::memory_order_seq_cst: return "seq_cst";
    }
    return "?";
}

std::vector<weaker_order> weaker_orders(const ordered_operation& o) {
    std::vector<weaker_order> all;
    for (std::size_t i = 0; i < o.orders.size(); ++i) {
        const order_role role = i == 0 ? order_role::operation : order_role::failure;
        for (const std::memory_order to : one_step_weaker(o.orders[i], o.what, role))
            all.push_back({.operation = &o, .role = role, .from = o.orders[i], .to = to});
    }
    return all;
}

weakening weaker_order::as_weakening() const {
    return {.file = "/tailrace/" + operation->file,
            .after = operation->after,
            .last = operation->last(),
            .role = role,
            .to = to};
}

std::string weaker_order::argument() const {
    return fmt::format("{}{}={}", operation->place(), role == order_role::failure ? "/failure" : "", name_of(to));
}

bool is_at(const ordered_operation& o, std::string_view site) noexcept {
    if (site.find(':') == std::string_view::npos) return !site.empty() && o.number == site;
    const std::size_t colon = site.find(':');
    const std::string_view where = site.substr(colon + 1);
    return is_file(o, site.substr(0, colon)) &&
           (where == std::to_string(o.line) || where == fmt::format("{}:{}", o.line, o.column));
}

void require_site(const std::vector<ordered_operation>& operations, std::string_view site) {
    if (std::ranges::any_of(operations, [&](const auto& o) { return is_at(o, site); })) return;
    throw std::invalid_argument(fmt::format("--site {}: there is no atomic operation", site));
}

weaker_order parse_weakening(const std::vector<ordered_operation>& operations, std::string_view argument) {
    const auto complain = [&](std::string_view what) {
        return std::invalid_argument(
            fmt::format("--weaken {}: {} (SITE=ORDER, as 'tailrace-relacy audit' prints them)", argument, what));
    };
    const std::size_t equals = argument.rfind('=');
    if (equals == std::string_view::npos) throw complain("no order is named");
    std::string_view site = argument.substr(0, equals);
    const std::string_view order = argument.substr(equals + 1);
    order_role role = order_role::operation;
    if (site.ends_with("/failure")) {
        role = order_role::failure;
        site.remove_suffix(std::string_view("/failure").size());
    }
    std::vector<weaker_order> meant;
    for (const ordered_operation& o : operations) {
        if (!is_at(o, site)) continue;
        for (const weaker_order& w : all_weaker_orders(o))
            if (w.role == role && name_of(w.to) == order) meant.push_back(w);
    }
    if (meant.empty()) throw complain("nothing there has a stronger order");
    if (meant.size() > 1) {
        std::string places;
        for (const weaker_order& w : meant) places += fmt::format(" {}:{}", w.operation->place(), w.operation->column);
        throw complain("there are several:" + places);
    }
    return meant.front();
}

}  // namespace tailrace::relacy
