// A corpus: a folder with what lasts from one run to the next.
//
//     DIR/<target>-<engine>-<hash>.failure      a failure: its token, and comments that say what it is
//     DIR/state/<target>-<engine>-<hash>.json   how far an engine has come on a target, and what it has covered since
//
// The names of failures are hashes of their text, so folders that two machines have added to can be put together file
// by file. Every file is written beside its place and moved there.
// After a change here run: ci/test -L proptests -R corpus && ci/test -R fuzz.corpus
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/campaign.hpp"
#include "report/token.hpp"

namespace tailrace::verify {

/// A file of the corpus.
struct kept_failure {
    std::string file;  // its path, as messages and reports name it
    token again;
};

/// The token in the text of a file, which may have comments and empty lines besides. Throws std::runtime_error, one
/// line that begins with the file and the line.
[[nodiscard]] token read_failure(std::string_view text, std::string_view file);

/// How far an engine has come on a target, in a shard.
struct engine_state {
    std::string engine;
    std::string target;
    std::string shard;                                                     // "1/1"
    std::uint64_t programs = 0;                                            // that were run since the corpus began
    std::map<std::string, std::uint64_t> next;                             // the program to go on with, by numbering
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> goals;  // reached, of so many
};

[[nodiscard]] std::string to_json(const engine_state& s);
/// Throws json_error, one line that begins with the file.
[[nodiscard]] engine_state state_from_json(std::string_view text, std::string_view file);

class corpus {
  public:
    /// Makes the folder if there is none, and reads everything in it. Throws std::runtime_error, one line that begins
    /// with the file, for what is not of a corpus, and if it cannot be written to; nothing is changed then.
    explicit corpus(std::string folder);

    [[nodiscard]] const std::vector<kept_failure>& failures() const { return failures_; }

    /// The program that the engine goes on with on the target.
    [[nodiscard]] std::uint64_t next(const engine_entry& e, const target& t, const job& j, const shard& s) const;
    /// After the engine has run: adds the failures that the corpus does not have, what was covered, and the program to
    /// go on with; `r` gets what was covered since the corpus began. What cannot be written is kept for
    /// `throw_problem`.
    void keep(engine_report& r, const engine_entry& e, const target& t, const job& j, const shard& s);

    /// Throws std::runtime_error, one line that begins with the file, if something could not be written.
    void throw_problem() const;

  private:
    void add(const failure& f);
    void write(const std::string& path, std::string_view text);

    std::string folder_;
    std::vector<kept_failure> failures_;
    std::map<std::string, engine_state> states_;  // by path
    std::string problem_;
};

}  // namespace tailrace::verify
