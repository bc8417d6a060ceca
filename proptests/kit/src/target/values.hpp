// Types of values with properties that a channel has to respect: an alignment, a size, a move that may throw. Each can
// tell whether it is intact.
// After a change here run: ci/test -L proptests -R forms
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "tailrace/verify/detail/failing_new.hpp"
#include "tailrace/verify/target.hpp"
#include "tailrace/verify/tracked.hpp"

namespace tailrace::verify {

/// What stands for a value that is damaged: no program has it.
inline constexpr model::value_id damaged_value = ~model::value_id{0};

struct alignas(128) overaligned_value : tracked {
    using tracked::tracked;

    [[nodiscard]] model::value_id accept() noexcept {
        const model::value_id id = tracked::accept();
        return reinterpret_cast<std::uintptr_t>(this) % alignof(overaligned_value) == 0 ? id : damaged_value;
    }
};

struct kilobyte_value : tracked {
    kilobyte_value(model::value_id id, session_events& events) noexcept : tracked(id, events) { words.fill(id); }

    [[nodiscard]] model::value_id accept() noexcept {
        const model::value_id id = tracked::accept();
        return std::ranges::all_of(words, [id](model::value_id w) { return w == id; }) ? id : damaged_value;
    }

    std::array<model::value_id, 128> words;
};

/// Its move may throw, so it travels in a box.
struct throwing_value : tracked {
    using tracked::tracked;
    throwing_value(throwing_value&& other) noexcept(false) : tracked(passed(std::move(other))) {}
    throwing_value& operator=(throwing_value&& other) noexcept(false) = default;

  private:
    static tracked&& passed(throwing_value&& other) {
        failing_new& state = failing_new::here();
        if (state.moves_too && state.fails()) throw std::bad_alloc();
        return std::move(other);
    }
};

}  // namespace tailrace::verify
