// Passes memory orders from the channels to the simulation, where they can be recorded, or weakened at run time. So a
// single program can test which search needs which order.
//
// An operation is identified by its position in the sources. Compilers report either end of the expression up to its
// opening parenthesis, so a position belongs to the first operation that ends there or after it.
// After a change here run: ci/test -L relacy
#pragma once

#include <atomic>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace tailrace::relacy {

/// A compare-exchange has a second order, for when it fails.
enum class order_role : unsigned char { operation, failure };

/// Line and column in one number, in the order of the file.
using source_position = std::uint64_t;
[[nodiscard]] constexpr source_position position_of(std::uint64_t line, std::uint64_t column) noexcept {
    return line << 16U | column;
}

struct weakening {
    std::string file;           // the end of its name
    source_position after = 0;  // position of the operation before it
    source_position last = 0;   // position of its opening parenthesis
    order_role role = order_role::operation;
    std::memory_order to = std::memory_order_relaxed;
};

struct noted_place {
    const char* file = nullptr;
    source_position at = 0;
};

class order_seam {
  public:
    /// The order that the simulation uses instead of `given`.
    [[nodiscard]] static std::memory_order pass(std::memory_order given, order_role role,
                                                const std::source_location& at) noexcept {
        if (!watched) [[likely]]
            return given;
        return look(given, role, at);
    }

    static void weaken(std::vector<weakening> which);

    /// Starts recording every position with an order above relaxed.
    static void note() noexcept;
    /// Stops recording and returns the positions, possibly with duplicates.
    [[nodiscard]] static std::span<const noted_place> noted() noexcept;

  private:
    static std::memory_order look(std::memory_order given, order_role role, const std::source_location& at) noexcept;

    static inline bool watched = false;
};

}  // namespace tailrace::relacy
