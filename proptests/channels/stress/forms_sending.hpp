// A sender of a round of every form: as a coroutine, or on a thread that blocks.
// After a change here run: ci/test -L stress
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <stop_token>
#include <utility>

#include "forms_worker.hpp"
#include "ledger.hpp"
#include "parked_frames.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/stop.hpp"

namespace tailrace::verify::stress {

/// Its values, and its random choices.
template <class Kit>
class sending : public forms_worker {
    using ends = decltype(Kit::open(1));
    using sender = typename ends::first_type;
    using value_type = typename sender::value_type;

  public:
    sending(world& w, const plan& p, const effort& e, unsigned number, sender tx)
        : forms_worker(w, p, e, number), book(number), tx_(std::move(tx)) {}

    /// As a coroutine, resumed as Place says.
    template <class Place>
    static job run(outstanding&, sending& me, Place) {
        world& w = me.world_;
        for (unsigned steps = me.steps(); steps != 0; --steps) {
            switch (me.random_.below(9)) {
                case 0:
                    me.does("send");
                    for (unsigned n = me.burst(); n != 0; --n) {
                        const bool open = me.hear(co_await Place::place(w, me.tx_->send(me.make())));
                        if (!open) break;
                    }
                    break;
                case 1:
                    me.does("send, with a stop token");
                    me.hear(co_await Place::place(w, with_stop(me.tx_->send(me.make()), me.token())));
                    break;
                case 2:
                    me.does("send, with a deadline");
                    me.hear(co_await Place::place(w, with_timeout(me.tx_->send(me.make()), me.timeout(), w.timers)));
                    break;
                case 3:
                    me.does("reserve");
                    if (auto p = co_await Place::place(w, me.tx_->reserve())) me.use(*p);
                    break;
                case 4:
                    me.does("reserve_many, with a stop token");
                    me.hear(co_await Place::place(w, with_stop(me.tx_->reserve_many(me.some()), me.token())));
                    break;
                case 5:
                    me.does("reserve_owned, with a deadline");
                    me.hear(co_await Place::place(
                        w, with_timeout(me.tx_->clone().reserve_owned(), me.timeout(), w.timers)));
                    break;
                case 6:
                    me.does("closed, with a deadline");
                    (void)co_await Place::place(w, with_timeout(me.tx_->closed(), me.timeout(), w.timers));
                    break;
                default: me.act_without_waiting(); break;
            }
        }
        me.leave();
    }

    /// On a thread.
    void run() {
        for (unsigned n = steps(); n != 0; --n) {
            switch (random_.below(8)) {
                case 0:
                    does("blocking_send");
                    for (unsigned i = burst(); i != 0 && hear(tx_->blocking_send(make())); --i) {
                    }
                    break;
                case 1:
                    does("blocking_send_timeout");
                    hear(tx_->blocking_send_timeout(make(), timeout()));
                    break;
                case 2:
                    does("blocking_reserve");
                    if (auto p = tx_->blocking_reserve()) use(*p);
                    break;
                case 3:
                    does("blocking_reserve_timeout");
                    hear(tx_->blocking_reserve_timeout(timeout()));
                    break;
                case 4:
                case 5:
                    if constexpr (has_every_form<sender>) block_on_one();
                    break;
                default: act_without_waiting(); break;
            }
        }
        leave();
    }

  private:
    unsigned steps() { return effort_.least_steps + random_.below(effort_.more_steps); }
    value_type make() { return value_type(book.make()); }
    std::uint64_t some() {
        return 1 + random_.below(static_cast<unsigned>(std::min<std::uint64_t>(8, tx_->max_capacity())));
    }
    void leave() {
        does("finished");
        tx_.reset();
    }

    std::stop_token token() {
        std::stop_source s;
        const std::stop_token t = s.get_token();
        if (random_.one_in(8)) {
            (void)s.request_stop();
        } else if (!random_.one_in(8)) {
            world_.stops.stop_soon(s);
        } else {
            kept_.push_back(std::move(s));  // a possible stop that is never requested
        }
        return t;
    }

    // ---- What an operation answered: counted, and its permits used.

    void count(closed_error) { ++counts_.refused; }
    void count(try_error) { ++counts_.refused; }
    void count(timeout_error e) { ++(e == timeout_error::timeout ? counts_.timed_out : counts_.refused); }
    void count(stop_error e) { ++(e == stop_error::stopped ? counts_.stopped : counts_.refused); }
    template <class Reason>
    void count(const unsent<value_type, Reason>& e) {
        count(e.reason);
    }
    void count(const send_error<value_type>&) { ++counts_.refused; }

