// A recording: what one run has measured, as it is kept. A file of JSON lines, in this order and each with one key:
//     {"run": {...}}            machine, commit, settings, as text
//     {"contestant": {...}}     name, role, what it is, version; "absent" says why it is not here
//     {"row": {...}}            what is compared, and which contestants have no such form
//     {"round": {...}}          one round of a row: [contestant, count, amount] in the order in which they ran
//     {"failure": {...}}        a contestant that did not return a right result
//     {"end": {...}}            missing if the run was ended before
// Everything else (table, page) is a function of it: report. After a change here run: ci/test -L bench
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

struct bad_input : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class role : unsigned char {
    ours,       // tailrace, in any form
    peer,       // ratios are to these
    reference,  // never the best
    floor,      // what the machine itself costs
};

struct contestant_entry {
    std::string name;
    bench::role role = role::peer;
    std::string about;
    std::string version;
    std::string absent;  // empty if it is here
};

struct row {
    std::string id;
    std::string title;
    std::string group;  // rows with one heading
    std::string unit;   // "ns", "bytes"
    std::string series;
    double x = 0;  // its place in the series
    std::string priority;
    std::vector<std::string> contestants;  // that it asked for, by their order in the run
    std::vector<std::string> without;      // of these, those that have no such form
};

struct sample {
    std::string contestant;
    std::uint64_t count = 0;
    std::uint64_t amount = 0;

    [[nodiscard]] double each() const { return static_cast<double>(amount) / static_cast<double>(count); }
};

struct round_entry {
    std::string row;
    std::uint64_t number = 0;
    std::vector<sample> samples;
};

struct failure_entry {
    std::string row;
    std::string contestant;
    std::string what;
};

struct recording {
    std::map<std::string, std::string> run;
    std::vector<contestant_entry> contestants;
    std::vector<row> rows;
    std::vector<round_entry> rounds;
    std::vector<failure_entry> failures;
    std::map<std::string, std::string> end;  // empty: the run was ended before

    [[nodiscard]] const contestant_entry* find(const std::string& contestant) const;
};

/// Throws bad_input with `name`, the line, and what is wrong there.
[[nodiscard]] recording read_recording(std::istream& in, const std::string& name);

/// One line each, so that what was measured is kept if the run is ended.
[[nodiscard]] std::string run_line(const std::map<std::string, std::string>& run);
[[nodiscard]] std::string end_line(const std::map<std::string, std::string>& end);
[[nodiscard]] std::string line_of(const contestant_entry& c);
[[nodiscard]] std::string line_of(const row& r);
[[nodiscard]] std::string line_of(const round_entry& r);
[[nodiscard]] std::string line_of(const failure_entry& f);

}  // namespace bench
