// The goals of storage.
// After a change here run: ci/test -L proptests -R 'reach|sequential'
#include "coverage/reach_storage.hpp"

#include <string_view>

#include "program/generator.hpp"

namespace tailrace::verify {

/// Less than half of what was measured over 2,000 programs of seed 1, on `optimized` with its geometries.
struct storage_watch::goal {
    std::string_view what;
    std::uint64_t per_10000;
    bool (*met)(const storage_watch& w, const storage& now, std::size_t buffered);
};

const std::array<storage_watch::goal, 4> storage_watch::goals{
    goal{"the numbers of the messages wrap around", 1300,
         [](const storage_watch&, const storage& now, std::size_t) { return now.next < now.first; }},
    goal{"a message fills a block, and nothing of it is received", 600,
         [](const storage_watch& w, const storage& now, std::size_t buffered) {
             return now.next != w.before_.next && now.next % now.block_slots == 0 && buffered >= now.block_slots;
         }},
    goal{"a block is used again", 500,
         [](const storage_watch& w, const storage& now, std::size_t) {
             const std::uint64_t used = now.first % now.block_slots + static_cast<std::uint32_t>(now.next - now.first);
             return used > w.allocated_ * now.block_slots;
         }},
    goal{"the storage grows to its limit, and is given back", 500,
         [](const storage_watch& w, const storage& now, std::size_t) {
             return w.grown_ && now.blocks <= now.kept_blocks && now.kept_blocks < now.most_blocks;
         }},
};

void storage_watch::begin_program() {
    ++programs_;
    reached_ = {};
    before_ = {};
    allocated_ = 0;
    grown_ = false;
}

void storage_watch::note(const storage& now, std::size_t buffered) {
    if (now.blocks > before_.blocks) allocated_ += now.blocks - before_.blocks;
    grown_ = grown_ || now.blocks == now.most_blocks;
    for (std::size_t i = 0; i < goals.size(); ++i) {
        if (reached_[i] || !goals[i].met(*this, now, buffered)) continue;
        reached_[i] = true;
        ++count_[i];
    }
    before_ = now;
}

std::vector<reach> storage_watch::judge(std::size_t max_length) const {
    std::vector<reach> all;
    for (std::size_t i = 0; i < goals.size(); ++i) {
        reach r{goals[i].what,
                count_[i],
                0,
                reach_verdict::unknown,
                programs_,
                goals[i].per_10000,
                max_length >= usual_length};
        add_to(r, {});
        all.push_back(r);
    }
    return all;
}

}  // namespace tailrace::verify
