// Filling a page: its style, its script, and what it shows, none of which can become markup.
// After a change here run: ci/test -L proptests -R html && ci/test -L browser
#include <nlohmann/json.hpp>

#include "report/page/page.hpp"

namespace tailrace::verify {
namespace {

/// As JSON inside a page: nothing in it can end the element it is in.
std::string embedded(const nlohmann::ordered_json& j) {
    const std::string plain_json = j.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
    std::string out;
    for (const char c : plain_json) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<') {
            out += "&lt;";
        } else if (c == '&') {
            out += "&amp;";
        } else {
            out += c;
        }
    }
    return out;
}

void put(std::string& page, std::string_view mark, std::string_view text) {
    page.replace(page.find(mark), mark.size(), text);
}

}  // namespace

std::string fill(std::string_view html, const page_parts& parts) {
    std::string page(html);
    // The data comes last: what it contains is not looked at any more.
    put(page, "@STYLE@", parts.style);
    put(page, "@SCRIPT@", parts.script);
    put(page, "@LOG@", escaped(parts.log));
    const std::size_t at = page.rfind("@DATA@");
    return page.replace(at, 6, embedded(parts.data));
}

}  // namespace tailrace::verify
