// The work of an engine on a target in parts, each in a child process.
// After a change here run: ci/test -L proptests -R 'campaign|children'
#pragma once

#include "campaign/campaign.hpp"

namespace tailrace::verify {

/// The programs of the engine are all that there are, in order.
[[nodiscard]] bool takes_all(const engine_entry& e, const job& j);

/// The programs of `j` in parts, each in a child process.
[[nodiscard]] engine_report run_in_slices(const engine_entry& e, const target& t, const job& j,
                                          const campaign_progress& tell, const how_to_run& how);

}  // namespace tailrace::verify
