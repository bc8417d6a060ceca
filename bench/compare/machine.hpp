// What a reader of a recording has to know of the machine.
// After a change here run: ci/test -L bench
#pragma once

#include <map>
#include <string>
#include <vector>

namespace bench {

/// Processor, number of processors, system.
[[nodiscard]] std::map<std::string, std::string> machine();
[[nodiscard]] std::string load();
[[nodiscard]] std::string now();
/// The installed versions of Debian packages; those that are not known are missing.
[[nodiscard]] std::map<std::string, std::string> versions_of(const std::vector<std::string>& packages);

}  // namespace bench
