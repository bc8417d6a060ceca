// The two channels of this project, each as an Api, and a session on each: as it is, and with schedule perturbation at
// each of its atomic operations and locks. Each of the four is compiled in a source of its own.
// After a change here run: ci/test -L conformance
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/model/reference_channel.hpp"
#include "tailrace/verify/noisy_platform.hpp"
#include "tailrace/verify/target.hpp"

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
};

struct noisy_reference_platform : noisy_platform<model::std_platform> {
    using condition_variable = std::condition_variable_any;  // std::condition_variable takes std::mutex only
};

/// A session for one thread if `events` is null, for concurrent tasks otherwise.
[[nodiscard]] std::unique_ptr<task_session> open_reference(std::uint64_t capacity, session_events* events);
[[nodiscard]] std::unique_ptr<task_session> open_noisy_reference(std::uint64_t capacity, session_events* events);
[[nodiscard]] std::unique_ptr<task_session> open_optimized(std::uint64_t capacity, session_events* events);
[[nodiscard]] std::unique_ptr<task_session> open_noisy_optimized(std::uint64_t capacity, session_events* events);

}  // namespace tailrace::verify
