// Parses enough of C++ to find calls with a memory order among their arguments.
#include "audit/ordered_operations.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "kernel/design_number.hpp"

namespace tailrace::relacy {
namespace {

constexpr std::array names{
    std::pair{std::string_view("relaxed"), std::memory_order_relaxed},
    std::pair{std::string_view("acquire"), std::memory_order_acquire},
    std::pair{std::string_view("release"), std::memory_order_release},
    std::pair{std::string_view("acq_rel"), std::memory_order_acq_rel},
    std::pair{std::string_view("seq_cst"), std::memory_order_seq_cst},
};
constexpr std::array calls{
    std::string_view("load"),      std::string_view("store"),
    std::string_view("exchange"),  std::string_view("compare_exchange_strong"),
    std::string_view("fetch_add"), std::string_view("fetch_sub"),
    std::string_view("fetch_and"), std::string_view("fetch_or"),
    std::string_view("fetch_xor"),
};
constexpr std::string_view any_order = "memory_order";
constexpr std::string_view order_prefix = "std::memory_order_";

std::optional<std::memory_order> order_of(std::string_view name) noexcept {
    const auto* const found = std::ranges::find_if(names, [&](const auto& n) { return n.first == name; });
    if (found == names.end()) return std::nullopt;
    return found->second;
}

bool is_word(char c) noexcept { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The text with its comments replaced by spaces. No header has `//` in a string.
std::string without_comments(std::string text) {
    for (std::size_t at = text.find("//"); at != std::string::npos; at = text.find("//", at)) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), end - at, ' ');
    }
    return text;
}

std::size_t closing(std::string_view code, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < code.size(); ++i) {
        if (code[i] == '(') ++depth;
        if (code[i] == ')' && --depth == 0) return i;
    }
    throw std::runtime_error("tailrace-relacy: a header has a parenthesis that nothing closes");
}

/// Extracts the operations of one header.
class header {
  public:
    header(std::string file, std::string text)
        : file_(std::move(file)), text_(std::move(text)), code_(without_comments(text_)) {}

    void append_to(std::vector<ordered_operation>& operations) const {
        source_position after = 0;
        std::size_t orders = 0;
        for (std::size_t open = code_.find('('); open != std::string::npos; open = code_.find('(', open + 1)) {
            std::size_t name = open;
            while (name > 0 && is_word(code_[name - 1])) --name;
            const bool member = name > 0 && (code_[name - 1] == '.' || code_[name - 1] == '>');
            const std::string_view called = std::string_view(code_).substr(name, open - name);
            if (!member || std::ranges::find(calls, called) == calls.end()) continue;
            ordered_operation o = operation(name, open);
            if (o.orders.empty()) continue;
            o.after = std::exchange(after, o.last());
            orders += o.orders.size();
            operations.push_back(std::move(o));
        }
        // Otherwise a fence, or an operation that the seam does not have, would be missed.
        for (std::size_t at = 0; (at = code_.find(any_order, at)) != std::string::npos; ++at) --orders;
        if (orders != 0) throw std::runtime_error("tailrace-relacy: orders without an operation in " + file_);
    }

  private:
    [[nodiscard]] ordered_operation operation(std::size_t name, std::size_t open) const {
        const std::size_t close = closing(code_, open);
        const std::size_t begin = line_begin(text_, open);
        ordered_operation o;
        o.file = file_;
        o.line =
            static_cast<unsigned>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(open), '\n')) +
            1;
        o.column = static_cast<unsigned>(open - begin) + 1;
        std::size_t object = name;
        while (object > 0 && (is_word(code_[object - 1]) || code_[object - 1] == '.')) --object;
        while (code_[object] == '.') ++object;
        o.what = code_.substr(object, open - object);
        o.number = design_number(text_, begin, close);
        o.code = code_.substr(begin, close + 1 - begin);
        o.orders = own_orders(std::string_view(code_).substr(open, close - open));
        return o;
    }

    /// The orders at the end of its arguments. An argument may be an operation itself.
    static std::vector<std::memory_order> own_orders(std::string_view arguments) {
        std::vector<std::memory_order> found;
        int depth = 0;
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            if (arguments[i] == '(') ++depth;
            if (arguments[i] == ')') --depth;
            if (depth != 1 || !arguments.substr(i).starts_with(order_prefix)) continue;
            std::size_t end = i += order_prefix.size();
            while (end < arguments.size() && is_word(arguments[end])) ++end;
            const auto order = order_of(arguments.substr(i, end - i));
            if (!order) throw std::runtime_error("tailrace-relacy: an unknown memory order");
            found.push_back(*order);
        }
        return found;
    }

    std::string file_;
    std::string text_;
    std::string code_;
};

}  // namespace

std::string ordered_operation::place() const { return fmt::format("{}:{}", file, line); }

bool ordered_operation::ordered() const noexcept {
    return std::ranges::any_of(orders, [](auto o) { return o != std::memory_order_relaxed; });
}

std::vector<ordered_operation> ordered_operations(const std::string& folder) {
    namespace fs = std::filesystem;
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".hpp") files.push_back(entry.path().lexically_relative(folder).string());
    }
    std::ranges::sort(files);
    std::vector<ordered_operation> operations;
    for (const std::string& file : files) {
        if (is_outside(file)) continue;
        std::ifstream in(fs::path(folder) / file);
        header(file, {std::istreambuf_iterator<char>(in), {}}).append_to(operations);
    }
    if (operations.empty()) throw std::runtime_error("tailrace-relacy: no atomic operation in any header of " + folder);
    return operations;
}

bool is_outside(std::string_view file) noexcept {
    // The mutex and the parker of std_platform, the run queue, the thread of the default timer and Asio's operations
    // use std::atomic.
    return file == "detail/sleep.hpp" || file == "run_queue.hpp" || file == "timer.hpp" ||
           file == "detail/asio_wait.hpp";
}

}  // namespace tailrace::relacy
