// A script: a program in the trace grammar together with the expected effects of each step.
//
// The specification and the target execute it side by side: the specification must find every step legal, and both must
// show exactly the expected effects. After every step the conservation property must hold in the specification, and a
// capacity that can be observed in the target must equal that of the specification. The order of wake-ups counts,
// except for `advance`.
// After a change here run: ci/test -L conformance -R script
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct script_result {
    enum class verdict : unsigned char { passed, skipped, failed };

    verdict is = verdict::passed;
    std::string text;  // the missing capability, or the report of the failure
};

/// Plays a script, one step a line, empty lines ignored, on a new channel of the target.
[[nodiscard]] script_result run_script(const target& t, std::uint64_t capacity, std::string_view text);

/// Puts together the text of a script that is a loop.
class script_text {
  public:
    template <class... Args>
    void add(fmt::format_string<Args...> line, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), line, std::forward<Args>(args)...);
        text_ += '\n';
    }
    [[nodiscard]] std::string_view view() const { return text_; }

  private:
    std::string text_;
};

}  // namespace tailrace::verify
