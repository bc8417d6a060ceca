// Concurrent tasks on a target in another process: the section on tasks of docs/protocol.md.
//
// All tasks share the one connection. A step of a task has the number of the task before it, and so has its answer; of
// the tasks that wait for an answer, one listens for all. The times of a step are taken here, so they cover the call.
// After a change here run: ci/test -L proptests -R exec
#pragma once

#include <cstdint>
#include <memory>

#include "target/exec_target.hpp"

namespace tailrace::verify {

/// The session of what comes before and after the tasks; its branches are the tasks, numbered from 1. All steps throw
/// no_answer as soon as one has no answer, and say in it which steps have none. Values that the target does not mention
/// in the end were not destroyed.
[[nodiscard]] std::unique_ptr<task_session> open_exec_tasks(std::shared_ptr<exec_link> link, std::uint64_t capacity,
                                                            session_events& events);

}  // namespace tailrace::verify
