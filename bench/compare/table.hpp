// The table of a recording, as text.
// After a change here run: ci/test -L bench
#pragma once

#include <string>

#include "compare/judgement.hpp"
#include "compare/recording.hpp"

namespace bench {

[[nodiscard]] std::string table_of(const recording& r, const judgement& j);

/// 0.043, 5.30, 27.4, 1,234: three digits, or all before the point.
[[nodiscard]] std::string number_text(double value);
/// "median of 3 rounds" and whatever else of the run a reader has to know, a line each.
[[nodiscard]] std::vector<std::string> remarks_of(const recording& r, const judgement& j);
/// Why a contestant has no figure: "-" if it has no such form.
[[nodiscard]] std::string absence_of(const figure& f);

}  // namespace bench
