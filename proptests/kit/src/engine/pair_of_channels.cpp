// The comparison of a channel with the specification, after each outermost call.
// After a change here run: ci/test -L proptests -R 'sequential|shrink'
#include "engine/pair_of_channels.hpp"

#include <fmt/format.h>

#include <exception>

namespace tailrace::verify {

bool pair_of_channels::agree() {
    try {
        if (!session_) {
            session_ = target_.open(specification_.state().max);
            session_->expect_reactions(reacts_);
            if (!foreseen_.empty()) session_->foresee(foreseen_);
        }
        difference_ = perform(*session_, call(), target_.capabilities);
        if (!difference_) check_conservation();
        if (!difference_) check_storage();
    } catch (...) {
        thrown_in_place t = what_was_thrown();
        differ(call().front().expected, t.differs, std::move(t.notes));
    }
    if (difference_) {
        difference_->at += done_;
        difference_->last += done_;
    }
    done_ = specification_.lines().size();
    return !difference_;
}

parting pair_of_channels::parted(std::string before) const {
    parting p{difference_->at,
              difference_->expected,
              difference_->got,
              difference_->differs,
              difference_->notes,
              std::move(before),
              model::to_string(specification_.state()),
              {}};
    try {
        if (session_) p.state = session_->describe();
    } catch (const std::exception& e) {
        p.state = fmt::format("cannot describe itself: {}", e.what());
    }
    return p;
}

void pair_of_channels::check_conservation() {
    const std::optional<std::uint64_t> free = session_->observe_capacity();
    if (!free) return;
    ++conservation_checks_;
    const model::machine& m = specification_.state();
    const std::uint64_t sum = *free + m.buffer.size() + m.outstanding() + m.held();
    if (sum == m.max) return;
    differ(call().front().expected, aspect::conservation,
           {fmt::format("{} free + {} buffered + {} out + {} held = {}, not {}", *free, m.buffer.size(),
                        m.outstanding(), m.held(), sum, m.max)});
    difference_->got = difference_->expected;
}

void pair_of_channels::check_storage() {
    storage_ = session_->observe_storage();
    if (!storage_) return;
    const model::machine& m = specification_.state();
    const bool idle = !m.closed && m.available == m.max;
    if (storage_->next != counted_at_) times_idle_ = 0;
    counted_at_ = storage_->next;
    if (idle && !was_idle_) ++times_idle_;
    if (call().size() > 1) times_idle_ += static_cast<unsigned>(call().size());  // at most, inside of it
    was_idle_ = idle;
    constexpr unsigned most_without_message = 15;
    if (!idle || times_idle_ > most_without_message || storage_->blocks <= storage_->kept_blocks) return;
    differ(call().front().expected, aspect::storage,
           {fmt::format("it keeps {} blocks, and may keep {}", storage_->blocks, storage_->kept_blocks)});
    difference_->got = difference_->expected;
}

void pair_of_channels::differ(const model::outcome& expected, aspect what, std::vector<std::string> notes) {
    difference_ = line_difference{0, call().size() - 1, expected, std::nullopt, {what}, std::move(notes)};
}

}  // namespace tailrace::verify
