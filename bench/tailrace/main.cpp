// The program of this project's contestants.
// After a change here run: ci/bench --contestants 'tailrace|reference'
#include <utility>
#include <vector>

#include "contestants.hpp"

int main(int argc, char** argv) {
    std::vector<bench::contestant> all;
    bench::contestant tailrace{"tailrace", {}};
    bench::add_without_tasks(tailrace);
    bench::add_tasks(tailrace, all);
    all.insert(all.begin(), std::move(tailrace));
    all.push_back(bench::reference_contestant());
    return bench::run_contestants(argc, argv, all);
}
