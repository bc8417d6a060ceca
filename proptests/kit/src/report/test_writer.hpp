// What the two generators of tests to paste share.
// After a change here run: ci/test -L proptests -R regression
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/counterexample.hpp"

namespace tailrace::verify {

/// Lines of C++, indented.
class source {
  public:
    explicit source(int depth) : depth_(depth) {}

    template <class... Args>
    void line(fmt::format_string<Args...> form, Args&&... args) {
        raw(fmt::format(form, std::forward<Args>(args)...));
    }
    void raw(std::string_view text) {
        if (!text.empty()) text_.append(static_cast<std::size_t>(depth_) * 4, ' ').append(text);
        text_ += '\n';
    }
    void verbatim(std::string_view lines) { text_ += lines; }
    void open(std::string_view text) {
        raw(text);
        ++depth_;
    }
    void close(std::string_view text) {
        --depth_;
        raw(text);
    }
    [[nodiscard]] std::string take() && { return std::move(text_); }

  private:
    int depth_;
    std::string text_;
};

/// The operation appends to a vector, which its call names.
[[nodiscard]] constexpr bool fills_a_vector(model::verb v) { return is_receive(v) && model::shape_of(v).count; }

/// A local class, and a lambda that waits with it: `tasks all(n)`, `wait(operation)`.
extern const std::string_view tasks_class;
extern const std::string_view wait_lambda;

// ---- Programs with reactions

[[nodiscard]] bool has_reactions(const sequential_run& run);
/// What step `first` and those inside its call wake and destroy together, in the order in which it happens.
[[nodiscard]] model::outcome seen_of_call(const sequential_run& run, std::size_t first);
/// The steps that are taken directly inside the call of step `of`.
[[nodiscard]] std::vector<std::size_t> reactions_in(const sequential_run& run, std::size_t of);
/// How C++ names the type of a handle that is no operation, without making one.
[[nodiscard]] std::string_view type_of(model::handle_kind kind);

/// The comment above a test: what is broken, where it was found, how it is repeated.
[[nodiscard]] std::string heading_of(const counterexample& c);

[[nodiscard]] std::string sequential_test(const counterexample& c, const sequential_run& run);
[[nodiscard]] std::string concurrent_test(const counterexample& c, const concurrent_run& run);

}  // namespace tailrace::verify
