// The page of a counterexample, as the build embeds it: report.html with its style and its script.
// After a change here run: ctest -L proptests -R failure_html && ctest -L browser
#pragma once

#include <string_view>

namespace tailrace::verify {

extern const std::string_view page_html;  // with @STYLE@, @SCRIPT@, @DATA@ and @LOG@
extern const std::string_view page_css;
extern const std::string_view page_js;

}  // namespace tailrace::verify
