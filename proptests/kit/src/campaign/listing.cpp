// What `tailrace-verify list` prints.
// After a change here run: ci/test -L proptests -R command_line
#include "campaign/listing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "campaign/campaign.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

std::string observers(const model::clause& c) {
    std::string text;
    for (const model::engine e : c.observed_by)
        text += fmt::format("{}{}", text.empty() ? "" : ", ", model::to_string(e));
    return text;
}

std::string row(std::string_view name, std::size_t width, std::string_view text) {
    return labelled(fmt::format("{:<{}}  ", name, width), text, 8);
}

}  // namespace

std::string list_clauses() {
    std::size_t width = 0;
    for (const model::clause& c : model::clauses()) width = std::max(width, c.name.size());
    std::string text;
    for (const model::clause& c : model::clauses()) {
        text += row(c.name, width, c.promise);
        text += row("", width, fmt::format("section {}; observed by {}", c.section, observers(c)));
    }
    return text;
}

std::string list_engines() {
    constexpr std::size_t width = 13;
    std::string text;
    for (const engine_entry& e : engines()) text += row(e.name(), width, e.summary);
    return text;
}

std::string list_targets(const std::vector<target>& targets) {
    std::size_t width = 13;
    for (const target* t : with_geometries(targets)) width = std::max(width, t->name.size());
    std::string text;
    for (const target& t : targets) {
        text += row(t.name, width, t.summary);
        std::string lacking;
        for (std::size_t i = 0; i < capability_count; ++i) {
            const auto c = static_cast<capability>(i);
            if (!t.capabilities.has(c)) lacking += fmt::format("{}{}", lacking.empty() ? "" : ", ", to_string(c));
        }
        text += row("", width, lacking.empty() ? "every capability" : "without " + lacking);
        if (!t.open_tasks) text += row("", width, "for one thread only");
        for (const target& g : t.geometries) text += row(g.name, width, g.summary);
    }
    return text;
}

}  // namespace tailrace::verify
