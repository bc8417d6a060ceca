// What a recording says: medians, spreads, ratios, and whether targets are met.
//
// A ratio is taken between samples of one round, which ran one after the other, and the median of these ratios counts.
// The best of a row is the peer with the smallest median. After a change here run: ci/test -L bench
#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compare/recording.hpp"

namespace bench {

/// One line of targets.json, for each of its contestants.
struct target {
    std::string rows;  // a regular expression for the whole id, or
    std::string series;
    std::string contestant;
    /// "best" or a peer: the ratio to it counts. Empty: the value itself, or in a series the largest by the smallest.
    std::string to;
    double at_most = 0;
};

/// Throws bad_input with `name` and what is wrong there.
[[nodiscard]] std::vector<target> read_targets(std::istream& in, const std::string& name);

struct spread {
    double least = 0, median = 0, most = 0;
};

enum class standing : unsigned char {
    measured,
    failed,   // `why` says how
    absent,   // not on this machine: `why`
    without,  // it has no such form
};

struct figure {
    std::string contestant;
    bench::role role = role::peer;
    bench::standing standing = standing::measured;
    std::string why;
    spread each;
    std::optional<double> to_tokio, to_best;
};

enum class outcome : unsigned char { met, missed, open };

struct verdict {
    std::string where;  // a row, or a series
    bench::target target;
    bench::outcome outcome = outcome::open;
    double measured = 0;
    std::string against;  // who the best was
    std::string why;      // open
};

struct judged_row {
    const bench::row* row = nullptr;
    std::string best;               // empty: no peer was measured
    std::vector<figure> figures;    // measured ones first, by median
    std::optional<figure> line;     // the cache line beside it
    std::vector<verdict> verdicts;  // of this row
};

struct judgement {
    std::vector<judged_row> rows;
    std::vector<verdict> of_series;

    [[nodiscard]] std::vector<const verdict*> all(outcome o) const;
};

[[nodiscard]] spread spread_of(std::vector<double> values);
[[nodiscard]] judgement judge(const recording& r, const std::vector<target>& targets);

/// "ratio to tokio at most 0.45"; and what was measured: "0.59 of tokio".
[[nodiscard]] std::string text_of(const target& t);
[[nodiscard]] std::string text_of(outcome o);

}  // namespace bench
