// The failures of a run, one for each thing that may be at fault: the smallest.
// After a change here run: ci/test -L proptests -R 'sequential|exhaustive'
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/sequential.hpp"

namespace tailrace::verify {

class findings {
  public:
    [[nodiscard]] std::size_t size() const { return found_.size(); }

    /// `at_fault` is in ascending order. A failure is no finding of its own if another one may be due to nothing but
    /// some of the same.
    void add(std::vector<std::string> at_fault, sequential_failure&& f) {
        finding fresh{std::move(at_fault), {}};
        const auto explains = [](const finding& one, const finding& other) {
            return std::ranges::includes(other.at_fault, one.at_fault);
        };
        for (finding& known : found_) {
            if (!explains(known, fresh)) continue;
            if (explains(fresh, known) && size_of(f) < size_of(known.smallest)) known.smallest = std::move(f);
            return;
        }
        std::erase_if(found_, [&](const finding& known) { return explains(fresh, known); });
        fresh.smallest = std::move(f);
        found_.push_back(std::move(fresh));
    }

    [[nodiscard]] std::vector<sequential_failure> all() && {
        std::vector<sequential_failure> each;
        for (finding& one : found_) each.push_back(std::move(one.smallest));
        return each;
    }

  private:
    struct finding {
        std::vector<std::string> at_fault;
        sequential_failure smallest;
    };

    static std::pair<std::size_t, std::uint64_t> size_of(const sequential_failure& f) {
        return {f.trace.lines.size(), f.trace.capacity};
    }

    std::vector<finding> found_;
};

}  // namespace tailrace::verify
