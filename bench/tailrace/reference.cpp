// The reference channel of model/: what a mutex, condition variables and a plain algorithm cost.
// After a change here run: ci/bench --contestants reference
#include "common/contestant.hpp"
#include "contestants.hpp"
#include "kinds.hpp"
#include "tasks.hpp"

namespace bench {

contestant reference_contestant() {
    using kind = kind_of<reference>;
    using by_permit = kind_of<reference, sends_by_permit>;
    using many = kind_of<reference, sends, receives_many>;
    contestant c{"reference", one_thread_workloads<kind>()};
    c += thread_workloads<kind>();
    c += memory_workloads<kind>();
    c += workloads_on_one_thread<polling_queue, reference>();
    c += {{"permits", one_by_one<by_permit, small_value>, one_by_one<by_permit, large_value>},
          {"recv_many_threads", blocking_threads<many, small_value>, blocking_threads<many, large_value>}};
    return c;
}

}  // namespace bench
