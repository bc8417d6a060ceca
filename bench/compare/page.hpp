// The page of a recording: one HTML file that stands alone, with pictures in SVG, for light and dark screens.
// After a change here run: ci/test -L bench, and look at the page that ci/bench writes
#pragma once

#include <string>
#include <string_view>

#include "compare/judgement.hpp"
#include "compare/recording.hpp"

namespace bench {

[[nodiscard]] std::string page_of(const recording& r, const judgement& j);

extern const std::string_view page_style;

/// Text that cannot become markup.
[[nodiscard]] std::string escaped(std::string_view text);
/// How a contestant is drawn: ours, form (ours, but not the plain one), tokio, peer, reference.
[[nodiscard]] std::string_view look_of(const std::string& contestant, role r);

/// All rows by their ratio to tokio.
[[nodiscard]] std::string overview_chart(const judgement& j);
/// One row: each contestant with its median, least and most.
[[nodiscard]] std::string row_chart(const judged_row& row);
/// A series: a line for each contestant.
[[nodiscard]] std::string series_chart(const judgement& j, const std::string& series);

}  // namespace bench
