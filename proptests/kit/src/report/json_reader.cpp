// After a change here run: ci/test -L proptests -R 'counterexample|merge|json'
#include "report/json_reader.hpp"

#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;

/// Twice as deep as anything that is written here. Copying, comparing and destroying what is deeper would need a stack
/// as deep.
constexpr std::size_t deepest = 32;

/// As JSON writes it, in plain ASCII and one line.
std::string shown(std::string_view text) {
    return cut(json(text).dump(-1, ' ', true, json::error_handler_t::replace), 200);
}

/// Where the byte with this number, from 1, stands.
std::string position(std::string_view text, std::size_t byte) {
    const std::string_view before = text.substr(0, std::min(text.size(), byte > 0 ? byte - 1 : 0));
    const auto line = std::ranges::count(before, '\n') + 1;
    const std::size_t last = before.rfind('\n');
    const std::size_t column = before.size() - (last == before.npos ? 0 : last + 1) + 1;
    return fmt::format("line {}, column {}", line, column);
}

/// What the parser calls; makes the value.
class builder {
  public:
    builder(std::string_view text, std::string_view file, std::string_view what)
        : text_(text), file_(file), what_(what) {}

    bool null() { return put(json()); }
    bool boolean(bool b) { return put(json(b)); }
    bool number_integer(json::number_integer_t n) { return put(json(n)); }
    bool number_unsigned(json::number_unsigned_t n) { return put(json(n)); }
    bool number_float(json::number_float_t n, const std::string&) { return put(json(n)); }
    bool string(std::string& s) { return put(json(std::move(s))); }
    bool binary(json::binary_t&) { return false; }  // not in text
    bool start_object(std::size_t) { return open(json::object()); }
    bool start_array(std::size_t) { return open(json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name) {
        if (open_.back()->contains(name))
            throw_here(fmt::format("expected each member once, found {} twice", shown(name)));
        names_.back() = std::move(name);
        return true;
    }
    bool parse_error(std::size_t at, const std::string& last, const json::exception& e) {
        constexpr int too_large = 406;
        throw json_error(fmt::format("{}: {}: expected {}, found {}", file_, position(text_, at), what_,
                                     e.id == too_large   ? cut(printable(last), 40) + ", which is too large a number"
                                     : at > text_.size() ? "the end of the file"
                                                         : "something else"));
    }

    [[nodiscard]] json take() && { return std::move(whole_); }

  private:
    bool put(json value) {
        (void)place(std::move(value));
        return true;
    }
    json* place(json value) {
        if (open_.empty()) {
            whole_ = std::move(value);
            return &whole_;
        }
        json& in = *open_.back();
        if (in.is_object()) return &(in[names_.back()] = std::move(value));
        in.push_back(std::move(value));
        return &in.back();
    }
    /// Nothing is added to what is around the innermost that is open, so these stay where they are.
    bool open(json value) {
        if (open_.size() == deepest) throw_here(fmt::format("expected at most {} levels, found more", deepest));
        open_.push_back(place(std::move(value)));
        names_.emplace_back();
        return true;
    }
    bool close() {
        open_.pop_back();
        names_.pop_back();
        return true;
    }
    [[noreturn]] void throw_here(const std::string& problem) const {
        std::string where;
        for (std::size_t i = 0; i < open_.size(); ++i) {
            if (!open_[i]->is_object()) {
                where += fmt::format("[{}]", open_[i]->size() - (i + 1 < open_.size() ? 1 : 0));
            } else if (i + 1 < open_.size()) {
                where += fmt::format("{}{}", where.empty() ? "" : ".", names_[i]);
            }
        }
        throw json_error(fmt::format("{}: {}: {}", file_, where.empty() ? "the whole" : shown(where), problem));
    }

    std::string_view text_;
    std::string_view file_;
    std::string_view what_;
    json whole_;
    std::vector<json*> open_;
    std::vector<std::string> names_;  // of the member that is being read, in each object that is open
};

}  // namespace

json parse_json(std::string_view text, std::string_view file, std::string_view what) {
    builder made(text, file, what);
    (void)json::sax_parse(text, &made);
    return std::move(made).take();
}

void json_reader::expect_members(std::initializer_list<std::string_view> names) const {
    if (!value_->is_object()) refuse("an object");
    for (std::string_view name : names) {
        const bool optional = name.starts_with('?');
        if (optional) name.remove_prefix(1);
        if (!optional) (void)(*this)[name];
    }
    for (const auto& [key, value] : value_->items()) {
        const auto is_key = [&key](std::string_view n) {
            return n == key || (n.starts_with('?') && n.substr(1) == key);
        };
        if (std::ranges::none_of(names, is_key)) throw_at(fmt::format("expected no member '{}'", shown(key)));
    }
}

json_reader json_reader::operator[](std::string_view name) const {
    if (!value_->is_object()) refuse("an object");
    const auto at = value_->find(name);
    if (at == value_->end()) throw_at(fmt::format("expected a member '{}', found none", name));
    return {*at, where_.empty() ? std::string(name) : fmt::format("{}.{}", where_, name), file_};
}

std::string json_reader::text() const {
    if (!value_->is_string()) refuse("a text");
    return value_->get<std::string>();
}

bool json_reader::boolean() const {
    if (!value_->is_boolean()) refuse("true or false");
    return value_->get<bool>();
}

std::uint64_t json_reader::number(std::uint64_t least, std::uint64_t most) const {
    if (!value_->is_number_unsigned()) refuse("a number");
    const auto n = value_->get<std::uint64_t>();
    if (n < least || n > most) refuse(fmt::format("a number from {} to {}", least, most));
    return n;
}

std::uint32_t json_reader::index(std::size_t size, std::string_view of) const {
    const std::uint64_t n = number();
    if (n >= size) refuse(fmt::format("an index of {} {}", size, of));
    return static_cast<std::uint32_t>(n);
}

std::string json_reader::place() const {
    return fmt::format("{}: {}", file_, where_.empty() ? "the whole" : shown(where_));
}

void json_reader::refuse(std::string_view expected) const {
    const std::string found = value_->dump(-1, ' ', true, json::error_handler_t::replace);
    throw_at(fmt::format("expected {}, found {}", expected, cut(found, 40)));
}

void json_reader::throw_at(std::string_view problem) const {
    throw json_error(fmt::format("{}: {}", place(), problem));
}

}  // namespace tailrace::verify
