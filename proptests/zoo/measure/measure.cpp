// Measuring: each seed is a run of the engine in a child process, as a faulty channel may hang or crash.
// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#include "measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "campaign/engines.hpp"
#include "engine/sequential.hpp"
#include "engine/threads.hpp"
#include "model_mutants/mutant_target.hpp"
#include "mutants/targets.hpp"
#include "support/children.hpp"

namespace tailrace::verify::zoo {
namespace {

const engine_entry& entry_of(model::engine e) { return *std::ranges::find(engines(), e, &engine_entry::is); }

std::string run_once(const target& t, const engine_entry& e, std::uint64_t programs, std::uint64_t seed, pulse& p) {
    job j;
    j.mutants = mutants();
    j.programs = programs;
    j.seed = seed;
    j.leads = false;  // no evidence, no long runs
    engine_report r = e.run(j, t, [&p](std::string_view, std::size_t done, std::size_t) { p.beat(done, done); });
    r.engine = e.name();
    r.target = t.name;
    return to_json(r);
}

sighting_of_bug sighting_in(const child_end& end, const engine_entry& e) {
    switch (end.is) {
        case child_end::how::threw: throw std::runtime_error(end.text);
        case child_end::how::given_up:  // not without a deadline
        case child_end::how::hung: return {true, end.at + 1, 0, "it hangs\n"};
        case child_end::how::crashed: return {true, end.at + 1, 0, "it crashes\n"};
        case child_end::how::finished: break;
    }
    const engine_report r = engine_report_from_json(end.text, e.name());
    if (r.failures.empty()) return {};
    const failure& f = r.failures.front();
    if (!f.example) return {true, number_of(r, "programs"), 0, f.text};
    return {true, f.example->program + 1, operations_of(*f.example), f.text};
}

}  // namespace

std::vector<sighting_of_bug> measure(const target& t, model::engine by, std::uint64_t programs, const measuring& how,
                                     const std::function<void()>& on_progress) {
    const engine_entry& e = entry_of(by);
    std::vector<sighting_of_bug> all;
    for (std::uint64_t seed = 1; seed <= how.seeds;) {
        std::vector<child_work> work;
        for (; work.size() < how.jobs && seed <= how.seeds; ++seed) {
            work.push_back([&, seed](pulse& p) { return run_once(t, e, programs, seed, p); });
        }
        for (const child_end& end : in_children(work, how.patience)) all.push_back(sighting_in(end, e));
        if (on_progress) on_progress();
    }
    return all;
}

std::uint64_t usual_budget(model::engine by) { return entry_of(by).usual_programs; }

std::uint64_t sound_budget(model::engine by) {
    return by == model::engine::threads ? threads_options{}.programs : sequential_options{}.programs;
}

target home_of(const bug& b) {
    if (b.by == model::engine::sequential) {
        if (const mutant* d = find_mutant(b.lives)) return mutant_target(*d);
    } else if (const target* t = find_mutant_target(b.lives)) {
        return *t;
    }
    throw std::logic_error(fmt::format("{} lives in {}, which is not there", b.id, b.lives));
}

}  // namespace tailrace::verify::zoo
