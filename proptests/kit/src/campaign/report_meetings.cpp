// The table of `interleavings --exhaustive`: which operations met in which state of the channel.
// After a change here run: ci/test -L proptests -R 'interleavings|report'
#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "campaign/engines.hpp"
#include "engine/interleavings.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/model/verbs.hpp"

namespace tailrace::verify {
namespace {

constexpr std::string_view met = "met ";

}  // namespace

std::string name_of(const meeting& m) {
    // "r.try_recv s.send": whose operations they are
    const auto name = [](const meeting::operation& o) {
        return fmt::format("{}.{}", model::to_string(model::handle{o.first, 0}).front(),
                           model::shape_of(o.second).spelling);
    };
    return fmt::format("{}{} {} {}", met, name(m.one), name(m.other), m.state);
}

std::string to_meetings(const engine_report& r) {
    std::map<std::string, std::map<std::string, std::uint64_t>> rows;  // by the two verbs, then by state
    for (const auto& [name, programs] : r.numbers) {
        if (!name.starts_with(met)) continue;
        const std::size_t verbs = name.find(' ', name.find(' ', met.size()) + 1);
        rows[name.substr(met.size(), verbs - met.size())][name.substr(verbs + 1)] = programs;
    }
    if (rows.empty()) return {};
    std::string text = fmt::format("\n{:<36}", "programs in which these operations met");
    for (const std::string_view state : kinds_of_states()) text += fmt::format(" {:>13}", state);
    for (const auto& [verbs, states] : rows) {
        text += fmt::format("\n{:<36}", verbs);
        for (const std::string_view state : kinds_of_states()) {
            const auto at = states.find(std::string(state));
            text += fmt::format(" {:>13}", at == states.end() ? "-" : grouped(at->second));
        }
    }
    return text + '\n';
}

}  // namespace tailrace::verify
