// A channel whose handles are used by several threads at once, each step as a call: what a target with tasks needs.
// After a change here run: ci/test -L proptests -R 'exec|check_target'
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tailrace/errors.hpp"
#include "tailrace/verify/detail/noise.hpp"
#include "tailrace/verify/tracked.hpp"

namespace tailrace::verify::spoken {

/// The values that the steps of this thread have destroyed.
struct ends final : session_events {
    void woken(std::uint32_t) noexcept override {}
    void destroyed(model::value_id v) noexcept override { here.push_back(v); }
    static inline thread_local std::vector<model::value_id> here;
};
inline ends all_ends;

class any_shared_channel {
  public:
    any_shared_channel() = default;
    any_shared_channel(const any_shared_channel&) = delete;
    any_shared_channel& operator=(const any_shared_channel&) = delete;
    virtual ~any_shared_channel() = default;
    virtual model::outcome take(const model::step& s) = 0;
};

template <class Sender, class Receiver>
class shared_channel final : public any_shared_channel {
  public:
    explicit shared_channel(std::pair<Sender, Receiver> both)
        : receiver_(std::make_shared<Receiver>(std::move(both.second))) {
        senders_.emplace(0, std::make_shared<Sender>(std::move(both.first)));
    }

    model::outcome take(const model::step& s) override {
        const noisy_call around(true);
        ends::here.clear();
        model::outcome o;
        if (s.what != model::verb::advance) o.answer = act(s);
        o.destroyed = ends::here;
        return o;
    }

  private:
    using status = model::status;
    using verb = model::verb;

    model::answer act(const model::step& s) {
        if (s.subject.kind == model::handle_kind::receiver) return on_receiver(s.what);
        std::unique_lock lock(mutex_);
        std::shared_ptr<Sender> tx = senders_.at(s.subject.number);
        if (s.what == verb::drop) senders_.erase(s.subject.number);
        lock.unlock();
        return on_sender(*tx, s);
    }

    model::answer on_sender(Sender& tx, const model::step& s) {
        switch (s.what) {
            case verb::drop: return {};
            case verb::send: {
                auto result = tx.blocking_send(tracked(s.value, all_ends));
                return result ? model::answer() : model::answer_with(status::closed, result.error().value.accept());
            }
            case verb::try_send: {
                auto result = tx.try_send(tracked(s.value, all_ends));
                if (result) return {};
                const bool full = result.error().reason == try_error::full;
                return model::answer_with(full ? status::full : status::closed, result.error().value.accept());
            }
            case verb::clone:
                if constexpr (requires { tx.clone(); }) {
                    auto made = std::make_shared<Sender>(tx.clone());
                    const std::lock_guard lock(mutex_);
                    senders_.emplace(next_, std::move(made));
                    return model::made_answer({model::handle_kind::sender, next_++});
                }
                break;
            case verb::is_closed:
                if constexpr (requires { tx.is_closed(); }) return model::boolean_answer(tx.is_closed());
                break;
            default: break;
        }
        throw std::logic_error("a step beyond the capabilities");
    }

    model::answer on_receiver(verb what) {
        const std::shared_ptr<Receiver> rx = what == verb::drop ? std::move(receiver_) : receiver_;
        switch (what) {
            case verb::drop: return {};
            case verb::recv: {
                auto value = rx->blocking_recv();
                return value ? model::answer_with(status::some, value->accept()) : model::answer_of(status::none);
            }
            case verb::try_recv: {
                auto result = rx->try_recv();
                if (result) return model::answer_with(status::some, result->accept());
                const bool empty = result.error() == try_recv_error::empty;
                return model::answer_of(empty ? status::empty : status::disconnected);
            }
            case verb::close:
                if constexpr (requires { rx->close(); }) rx->close();
                return {};
            default: throw std::logic_error("a step beyond the capabilities");
        }
    }

    std::mutex mutex_;  // of the names
    std::map<std::uint32_t, std::shared_ptr<Sender>> senders_;
    std::uint32_t next_ = 1;
    std::shared_ptr<Receiver> receiver_;
};

template <class Sender, class Receiver>
std::unique_ptr<any_shared_channel> share(std::pair<Sender, Receiver> both) {
    return std::make_unique<shared_channel<Sender, Receiver>>(std::move(both));
}

}  // namespace tailrace::verify::spoken