    void note_sent() {
        book.note(send_result::sent);
        ++counts_.sent;
        moved();
    }
    /// False if the value came back.
    template <class Error>
    bool hear(std::expected<void, Error> r) {
        if (r) {
            note_sent();
            return true;
        }
        count(r.error());
        r.error().value.end(fate::handed_back);
        book.note(send_result::handed_back);
        return false;
    }
    template <class Permits, class Error>
        requires(!std::is_void_v<Permits>)
    void hear(std::expected<Permits, Error> r) {
        if (r) {
            use(*r);
        } else if constexpr (requires { r.error().reason; }) {
            count(r.error().reason);
        } else {
            count(r.error());
        }
    }

    /// One permit, several, or one with its sender.
    template <class Permits>
    void use(Permits& p) {
        if constexpr (requires { std::move(p).release(); }) {
            switch (random_.below(3)) {
                case 0:
                    (void)std::move(p).send(make());
                    note_sent();
                    break;
                case 1: (void)std::move(p).release(); break;
                default: break;
            }
        } else if constexpr (requires { p.next(); }) {
            for (auto one = p.next(); one && !random_.one_in(4); one = p.next()) use(*one);
        } else if (!random_.one_in(3)) {
            p.send(make());
            note_sent();
        }
    }

    // ---- Steps of both forms

    void block_on_one() {
        switch (random_.below(4)) {
            case 0:
                does("block_on(send), with a stop token");
                hear(block_on(with_stop(tx_->send(make()), token())));
                break;
            case 1:
                does("block_on(send), with a deadline");
                hear(block_on(with_timeout(tx_->send(make()), timeout(), world_.timers)));
                break;
            case 2:
                does("block_on(reserve_many), with a stop token");
                hear(block_on(with_stop(tx_->reserve_many(some()), token())));
                break;
            default:
                does("block_on(reserve_owned), with a deadline");
                hear(block_on(with_timeout(tx_->clone().reserve_owned(), timeout(), world_.timers)));
        }
    }
    void act_without_waiting() {
        does("a step without waiting");
        switch (random_.below(12)) {
            case 0:
            case 1:
                if (auto r = polled_a_while(tx_->send(make()))) {
                    hear(std::move(*r));
                } else {
                    book.note(send_result::cancelled);
                }
                break;
            case 2: use_polled(tx_->reserve()); break;
            case 3: use_polled(tx_->reserve_many(some())); break;
            case 4: use_polled(tx_->clone().reserve_owned()); break;
            case 5: (void)polled_a_while(tx_->closed()); break;
            case 6: hear(tx_->try_reserve()); break;
            case 7: hear(tx_->try_reserve_many(some())); break;
            case 8: hear(tx_->clone().try_reserve_owned()); break;
            case 9: send_through_another(); break;
            case 10: destroy_frames(); break;
            default:
                for (unsigned n = burst(); n != 0 && hear(tx_->try_send(make())); --n) {
                }
        }
    }
    /// Polled, and dropped at a random moment. Nothing: cancelled.
    template <class Operation>
    auto polled_a_while(Operation op) {
        for (unsigned polls = random_.below(3); polls != 0; --polls) {
            if (auto r = op.poll(noisy_waker)) return r;
            noise();
        }
        ++counts_.dropped;
        return std::optional<typename Operation::result_type>();
    }
    template <class Operation>
    void use_polled(Operation op) {
        if (auto r = polled_a_while(std::move(op))) hear(std::move(*r));
    }
    /// A clone, or what a weak sender becomes.
    void send_through_another() {
        if (random_.one_in(2)) {
            hear(tx_->clone().try_send(make()));
            return;
        }
        const auto weak = tx_->downgrade();
        const auto twin = weak;
        if (random_.one_in(8)) tx_ = tx_->clone();
        if (auto again = twin.upgrade()) {
            ++counts_.upgraded;
            hear(again->try_send(make()));
        } else {
            mistake_ = "a weak sender was not upgraded while there was a sender";
        }
    }
    void destroy_frames() {
        if constexpr (has_every_form<sender>) {
            does("coroutines that are destroyed while they wait");
            if (auto what = parked_frames(random_, counts_, Kit::open(1 + random_.below(4))).run()) mistake_ = what;
        }
    }

  public:
    ledger book;

  private:
    std::optional<sender> tx_;
    std::deque<std::stop_source> kept_;
};

}  // namespace tailrace::verify::stress
