// The report of a campaign: failures, the table of clauses, the summary, and the same as files.
//
// Everything here is a pure function of what the engines found and of the record of the run. Plain ASCII, 100 columns;
// a failure takes at most 40 lines. After a change here run: ci/test -L proptests
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "campaign/campaign.hpp"

namespace tailrace::verify {

/// Per clause its verdict on each target, and the evidence. If all clauses were asked for, those that were tested on no
/// target are counted below, by what is lacking.
[[nodiscard]] std::string to_table(const campaign& c);

/// One line for each engine and target, and what was skipped; at the end when it ran, and on what.
[[nodiscard]] std::string to_summary(const campaign& c);

/// Everything: the failures (the first five of each engine and target in full), the table, the
/// summary.
[[nodiscard]] std::string to_text(const campaign& c);

/// One self-contained page, below 2 MB: what is larger is cut, and the page says so. It links to
/// the files of failures beside it.
[[nodiscard]] std::string to_html(const campaign& c);

/// For CI servers: a suite for each engine and target, a case for each clause, and one for each failure that breaks
/// none by name.
[[nodiscard]] std::string to_junit(const campaign& c);

/// Does the failure have files of its own?
[[nodiscard]] bool has_files(const failure& f);
/// Their name, without ending, of failure number `number` of those that have any, from 1.
[[nodiscard]] std::string files_of(std::size_t number);

/// What a place is for, as a refusal says it.
inline constexpr std::string_view to_report = "write the report to";

/// Throws std::runtime_error, one line that begins with the path, if it cannot; what there was room for is kept.
void write_file(const std::string& path, std::string_view text, std::string_view purpose = to_report);
/// The same; it is written beside its place and moved there, so that nothing ever reads a part of it.
void replace_file(const std::string& path, std::string_view text, std::string_view purpose);
/// Throws std::runtime_error, one line that begins with the path and says that `what` was expected.
[[nodiscard]] std::string read_file(const std::string& path, std::string_view what);
/// Makes it if there is none. Throws as write_file does.
void make_folder(const std::string& folder, std::string_view purpose);
/// Makes the folder, and removes from it what an earlier report left. Throws std::runtime_error if
/// it cannot be written to.
void prepare_folder(const std::string& folder);
/// Writes report.html, report.json, junit.xml, summary.txt, and each counterexample in all its
/// forms, as difference-N with their endings. Throws std::runtime_error, after the others have been written, if one
/// cannot be.
void write_files(const campaign& c, const std::string& folder);

}  // namespace tailrace::verify
