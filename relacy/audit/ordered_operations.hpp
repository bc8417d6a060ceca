// Lists the atomic operations of the channel's headers, from their text.
//
// The simulation knows only the operations that it executes. The audit compares those with this list, so that it
// reports an operation that no search executes.
// After a change here run: ci/test -L relacy
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/order_seam.hpp"

namespace tailrace::relacy {

struct ordered_operation {
    std::string file;   // under include/tailrace
    unsigned line = 0;  // of its opening parenthesis, as the column
    unsigned column = 0;
    source_position after = 0;  // of the operation before it
    std::string what;           // strong_.fetch_sub
    std::string number;         // the first number in brackets in its comment: its row in impl/DESIGN.md
    std::string code;           // its first line and all of its arguments
    std::vector<std::memory_order> orders;

    [[nodiscard]] std::string place() const;  // detail/core.hpp:92
    [[nodiscard]] source_position last() const noexcept { return position_of(line, column); }
    [[nodiscard]] bool ordered() const noexcept;  // more than relaxed
};

/// One operation, one of its orders, one step weaker.
struct weaker_order {
    const ordered_operation* operation = nullptr;
    order_role role = order_role::operation;
    std::memory_order from = std::memory_order_relaxed;
    std::memory_order to = std::memory_order_relaxed;

    [[nodiscard]] weakening as_weakening() const;
    [[nodiscard]] std::string argument() const;  // in the syntax of --weaken
};

/// Every operation that names an order, in every header under `folder` that the simulation can run.
/// Throws std::runtime_error if there is none.
[[nodiscard]] std::vector<ordered_operation> ordered_operations(const std::string& folder);

/// True for the headers that are left out because they use std::atomic.
[[nodiscard]] bool is_outside(std::string_view file) noexcept;

/// The orders one step weaker: none for relaxed, two for acq_rel.
[[nodiscard]] std::vector<weaker_order> weaker_orders(const ordered_operation& o);

[[nodiscard]] std::string_view name_of(std::memory_order order) noexcept;

/// `site` is FILE:LINE, FILE:LINE:COLUMN or a number of impl/DESIGN.md; FILE may lack its folder.
[[nodiscard]] bool is_at(const ordered_operation& o, std::string_view site) noexcept;

/// Throws std::invalid_argument if there is no such operation.
void require_site(const std::vector<ordered_operation>& operations, std::string_view site);

/// Parses the argument of --weaken: SITE=ORDER or SITE/failure=ORDER. Throws std::invalid_argument.
[[nodiscard]] weaker_order parse_weakening(const std::vector<ordered_operation>& operations, std::string_view argument);

}  // namespace tailrace::relacy
