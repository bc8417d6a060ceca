// The targets that come with the kit: the reference channel and the optimised one.
// After a change here run: ctest -L conformance
#include <condition_variable>
#include <memory>
#include <utility>
#include <vector>

#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/model/reference_channel.hpp"
#include "tailrace/verify/channel_session.hpp"
#include "tailrace/verify/noisy_platform.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

namespace {

struct noisy_reference_platform : noisy_platform<model::std_platform> {
    using condition_variable = std::condition_variable_any;  // std::condition_variable takes std::mutex only
};

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

/// `Noisy` is the same channel with schedule perturbation at each of its atomic operations and locks.
template <class Api, class Noisy>
target make_target(std::string name, std::string summary) {
    return {std::move(name),
            std::move(summary),
            Api::supports,
            [](std::uint64_t capacity) { return std::make_unique<channel_session<Api>>(capacity); },
            [](std::uint64_t capacity, session_events& events, bool noisy) -> std::unique_ptr<task_session> {
                if (noisy) return std::make_unique<channel_session<Noisy>>(capacity, events);
                return std::make_unique<channel_session<Api>>(capacity, events);
            },
            true,
            std::string(own_adapter)};
}

}  // namespace

const std::vector<target>& builtin_targets() {
    static const std::vector<target> all = {
        make_target<reference_api<model::std_platform>, reference_api<noisy_reference_platform>>(
            "reference", "the specification behind a mutex (model/)"),
        make_target<optimized_api<std_platform>, optimized_api<noisy_platform<std_platform>>>(
            "optimized", "tailrace::channel (impl/)")};
    return all;
}

}  // namespace tailrace::verify
