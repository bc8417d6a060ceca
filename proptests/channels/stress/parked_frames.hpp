// Coroutines that are destroyed while they wait, on a channel of this thread alone: while another thread may resume a
// coroutine its frame must not be destroyed.
// After a change here run: ci/test -L stress
#pragma once

#include <fmt/core.h>

#include <coroutine>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forms_worker.hpp"
#include "ledger.hpp"

namespace tailrace::verify::stress {

/// A coroutine that starts at once, and whose frame its owner destroys.
class frame {
  public:
    struct promise_type {
        frame get_return_object() noexcept { return frame(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
    };
    frame(frame&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    frame& operator=(frame&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~frame() {
        if (handle_) handle_.destroy();
    }
    [[nodiscard]] bool waits() const { return !handle_.done(); }

  private:
    explicit frame(std::coroutine_handle<promise_type> h) : handle_(h) {}
    std::coroutine_handle<promise_type> handle_;
};

/// Parks coroutines in every operation and destroys them at random moments.
template <class Sender, class Receiver>
class parked_frames {
    using value_type = typename Sender::value_type;

  public:
    parked_frames(random_engine& random, counts& c, std::pair<Sender, Receiver> channel)
        : random_(random),
          counts_(c),
          tx_(std::move(channel.first)),
          rx_(std::move(channel.second)),
          capacity_(tx_.max_capacity()) {}

    /// The first mistake.
    [[nodiscard]] std::optional<std::string> run() {
        for (unsigned steps = 4 + random_.below(12); steps != 0; --steps) {
            if (random_.one_in(3)) {
                destroy_one();
            } else {
                park_one();
            }
        }
        while (!frames_.empty()) destroy_one();
        receiving_.reset();
        while (auto v = rx_.try_recv()) v->end(fate::received);
        if (tx_.capacity() != capacity_) {
            return fmt::format("capacity {} of {} after its waiting coroutines were destroyed", tx_.capacity(),
                               capacity_);
        }
        for (const ledger& b : books_) {
            if (auto what = b.mistake(false)) return what;
        }
        return std::nullopt;
    }

  private:
    struct entry {
        frame coroutine;
        ledger* book;  // of what it sends
    };

    static frame send(Sender tx, ledger& book) {
        auto r = co_await tx.send(value_type(book.make()));
        if (!r) r.error().value.end(fate::handed_back);
        book.note(r ? send_result::sent : send_result::handed_back);
    }
    static frame reserve(Sender tx) { (void)co_await tx.reserve(); }
    static frame reserve_many(Sender tx, std::uint64_t n) { (void)co_await tx.reserve_many(n); }
    static frame reserve_owned(Sender tx) { (void)co_await std::move(tx).reserve_owned(); }
    static frame closed(Sender tx) { (void)co_await tx.closed(); }
    static frame receive(Receiver& rx) {
        auto v = co_await rx.recv();
        if (v) v->end(fate::received);
    }

    void park_one() {
        switch (random_.below(7)) {
            case 0:
            case 1: {
                ledger& book = books_.emplace_back(0);
                frames_.push_back({send(tx_, book), &book});
                break;
            }
            case 2: frames_.push_back({reserve(tx_), nullptr}); break;
            case 3:
                frames_.push_back({reserve_many(tx_, 1 + random_.below(static_cast<unsigned>(capacity_))), nullptr});
                break;
            case 4: frames_.push_back({reserve_owned(tx_), nullptr}); break;
            case 5: frames_.push_back({closed(tx_), nullptr}); break;
            default:
                receiving_.reset();  // one at a time
                receiving_.emplace(receive(rx_));
        }
    }
    void destroy_one() {
        if (frames_.empty()) return receiving_.reset();
        std::swap(frames_[random_.below(static_cast<unsigned>(frames_.size()))], frames_.back());
        const bool waits = frames_.back().coroutine.waits();
        ledger* const book = frames_.back().book;
        frames_.pop_back();
        if (!waits) return;
        ++counts_.framed;
        if (book != nullptr) book->note(send_result::cancelled);
    }

    random_engine& random_;
    counts& counts_;
    Sender tx_;
    Receiver rx_;
    std::uint64_t capacity_;
    std::deque<ledger> books_;
    std::vector<entry> frames_;
    std::optional<frame> receiving_;
};

}  // namespace tailrace::verify::stress
