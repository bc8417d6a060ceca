// A mutant of the optimised channel as a target: compiled once for each file of mutants/zoo, against the headers that
// it changes.
//
// All of them, and the channel itself, are linked into one program. The one-definition rule holds, because the change
// of a mutant lies in a template over the platform, and each is instantiated for a platform and an Api of its own: no
// two objects define one function differently.
// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#include <memory>
#include <utility>

#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/verify/channel_session.hpp"
#include "tailrace/verify/noisy_platform.hpp"
#include "targets.hpp"

namespace tailrace::verify::zoo::TAILRACE_ZOO_MUTANT {

struct platform : std_platform {};

template <class Platform>
struct api {
    static constexpr verify::capabilities supports = capabilities::all();
    template <class T>
    static auto open(std::size_t capacity) {
        return tailrace::channel<T, Platform>(capacity);
    }
    template <class Tx>
    static auto make_clock(const Tx&) {
        return manual_clock();
    }
};

using quiet_session = channel_session<api<platform>>;
using noisy_session = channel_session<api<noisy_platform<platform>>>;

target make() {
    return {TAILRACE_ZOO_NAME, "a mutant of tailrace::channel", capabilities::all(),
            [](std::uint64_t capacity) { return std::make_unique<quiet_session>(capacity); },
            [](std::uint64_t capacity, session_events& events, bool noisy) -> std::unique_ptr<task_session> {
                if (noisy) return std::make_unique<noisy_session>(capacity, events);
                return std::make_unique<quiet_session>(capacity, events);
            }};
}

[[maybe_unused]] const bool added = (mutant_targets().push_back(make()), true);

}  // namespace tailrace::verify::zoo::TAILRACE_ZOO_MUTANT
