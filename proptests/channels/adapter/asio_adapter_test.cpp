// Tests that the channel keeps its contract when every waiting operation is one of Asio: the scripts of the suite
// `conformance`, recorded programs, and generated ones on one thread and on several.
// After a change here run: ci/test -L asio
#include "asio_adapter.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "campaign/engines.hpp"
#include "conformance/conformance.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {
namespace {

INSTANTIATE_TEST_SUITE_P(asio_adapter, conformance, ::testing::Values(make_asio_adapter_target()),
                         [](const ::testing::TestParamInfo<target>& tested) { return tested.param.name; });

job job_of(std::uint64_t programs) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = programs;
    j.seed = 1;
    j.leads = false;
    return j;
}

void expect_no_failure(const engine_report& r) {
    for (const failure& f : r.failures) ADD_FAILURE() << f.what << '\n' << f.text;
}

TEST(asio_adapter, passes_generated_programs_step_by_step) {
    expect_no_failure(run_sequential_engine(job_of(20'000), make_asio_adapter_target(), {}));
}

TEST(asio_adapter, passes_generated_programs_on_threads) {
    expect_no_failure(run_threads_engine(job_of(400), make_asio_adapter_target(), {}));
}

}  // namespace
}  // namespace tailrace::verify
