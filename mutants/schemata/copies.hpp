// The copies of the headers, and the list of the mutants in them.
// After a change here run: ci/test -L house
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tailrace::schemata {

namespace fs = std::filesystem;

/// Without comments, and on one line.
[[nodiscard]] inline std::string one_line(std::string_view source) {
    static const std::regex comments(R"(//[^\n]*|/\*[^]*?\*/)");
    static const std::regex spaces(R"(\s+)");
    auto line = std::regex_replace(std::regex_replace(std::string(source), comments, " "), spaces, " ");
    if (line.starts_with(' ')) line.erase(0, 1);
    if (line.ends_with(' ')) line.pop_back();
    return line;
}

[[nodiscard]] inline std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw std::runtime_error("cannot read " + file.string());
    return text;
}

/// Leaves a file alone that has this text already, so that nothing is built again.
inline void write_if_new(const fs::path& file, const std::string& text) {
    if (fs::exists(file) && read(file) == text) return;
    fs::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    if (!(out << text).flush()) throw std::runtime_error("cannot write " + file.string());
}

struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
};

class header {
  public:
    explicit header(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string at(range r) const { return text_.substr(r.begin, r.end - r.begin); }
    [[nodiscard]] int line(std::size_t offset) const {
        return 1 +
               static_cast<int>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
    }
    [[nodiscard]] std::string line_at(std::size_t offset) const {
        const auto begin = text_.rfind('\n', offset) + 1;
        return one_line(text_.substr(begin, text_.find('\n', offset) - begin));
    }

    /// Ranges that were given are disjoint, or one contains the other.
    void enclose(range r, std::string before, std::string after) {
        const auto length = r.end - r.begin;
        insertions_.push_back({r.begin, true, length, std::move(before)});
        insertions_.push_back({r.end, false, length, std::move(after)});
    }
    [[nodiscard]] std::string changed() const {
        if (insertions_.empty()) return text_;
        auto sorted = insertions_;
        std::ranges::stable_sort(sorted, [](const insertion& a, const insertion& b) {
            if (a.at != b.at) return a.at < b.at;
            if (a.opens != b.opens) return b.opens;
            return a.opens ? a.length > b.length : a.length < b.length;
        });
        std::string out = "#include \"tailrace_mutate.hpp\"\n#line 1\n";
        std::size_t done = 0;
        for (const auto& i : sorted) {
            out += text_.substr(done, i.at - done) + i.text;
            done = i.at;
        }
        return out + text_.substr(done);
    }

  private:
    struct insertion {
        std::size_t at;
        bool opens;
        std::size_t length;  // of what is enclosed: what is outside opens first and closes last
        std::string text;
    };
    std::string text_;
    std::vector<insertion> insertions_ = {};
};

struct change {
    std::string function;
    std::string operation;
    std::string before;
    std::string after;
};

class copies {
  public:
    copies(const fs::path& from, std::map<std::string, std::string> excluded)
        : from_(from), excluded_(std::move(excluded)) {
        for (const auto& entry : fs::recursive_directory_iterator(from)) {
            // The adapter for Asio is left out: the programs that are run on a mutant do not use it.
            if (entry.is_regular_file() && !entry.path().filename().string().starts_with("asio"))
                headers_.try_emplace(entry.path().lexically_relative(from), read(entry.path()));
        }
        if (headers_.empty()) throw std::runtime_error("there is no header in " + from.string());
    }

    [[nodiscard]] const fs::path& from() const { return from_; }
    [[nodiscard]] std::map<std::string, header>& headers() { return headers_; }
    [[nodiscard]] const nlohmann::json& mutants() const { return mutants_; }

    /// A new mutant, and its number. Nothing if it is excluded.
    std::optional<int> add(const std::string& file, std::size_t offset, const change& c) {
        const auto& h = headers_.at(file);
        const auto line = h.line_at(offset);
        auto id = file + ": " + c.function + ": " + c.operation + ": " + c.before + " => " + c.after;
        if (line != c.before) id += "  in  " + line;
        if (const int same = ++ids_[id]; same > 1) id += "  number " + std::to_string(same);
        if (excluded_.erase(id) != 0) return std::nullopt;
        const auto number = static_cast<int>(mutants_.size()) + 1;
        mutants_.push_back({{"number", number},
                            {"id", id},
                            {"file", file},
                            {"line", h.line(offset)},
                            {"function", c.function},
                            {"operator", c.operation},
                            {"before", c.before},
                            {"after", c.after}});
        return number;
    }

    void write(const fs::path& to) const {
        if (!excluded_.empty())
            throw std::runtime_error("is excluded, but there is no such mutant: " + excluded_.begin()->first);
        for (const auto& [name, h] : headers_) write_if_new(to / name, h.changed());
        write_if_new(to / "mutants.json", mutants_.dump(1) + '\n');
    }

  private:
    fs::path from_;
    std::map<std::string, std::string> excluded_;  // those that were not met yet
    std::map<std::string, header> headers_;
    std::map<std::string, int> ids_;
    nlohmann::json mutants_ = nlohmann::json::array();
};

}  // namespace tailrace::schemata
