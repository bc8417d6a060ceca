// The pages, as the build embeds them, and filling them: failure.* is that of a counterexample,
// campaign.* that of a campaign, which adds to the style of the other.
// After a change here run: ci/test -L proptests -R html && ci/test -L browser
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace tailrace::verify {

extern const std::string_view failure_html;  // with @STYLE@, @SCRIPT@, @DATA@ and @LOG@
extern const std::string_view failure_css;
extern const std::string_view failure_js;
extern const std::string_view campaign_html;  // the same
extern const std::string_view campaign_css;   // after failure_css
extern const std::string_view campaign_js;
extern const std::string_view shared_js;  // before either script

/// What the marks of a page stand for.
struct page_parts {
    std::string_view style;
    std::string_view script;
    std::string_view log;
    const nlohmann::ordered_json& data;
};

/// The page with its marks replaced. Nothing in `log` and `data` can become markup.
[[nodiscard]] std::string fill(std::string_view html, const page_parts& parts);

}  // namespace tailrace::verify
