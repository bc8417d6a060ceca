// A channel of the target and the specification, which take the same steps: what the engine `sequential` compares.
// After a change here run: ci/test -L proptests -R 'sequential|shrink'
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/performance.hpp"
#include "engine/sequential.hpp"
#include "tailrace/model/player.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// A channel of the target, and the specification beside it.
class pair_of_channels {
  public:
    pair_of_channels(const target& t, std::uint64_t capacity, bool reacts)
        : target_(t), specification_(capacity), reacts_(reacts) {}
    pair_of_channels(const pair_of_channels&) = delete;
    pair_of_channels& operator=(const pair_of_channels&) = delete;
    ~pair_of_channels() {
        if (session_ && difference_) abandon(std::move(session_));
    }

    /// The program, and the specification in it: it is the one that takes the steps first.
    [[nodiscard]] model::player& specification() { return specification_; }
    [[nodiscard]] const model::player& specification() const { return specification_; }
    [[nodiscard]] const std::optional<line_difference>& difference() const { return difference_; }
    /// Before the first call: the steps that will be taken.
    void foresee(std::vector<model::step> steps) { foreseen_ = std::move(steps); }
    [[nodiscard]] std::uint64_t conservation_checks() const { return conservation_checks_; }
    /// The outermost call that the target has not taken yet, with its reactions.
    [[nodiscard]] std::span<const model::line> call() const { return std::span(specification_.lines()).subspan(done_); }
    /// Of the target, if it can tell.
    [[nodiscard]] const std::optional<verify::storage>& storage() const { return storage_; }

    /// Of the target so far, if it counts them.
    [[nodiscard]] std::optional<form_counts> forms() const {
        return session_ ? session_->observe_forms() : std::nullopt;
    }

    /// The target takes that call, which has ended in the specification. False if anything differs: no more steps
    /// after that.
    [[nodiscard]] bool agree();

    /// After a call in which they did not agree.
    [[nodiscard]] parting parted(std::string before) const;

  private:
    void check_conservation();
    /// The clause channel.idle-storage.
    void check_storage();
    /// In the call as a whole.
    void differ(const model::outcome& expected, aspect what, std::vector<std::string> notes);

    const target& target_;
    model::player specification_;
    bool reacts_;
    std::vector<model::step> foreseen_;
    std::size_t done_ = 0;  // lines that the target has taken
    std::unique_ptr<session> session_;
    std::optional<line_difference> difference_;
    std::uint64_t conservation_checks_ = 0;
    std::optional<verify::storage> storage_;
    std::uint64_t counted_at_ = 0;  // the number of the next message
    unsigned times_idle_ = 0;       // since it is that
    bool was_idle_ = true;
};

}  // namespace tailrace::verify
