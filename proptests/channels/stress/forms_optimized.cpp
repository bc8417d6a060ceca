// Stress test of every form of the optimised channel at once: coroutines resumed inline and on a pool, deadlines, stop
// tokens, blocking threads, operations and coroutines that are destroyed while they wait, and a receiver that receives,
// closes or is dropped.
//
// Each round is a fresh channel, and is checked when it has ended. Its end shows that no task sleeps for ever; if a
// round does not end, the watchdog reports UNKNOWN. After a change here run: ci/test -L stress
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

#include "blocking_stress.hpp"
#include "forms_round.hpp"
#include "optimized_kit.hpp"

namespace tailrace::verify::stress {
namespace {

template <class Kit>
void run_forms(const options& o) {
    world w;
    counts all;
    watchdog dog;
    noise_state = random_engine(o.seed).next() | 1;
    for (std::uint64_t i = 0; i < o.rounds; ++i) {
        plan p = plan::draw(o.seed, o.only.value_or(i));
        if (p.end == ending::open) p.end = ending::senders;
        the_watch.begin(fmt::format("{} on the {} platform, --seed {} --only {}: {}", Kit::channel, Kit::platform,
                                    o.seed, p.round, p.text()),
                        1);
        forms_round<Kit> round(w, p, effort{});
        round.run();
        if (auto what = round.mistake()) the_watch.fail(*what);
        all.add(round.counted());
        dog.pat();
    }
    fmt::print(
        "{} on the {} platform, every form: {} rounds, seed {}: no value lost, no task asleep\n"
        "  {} sent, {} received, {} batches; {} timed out, {} stopped, {} dropped, {} destroyed while they waited, {} "
        "refused\n",
        Kit::channel, Kit::platform, o.rounds, o.seed, all.sent, all.received, all.batches, all.timed_out, all.stopped,
        all.dropped, all.framed, all.refused);
    if (all.received == 0 || all.timed_out == 0 || all.stopped == 0 || all.dropped == 0 || all.framed == 0 ||
        all.refused == 0 || all.upgraded == 0) {
        fmt::print("  but some of that was never reached\n");
        std::_Exit(1);
    }
}

}  // namespace
}  // namespace tailrace::verify::stress

int main(int argc, char** argv) {
    using namespace tailrace::verify::stress;
    const options o = parse_options(argc, argv);
    if (o.platform.empty() || o.platform == "production") {
        run_forms<optimized_production>(o);
        run_forms<optimized_boxed>(o);
    }
    if (o.platform.empty() || o.platform == "noisy")
        run_forms<optimized_kit<tailrace::verify::noisy_platform<tailrace::std_platform>>>(o);
    return 0;
}
