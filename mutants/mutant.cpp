// tailrace-mutant: reads the files *.mutant of this folder and writes the changed sources. README.md has the format.
//
//     tailrace-mutant check ROOT FILE...      checks that each change applies exactly once; exit status 1 if not
//     tailrace-mutant write ROOT FOLDER FILE  writes only the changed sources, below FOLDER
//
// After a change here run: ci/test -L mutants
#include <algorithm>
#include <cctype>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw std::runtime_error("cannot read " + file.string());
    return text;
}

struct change {
    std::string file;         // relative to the root
    std::string before = {};  // the lines that start with a space or a minus
    std::string after = {};   // the lines that start with a space or a plus
    int line = 0;             // of its heading
};

struct mutant {
    std::string base = {};  // the name of the mutant whose changes come first
    std::vector<change> changes = {};
};

[[noreturn]] void refuse(const fs::path& file, int line, const std::string& why) {
    throw std::runtime_error(file.string() + ":" + std::to_string(line) + ": " + why);
}

mutant parse(const fs::path& file) {
    mutant read_so_far;
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        auto& changes = read_so_far.changes;
        if (line.starts_with("@@ ")) {
            changes.push_back({.file = line.substr(3), .line = number});
        } else if (changes.empty()) {
            if (line.empty() || line.starts_with("# ")) continue;
            const auto colon = line.find(": ");
            if (colon == std::string::npos) refuse(file, number, "expected '# text', 'key: value' or '@@ file'");
            if (line.starts_with("base: ")) read_so_far.base = line.substr(6);
        } else {
            const char mark = line.empty() ? ' ' : line[0];
            if (mark != ' ' && mark != '-' && mark != '+')
                refuse(file, number, "expected a line that starts with ' ', '-' or '+'");
            const auto text = line.empty() ? line : line.substr(1);
            if (mark != '+') changes.back().before += text + '\n';
            if (mark != '-') changes.back().after += text + '\n';
        }
    }
    if (read_so_far.changes.empty()) refuse(file, 1, "changes nothing: there is no line '@@ file'");
    return read_so_far;
}

/// A text without white space, with the original position of each character. So a source can be reformatted without
/// changes of its mutants.
struct squeezed {
    std::string text = {};
    std::vector<std::size_t> at = {};

    explicit squeezed(std::string_view from) {
        for (std::size_t i = 0; i < from.size(); ++i) {
            if (std::isspace(static_cast<unsigned char>(from[i]))) continue;
            text += from[i];
            at.push_back(i);
        }
    }
};

std::string without_last_newline(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

using sources = std::map<std::string, std::string>;  // by their paths, relative to the root

void apply(const fs::path& root, const fs::path& file, sources& changed) {
    const mutant m = parse(file);
    if (!m.base.empty()) apply(root, file.parent_path() / (m.base + ".mutant"), changed);
    for (const auto& c : m.changes) {
        if (!changed.contains(c.file)) {
            if (!fs::is_regular_file(root / c.file)) refuse(file, c.line, "there is no file " + c.file);
            changed[c.file] = read(root / c.file);
        }
        std::string& source = changed[c.file];
        const squeezed in(source);
        const squeezed what(c.before);
        if (what.text.empty())
            refuse(file, c.line, "there is no line that starts with ' ' or '-': where is the change?");
        const auto found = in.text.find(what.text);
        if (found == std::string::npos)
            refuse(file, c.line, c.file + " does not contain this text (any more):\n" + c.before);
        if (in.text.find(what.text, found + 1) != std::string::npos) {
            refuse(file, c.line, c.file + " contains this text more than once:\n" + c.before);
        }
        const auto first = in.at[found];
        const auto end = in.at[found + what.text.size() - 1] + 1;
        const auto after = without_last_newline(c.after);
        if (source.compare(first, end - first, after) == 0) refuse(file, c.line, "changes nothing");
        source.replace(first, end - first, after);
    }
}

void write(const fs::path& root, const fs::path& folder, const fs::path& file) {
    sources changed;
    apply(root, file, changed);
    for (const auto& [path, text] : changed) {
        fs::create_directories((folder / path).parent_path());
        std::ofstream out(folder / path, std::ios::binary);
        if (!(out << text).flush()) throw std::runtime_error("cannot write " + (folder / path).string());
    }
}

/// Two mutants of a kind that are the same source would be one.
int check(const fs::path& root, std::span<char*> files) {
    std::size_t bad = 0;
    std::map<std::pair<fs::path, sources>, std::string> made;  // by kind and source
    for (const char* const file : files) {
        try {
            sources changed;
            apply(root, file, changed);
            const auto [same, is_new] = made.try_emplace({fs::path(file).parent_path(), std::move(changed)}, file);
            if (!is_new) refuse(file, 1, "is the same as " + same->second);
        } catch (const std::exception& error) {
            std::cerr << error.what() << '\n';
            ++bad;
        }
    }
    std::cout << files.size() << " mutants, " << bad << " that cannot be made\n";
    return bad == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    const std::string_view command = arguments.size() > 1 ? arguments[1] : "";
    try {
        if (command == "check" && arguments.size() > 3) return check(arguments[2], arguments.subspan(3));
        if (command == "write" && arguments.size() == 5) {
            write(arguments[2], arguments[3], arguments[4]);
            return 0;
        }
        std::cerr << "usage: tailrace-mutant check ROOT FILE... | tailrace-mutant write ROOT FOLDER FILE\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "tailrace-mutant: " << error.what() << '\n';
        return 2;
    }
}
