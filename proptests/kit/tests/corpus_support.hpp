// Runs that keep what they find, in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/corpus.hpp"
#include "campaign/report.hpp"
#include "model_mutants/mutant_target.hpp"
#include "oracle_support.hpp"

namespace tailrace::verify {

namespace fs = std::filesystem;
using texts = std::vector<std::string>;

inline const engine_entry* engine_of(std::string_view name) {
    return &*std::ranges::find(engines(), name, &engine_entry::name);
}

inline job job_of(std::uint64_t programs, std::uint64_t seed = 1) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = programs;
    j.seed = seed;
    return j;
}

/// A queue with the defect of a mutant of the model; without a name, one that is right.
inline target queue_with(std::string_view mutant_name = {}) {
    target t = *find_target("reference");
    if (!mutant_name.empty()) t.open = mutant_target(*std::ranges::find(mutants(), mutant_name, &mutant::name)).open;
    t.name = "queue";
    t.capabilities = t.capabilities.without(capability::reentrancy);
    return t;
}

/// One that fails in a single smallest program.
inline target queue_that_refuses_to_close() {
    target t = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::close) o.answer.status = model::status::full;
    });
    t.name = "queue";
    return t;
}

class corpus_fixture : public testing::Test {
  protected:
    corpus_fixture() { fs::create_directories(root_); }
    ~corpus_fixture() override { fs::remove_all(root_); }

    std::string folder() const { return (root_ / "corpus").string(); }

    /// A whole run that keeps what it finds.
    campaign run(const target& t, const job& j, std::string_view engine = "sequential", how_to_run how = {}) {
        corpus kept(folder());
        how.kept = &kept;
        campaign c = run_campaign(j, {engine_of(engine)}, {&used_.emplace_back(t)}, {}, how);
        kept.throw_problem();
        return c;
    }

    texts files(std::string_view below = "") const {
        texts all;
        for (const fs::directory_entry& e : fs::directory_iterator(fs::path(folder()) / below)) {
            if (e.is_regular_file()) all.push_back(e.path().string());
        }
        std::ranges::sort(all);
        return all;
    }
    engine_state state() const {
        const texts all = files("state");
        EXPECT_EQ(all.size(), 1U);
        return state_from_json(read_file(all.front(), "a state"), all.front());
    }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((fs::path(folder()) / name).parent_path());
        write_file((fs::path(folder()) / name).string(), text);
    }
    /// Why the folder cannot be used, without the path of the folder; "none" if it can.
    std::string refusal() const {
        try {
            corpus kept(folder());
        } catch (const std::runtime_error& e) {
            std::string why = e.what();
            while (why.find(root_.string()) != why.npos) why.erase(why.find(root_.string()), root_.string().size() + 1);
            return why;
        }
        return "none";
    }

    std::deque<target> used_;  // reports refer to them
    fs::path root_ = fs::temp_directory_path() / ("tailrace-corpus-" + std::to_string(getpid()));
};

}  // namespace tailrace::verify
