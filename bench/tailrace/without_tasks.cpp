// tailrace on one thread and on threads that block.
// After a change here run: ci/bench --rows 'W([1-4]|10)|memory|permits|recv_many' --contestants tailrace
#include "common/contestant.hpp"
#include "contestants.hpp"
#include "kinds.hpp"

namespace bench {

void add_without_tasks(contestant& tailrace) {
    using kind = kind_of<optimized>;
    using by_permit = kind_of<optimized, sends_by_permit>;
    using many = kind_of<optimized, sends, receives_many>;
    tailrace += one_thread_workloads<kind>();
    tailrace += thread_workloads<kind>();
    tailrace += memory_workloads<kind>();
    tailrace += {{"permits", one_by_one<by_permit, small_value>, one_by_one<by_permit, large_value>},
                 {"recv_many_threads", blocking_threads<many, small_value>, blocking_threads<many, large_value>}};
}

}  // namespace bench
