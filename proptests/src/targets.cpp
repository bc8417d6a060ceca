// The targets that come with the kit: the reference channel and the optimised one.
// After a change here run: ctest -L conformance
#include <memory>
#include <utility>
#include <vector>

#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/model/reference_channel.hpp"
#include "tailrace/verify/channel_session.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

namespace {

struct reference_api {
    static constexpr verify::capabilities supports = capabilities::all();
    template <class T>
    static auto open(std::size_t capacity) {
        return model::reference_channel<T>(capacity);
    }
    template <class Tx>
    static auto make_clock(const Tx& tx) {
        return tx.clock();
    }
};

struct optimized_api {
    static constexpr verify::capabilities supports = capabilities::all();
    template <class T>
    static auto open(std::size_t capacity) {
        return tailrace::channel<T>(capacity);
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

template <class Api>
target make_target(std::string name, std::string summary) {
    return {std::move(name), std::move(summary), Api::supports,
            [](std::uint64_t capacity) { return std::make_unique<channel_session<Api>>(capacity); }};
}

}  // namespace

const std::vector<target>& builtin_targets() {
    static const std::vector<target> all = {
        make_target<reference_api>("reference", "the specification behind a mutex (model/)"),
        make_target<optimized_api>("optimized", "tailrace::channel (impl/)")};
    return all;
}

}  // namespace tailrace::verify
