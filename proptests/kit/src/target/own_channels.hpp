// The two channels of this project, each as an Api, and sessions on each: as it is, and with schedule perturbation at
// each of its atomic operations and locks; the optimized one in several geometries of its storage. Each of the four is
// compiled in a source of its own.
// After a change here run: ci/test -L conformance
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/model/reference_channel.hpp"
#include "tailrace/verify/channel_session.hpp"
#include "tailrace/verify/noisy_platform.hpp"
#include "tailrace/verify/target.hpp"
#include "target/forms.hpp"
#include "target/geometries.hpp"
#include "target/millisecond_clock.hpp"
#include "target/values.hpp"

namespace tailrace::verify {

template <class Platform>
struct reference_api {
    static constexpr verify::capabilities supports = capabilities::all();
    template <class T>
    static auto open(std::size_t capacity) {
        return model::reference_channel<T, Platform>(capacity);
    }
    template <class Tx>
    static auto make_clock(const Tx& tx) {
        return tx.clock();
    }
};

template <class Platform>
struct optimized_api {
    static constexpr verify::capabilities supports = capabilities::all();
    template <class T>
    static auto open(std::size_t capacity) {
        return tailrace::channel<T, Platform>(capacity);
    }
    template <class Tx>
    static auto make_clock(const Tx&) {
        return manual_clock();
    }
    /// After each step.
    template <class Handle>
    static const char* broken_invariant(const Handle& h) {
        return detail::inspection::check_invariants(detail::inspection::core_of(h));
    }
    template <class Handle>
    static storage storage_of(const Handle& h) {
        const detail::inspection::blocks b = detail::inspection::storage_of(detail::inspection::core_of(h));
        return {b.next_ticket, Platform::first_ticket,
                b.slots,       b.number,
                b.most,        std::max(Platform::kept_bytes / b.bytes + 1, Platform::ring_bytes / b.bytes)};
    }
};

template <class Api>
struct with_failing_allocations : Api {
    static constexpr bool fails_allocations = true;
};

template <class Api>
struct in_all_forms : Api {
    using forms = verify::forms;
    template <class Tx>
    static auto make_clock(const Tx&) {
        return millisecond_clock();
    }
    /// Rounded up by that clock.
    static std::chrono::microseconds as_timeout(model::duration d) {
        constexpr std::chrono::microseconds part_of_a_tick{400};
        return d > model::duration(0) ? d - part_of_a_tick : std::chrono::microseconds(d);
    }
    /// Moved away and back, and onto itself.
    template <class Handle>
    static void move_about(Handle& h) {
        Handle away = std::move(h);
        h = std::move(away);
        Handle& same = h;
        h = std::move(same);
    }
};

/// The channel in a geometry, used as that says.
template <class Platform, std::size_t N, class Api = optimized_api<with_geometry<Platform, N>>>
struct exercised_api
    : std::conditional_t<geometries[N].in_all_forms, in_all_forms<Api>, with_failing_allocations<Api>> {
    using value_type = std::tuple_element_t<static_cast<std::size_t>(geometries[N].values),
                                            std::tuple<tracked, throwing_value, kilobyte_value, overaligned_value>>;
};

struct noisy_reference_platform : noisy_platform<model::std_platform> {
    using condition_variable = std::condition_variable_any;  // std::condition_variable takes std::mutex only
};

/// Opens a session for one thread if `events` is null, for concurrent tasks otherwise.
using opener = std::unique_ptr<task_session> (*)(std::uint64_t capacity, session_events* events);

template <class Api>
std::unique_ptr<task_session> open_session(std::uint64_t capacity, session_events* events) {
    if (events == nullptr) return std::make_unique<channel_session<Api>>(capacity);
    return std::make_unique<channel_session<Api>>(capacity, *events);
}

template <class Platform, std::size_t N>
opener opener_for_tasks() {
    using api = optimized_api<with_geometry<Platform, N>>;
    if constexpr (geometries[N].has_tasks) {
        return open_session<std::conditional_t<geometries[N].in_all_forms, in_all_forms<api>, api>>;
    } else {
        return nullptr;
    }
}

/// The optimized channel with the constants of a platform, and in each of `geometries`; null where tasks are not run.
struct geometry_openers {
    opener usual;
    std::array<opener, geometries.size()> others;
};

/// For tasks. Few geometries, as each takes long to compile.
template <class Platform>
geometry_openers openers_on() {
    return []<std::size_t... N>(std::index_sequence<N...>) {
        return geometry_openers{open_session<optimized_api<Platform>>, {opener_for_tasks<Platform, N>()...}};
    }(std::make_index_sequence<geometries.size()>());
}
/// For one thread: all of them.
template <class Platform>
geometry_openers exercised_openers_on() {
    return []<std::size_t... N>(std::index_sequence<N...>) {
        return geometry_openers{open_session<optimized_api<Platform>>, {open_session<exercised_api<Platform, N>>...}};
    }(std::make_index_sequence<geometries.size()>());
}

/// The target `optimized` with its geometries.
[[nodiscard]] target optimized_target(const geometry_openers& plain, const geometry_openers& perturbed);

[[nodiscard]] opener open_reference();
[[nodiscard]] opener open_noisy_reference();
[[nodiscard]] geometry_openers open_optimized();
[[nodiscard]] geometry_openers open_noisy_optimized();

}  // namespace tailrace::verify
