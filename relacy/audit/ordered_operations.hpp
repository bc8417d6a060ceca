// The atomic operations of the channel's headers, as their text has them.
//
// The simulation knows only those that it comes upon; this is what they are compared with, so that
// none is passed over in silence.
// After a change here run: ctest -L relacy
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
    std::string number;         // the first in brackets in its comment: its row in impl/DESIGN.md
    std::string code;           // the line it begins on and all of its arguments
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
    [[nodiscard]] std::string argument() const;  // as --weaken has it
};

/// Every operation that names an order, in every header under `folder` that the simulation can run.
/// Throws std::runtime_error if there is none.
[[nodiscard]] std::vector<ordered_operation> ordered_operations(const std::string& folder);

/// The headers that are left out, because their atomics are those of std.
[[nodiscard]] bool is_outside(std::string_view file) noexcept;

/// One step weaker than what stands there: nothing for relaxed, two for acq_rel.
[[nodiscard]] std::vector<weaker_order> weaker_orders(const ordered_operation& o);

[[nodiscard]] std::string_view name_of(std::memory_order order) noexcept;

/// `site` is FILE:LINE, FILE:LINE:COLUMN or a number of impl/DESIGN.md; FILE may lack its folder.
[[nodiscard]] bool is_at(const ordered_operation& o, std::string_view site) noexcept;

/// Throws std::invalid_argument if no operation is there.
void require_site(const std::vector<ordered_operation>& operations, std::string_view site);

/// What --weaken SITE=ORDER or SITE/failure=ORDER means. Throws std::invalid_argument.
[[nodiscard]] weaker_order parse_weakening(const std::vector<ordered_operation>& operations, std::string_view argument);

}  // namespace tailrace::relacy
