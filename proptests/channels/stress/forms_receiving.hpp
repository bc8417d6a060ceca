// The receiver of a round of every form: as a coroutine, or on a thread that blocks.
// After a change here run: ci/test -L stress
#pragma once

#include <fmt/core.h>

#include <array>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include "forms_worker.hpp"
#include "ledger.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/stop.hpp"

namespace tailrace::verify::stress {

/// Receives in every way, and ends as the plan says.
template <class Receiver>
class receiving : public forms_worker {
    using value_type = typename Receiver::value_type;

  public:
    receiving(world& w, const plan& p, const effort& e, Receiver rx)
        : forms_worker(w, p, e, 0), rx_(std::move(rx)), left_(p.will_close() ? random_.below(12 * e.burst) : ~0U) {}

    template <class Place>
    static job run(outstanding&, receiving& me, Place) {
        world& w = me.world_;
        while (!me.ends()) {
            switch (me.random_.below(6)) {
                case 0:
                case 1:
                    me.does("recv");
                    for (unsigned n = me.burst(); n != 0; --n) {
                        const bool more = me.take(co_await Place::place(w, me.rx_->recv()));
                        if (!more) break;
                    }
                    break;
                case 2: {
                    me.does("recv, with a deadline");
                    auto r = co_await Place::place(w, with_timeout(me.rx_->recv(), me.timeout(), w.timers));
                    me.judge(r, timeout_error::closed);
                    break;
                }
                case 3: {
                    me.does("recv, with a stop token");
                    std::stop_source s;
                    w.stops.stop_soon(s);
                    auto r = co_await Place::place(w, with_stop(me.rx_->recv(), s.get_token()));
                    me.judge(r, stop_error::closed);
                    break;
                }
                case 4: me.act_without_waiting(); break;
                default: {
                    me.does("recv_many");
                    std::vector<value_type> batch;
                    const std::size_t n = co_await Place::place(w, me.rx_->recv_many(batch, me.limit()));
                    me.take_all(batch, n);
                    break;
                }
            }
        }
        me.leave();
    }

    void run() {
        while (!ends()) {
            switch (random_.below(6)) {
                case 0:
                    does("blocking_recv");
                    for (unsigned n = burst(); n != 0 && take(rx_->blocking_recv()); --n) {
                    }
                    break;
                case 1: {
                    does("blocking_recv_timeout");
                    auto r = rx_->blocking_recv_timeout(timeout());
                    judge(r, timeout_error::closed);
                    break;
                }
                case 2:
                    if constexpr (has_every_form<Receiver>) block_on_one();
                    break;
                case 3: {
                    does("blocking_recv_many");
                    std::vector<value_type> batch;
                    const std::size_t n = rx_->blocking_recv_many(batch, limit());
                    take_all(batch, n);
                    break;
                }
                default: act_without_waiting(); break;
            }
        }
        leave();
    }

  private:
    std::size_t limit() { return 1 + random_.below(3 + effort_.burst); }

    void block_on_one() {
        if (random_.one_in(2)) {
            does("block_on(recv), with a deadline");
            auto r = block_on(with_timeout(rx_->recv(), timeout(), world_.timers));
            judge(r, timeout_error::closed);
            return;
        }
        does("block_on(recv), with a stop token");
        std::stop_source s;
        world_.stops.stop_soon(s);
        auto r = block_on(with_stop(rx_->recv(), s.get_token()));
        judge(r, stop_error::closed);
    }
    /// try_recv; or a receive that is polled and dropped, which has taken nothing if it has not finished.
    void act_without_waiting() {
        does("a step without waiting");
        if (random_.one_in(2)) {
            auto r = rx_->try_recv();
            if (r) {
                take(std::move(*r));
            } else if (r.error() == try_recv_error::disconnected) {
                over_ = true;
            }
            return;
        }
        auto op = rx_->recv();
        if (auto r = op.poll(noisy_waker)) {
            take(std::move(*r));
        } else {
            noise();
            ++counts_.dropped;
        }
    }

    void leave() {
        if (over_ && (rx_->capacity() != plan_.capacity || !rx_->is_empty())) {
            mistake_ =
                fmt::format("capacity {} of {} where nothing can come any more", rx_->capacity(), plan_.capacity);
        }
        does("finished");
        rx_.reset();
    }
    /// Checks whether it is time to close or to drop the receiver.
    bool ends() {
        if (over_) return true;
        if (left_ != 0) return false;
        if (plan_.end == ending::drop) return true;
        left_ = ~0U;
        rx_->close();
        return false;
    }
    /// False if nothing can come any more, or it is time to end.
    bool take(std::optional<value_type> v) {
        if (!v) {
            over_ = true;
            return false;
        }
        ++counts_.received;
        moved();
        const unsigned next = v->number() + 1;
        if (next <= last_[v->sender()]) mistake_ = fmt::format("values of sender {} out of order", v->sender());
        last_[v->sender()] = next;
        v->end(fate::received);
        if (left_ != ~0U && left_ != 0) --left_;
        return left_ != 0;
    }
    void take_all(std::vector<value_type>& batch, std::size_t said) {
        if (said == 0) over_ = true;
        if (said != batch.size()) mistake_ = fmt::format("a batch of {} values, said to be {}", batch.size(), said);
        if (said > 1) ++counts_.batches;
        for (value_type& v : batch) take(std::move(v));
    }
    template <class Result, class Error>
    void judge(Result& r, Error closed) {
        if (r) {
            take(std::move(*r));
        } else if (r.error() == closed) {
            over_ = true;
        } else {
            ++(std::is_same_v<Error, stop_error> ? counts_.stopped : counts_.timed_out);
            if (left_ != ~0U && left_ != 0 && random_.one_in(8)) --left_;  // it ends even if no task sends
        }
    }

    std::optional<Receiver> rx_;
    unsigned left_;
    bool over_ = false;
    std::array<unsigned, 16> last_{};
};

}  // namespace tailrace::verify::stress
