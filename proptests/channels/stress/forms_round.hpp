// A round of every form: a fresh channel between a receiver and its senders, each a coroutine or a thread.
//
// The check after it: every value has ended exactly once and in agreement with the result of its send, the values of
// one sender arrived in order, and all capacity is available. A Kit is a channel: `open(capacity)`.
// After a change here run: ci/test -L stress
#pragma once

#include <fmt/core.h>

#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "forms_receiving.hpp"
#include "forms_sending.hpp"
#include "tailrace/detail/inspection.hpp"

namespace tailrace::verify::stress {

template <class Kit>
class forms_round {
    using ends = decltype(Kit::open(1));
    using sender = typename ends::first_type;
    using receiver = typename ends::second_type;

  public:
    /// `watched`: a weak sender is kept, for state().
    forms_round(world& w, const plan& p, const effort& e, bool watched = false)
        : forms_round(w, p, e, watched, Kit::open(p.capacity)) {}

    void run() {
        random_engine random(plan_.seed);
        outstanding senders;
        outstanding taker;
        std::vector<std::jthread> threads;
        const auto start = [&](outstanding& count, auto& who, unsigned form) {
            if constexpr (has_every_form<sender>) {
                if (form == 0) return (void)who.run(count, who, here{});
                if (form == 1) return (void)who.run(count, who, on_the_pool{});
            }
            count.add();
            threads.emplace_back([&count, &who, seed = random.next() | 1] {
                noise_state = seed;
                who.run();
                count.done();
            });
        };
        const unsigned receiver_form = random.below(3);
        const bool receiver_first = random.one_in(2);
        if (receiver_first) start(taker, rx_, receiver_form);
        unsigned on_threads = 0;
        for (auto& s : crew_) {
            unsigned form = random.below(3);
            if (form == 2 && ++on_threads > 2) form = 1;
            start(senders, s, form);
        }
        if (!receiver_first) start(taker, rx_, receiver_form);
        senders.wait();
        if (!taker.idle()) kept_.reset();  // else it might wait for ever
        taker.wait();
    }

    /// After it has run.
    [[nodiscard]] std::optional<std::string> mistake() const {
        if (rx_.mistake()) return rx_.mistake();
        std::uint64_t received = 0;
        for (const auto& s : crew_) {
            if (s.mistake()) return s.mistake();
            if (auto what = s.book.mistake(plan_.end == ending::drop)) return what;
            received += s.book.ended(fate::received);
        }
        if (received != rx_.counted().received)
            return fmt::format("{} values were received, and the receiver has {}", received, rx_.counted().received);
        if (kept_ && kept_->capacity() != plan_.capacity)
            return fmt::format("capacity {} of {} at the end", kept_->capacity(), plan_.capacity);
        return std::nullopt;
    }
    [[nodiscard]] counts counted() const {
        counts all = rx_.counted();
        for (const auto& s : crew_) all.add(s.counted());
        return all;
    }
    /// How many values there were, and how many of them ended so.
    [[nodiscard]] std::uint64_t made() const {
        std::uint64_t n = 0;
        for (const auto& s : crew_) n += s.book.made();
        return n;
    }
    [[nodiscard]] std::uint64_t ended(fate how) const {
        std::uint64_t n = 0;
        for (const auto& s : crew_) n += s.book.ended(how);
        return n;
    }

    /// While it runs: grows with every step and every value.
    [[nodiscard]] std::uint64_t moves() const {
        std::uint64_t n = rx_.moves();
        for (const auto& s : crew_) n += s.moves();
        return n;
    }
    /// While it runs: what it is, where each worker is, and the state of the channel.
    [[nodiscard]] std::string state() const {
        std::string text = fmt::format("round {}: {}\n    the receiver: {}, {} moves\n", plan_.round, plan_.text(),
                                       rx_.doing(), rx_.moves());
        for (std::size_t i = 0; i < crew_.size(); ++i)
            text += fmt::format("    sender {}: {}, {} moves\n", i + 1, crew_[i].doing(), crew_[i].moves());
        return text + "    the channel: " + channel_state() + "\n";
    }

  private:
    forms_round(world& w, const plan& p, const effort& e, bool watched, ends channel)
        : plan_(p), effort_(e), rx_(w, plan_, effort_, std::move(channel.second)) {
        const unsigned senders = p.senders + p.listeners * 4;
        for (unsigned i = 1; i <= senders; ++i) crew_.emplace_back(w, plan_, effort_, i, channel.first.clone());
        if (watched) weak_.emplace(channel.first.downgrade());
        sender first = std::move(channel.first);
        if (p.will_close()) kept_.emplace(std::move(first));
    }

    [[nodiscard]] std::string channel_state() const {
        if (!weak_) return "not watched";
        if constexpr (has_every_form<sender>) {
            return detail::inspection::debug_string(detail::inspection::core_of(*weak_)).line;
        } else {
            const auto s = weak_->upgrade();
            return s ? to_string(s->state()) : "no sender is left";
        }
    }

    plan plan_;
    effort effort_;
    receiving<receiver> rx_;
    std::deque<sending<Kit>> crew_;
    std::optional<decltype(std::declval<sender>().downgrade())> weak_;
    std::optional<sender> kept_;
};

}  // namespace tailrace::verify::stress
