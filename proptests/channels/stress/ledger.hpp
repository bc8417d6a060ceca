// The fate of every value: each has to end exactly once, and in the way that the operation which carried it answered.
//
// The value counts its own end; the worker that made it notes the answer of its send.
// After a change here run: ci/test -L stress
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace tailrace::verify::stress {

/// How a value ends, as a count in a number of its own.
enum class fate : std::uint32_t { received = 1, handed_back = 1U << 10, destroyed = 1U << 20 };

/// What the send of a value answered.
enum class send_result : unsigned char {
    nothing,
    sent,  // it will be received, if the receiver goes on receiving
    handed_back,
    cancelled  // it will never be received
};

struct entry {
    std::atomic<std::uint32_t> ends{0};  // a sum of fates
    send_result result = send_result::nothing;
};

/// Move-only. Destroyed as it is, it was destroyed by the channel.
class value {
  public:
    value(entry& e, unsigned sender, unsigned number, bool farewell) noexcept
        : entry_(&e), sender_(sender), number_(number), farewell_(farewell) {}
    value(value&& other) noexcept
        : entry_(std::exchange(other.entry_, nullptr)),
          sender_(other.sender_),
          number_(other.number_),
          farewell_(other.farewell_) {}
    value& operator=(value&&) = delete;
    ~value() { end(fate::destroyed); }

    void end(fate how) noexcept {
        // relaxed: read after the round.
        if (entry_ != nullptr) {
            std::exchange(entry_, nullptr)->ends.fetch_add(static_cast<std::uint32_t>(how), std::memory_order_relaxed);
        }
    }
    [[nodiscard]] unsigned sender() const noexcept { return sender_; }
    [[nodiscard]] unsigned number() const noexcept { return number_; }
    [[nodiscard]] bool farewell() const noexcept { return farewell_; }

  private:
    entry* entry_;
    unsigned sender_;
    unsigned number_;
    bool farewell_;  // the sender's last
};

/// The same, but its move may throw, as far as the compiler knows: the channel puts it into a box.
class boxed_value : public value {
  public:
    explicit boxed_value(value&& v) noexcept : value(std::move(v)) {}
    // NOLINTNEXTLINE(performance-noexcept-move-constructor): that is what it is for
    boxed_value(boxed_value&& other) noexcept(false) : value(std::move(other)) {}
};

/// The values of one sender, in the order in which it made them.
class ledger {
  public:
    explicit ledger(unsigned sender) : sender_(sender) {}

    [[nodiscard]] value make(bool farewell = false) {
        const auto number = static_cast<unsigned>(entries_.size());
        return {entries_.emplace_back(), sender_, number, farewell};
    }
    /// What the send of the value made last answered.
    void note(send_result result) { entries_.back().result = result; }

    [[nodiscard]] std::uint64_t made() const { return entries_.size(); }
    /// How many values have ended so.
    [[nodiscard]] std::uint64_t ended(fate how) const {
        std::uint64_t count = 0;
        for (const entry& e : entries_) {
            count += e.ends.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(how) ? 1 : 0;
        }
        return count;
    }
    /// The first mistake. `may_die`: values that were sent need not have been received.
    [[nodiscard]] std::optional<std::string> mistake(bool may_die) const {
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            const std::uint32_t ends = entries_[i].ends.load(std::memory_order_relaxed);
            const auto ended = [ends](fate f) { return ends == static_cast<std::uint32_t>(f); };
            bool right = false;
            switch (entries_[i].result) {
                case send_result::nothing: break;
                case send_result::sent: right = ended(fate::received) || (may_die && ended(fate::destroyed)); break;
                case send_result::handed_back: right = ended(fate::handed_back); break;
                case send_result::cancelled: right = ended(fate::destroyed); break;
            }
            if (right) continue;
            constexpr const char* said[] = {"nothing", "sent", "handed back", "cancelled"};
            constexpr std::uint32_t mask = static_cast<std::uint32_t>(fate::handed_back) - 1;
            return fmt::format(
                "value {} of worker {}: its send answered '{}', and it was {} times received, "
                "{} times handed back, {} times destroyed",
                i, sender_, said[static_cast<int>(entries_[i].result)], ends & mask, ends >> 10 & mask,
                ends >> 20 & mask);
        }
        return std::nullopt;
    }

  private:
    unsigned sender_;
    std::deque<entry> entries_;
};

}  // namespace tailrace::verify::stress
