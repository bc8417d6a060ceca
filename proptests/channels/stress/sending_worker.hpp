// The sender of a round, sometimes also a listener: every way to send, to get a permit and to use it, to cancel, and to
// drop the sender.
//
// On a correct channel it never sleeps for ever: it never waits without a deadline while it has a permit.
// After a change here run: ci/test -L stress && ci/mutants -R stress
#pragma once

#include <expected>
#include <optional>
#include <thread>
#include <utility>

#include "tailrace/errors.hpp"
#include "worker.hpp"

namespace tailrace::verify::stress {

template <class Sender>
class sending_worker : public worker {
  public:
    sending_worker(const plan& p, unsigned number, Sender tx, bool listens)
        : worker(p, number), tx_(std::move(tx)), listens_(listens) {}

    void run() {
        the_watch.plays(listens_ ? "listener" : "sender");
        if (listens_) listen();
        for (unsigned steps = 4 + random_.below(12); steps > 0; --steps) act();
        if (plan_.end == ending::open) say_farewell();
        leave();
    }

  private:
    void act() {
        constexpr unsigned actions = 16;
        switch (random_.below(actions)) {
            case 0:
            case 1: {
                self.doing = "blocking_send";
                hear(tx_.blocking_send(ledger_.make()));
                break;
            }
            case 2: {
                self.doing = "blocking_send_timeout";
                hear(tx_.blocking_send_timeout(ledger_.make(), draw_timeout(random_)));
                break;
            }
            case 3: {
                self.doing = "blocking_reserve";
                if (auto p = tx_.blocking_reserve()) {
                    use(*std::move(p));
                } else {
                    hear_closed();
                }
                break;
            }
            case 4: {
                self.doing = "blocking_reserve_timeout";
                if (auto p = tx_.blocking_reserve_timeout(draw_timeout(random_))) {
                    use(*std::move(p));
                } else if (p.error() == timeout_error::closed) {
                    hear_closed();
                }
                break;
            }
            case 5: try_send(); break;
            case 6: {
                self.doing = "try_reserve";
                if (auto p = tx_.try_reserve()) {
                    use(*std::move(p));
                } else if (p.error() == try_error::closed) {
                    hear_closed();
                }
                break;
            }
            case 7: {
                self.doing = "try_reserve_owned";
                auto p = tx_.clone().try_reserve_owned();
                if (p) {
                    use_owned(*std::move(p));
                } else if (p.error().reason == try_error::closed) {
                    hear_closed();
                }
                break;
            }
            case 8: {
                self.doing = "send, driven";
                auto op = tx_.send(ledger_.make());
                hear(finish(op));
                break;
            }
            case 9: {
                self.doing = "reserve, driven";
                auto op = tx_.reserve();
                if (auto p = finish(op)) {
                    use(*std::move(p));
                } else {
                    hear_closed();
                }
                break;
            }
            case 10: {
                self.doing = "reserve_owned, driven";
                auto op = tx_.clone().reserve_owned();
                if (auto p = finish(op)) {
                    use_owned(*std::move(p));
                } else {
                    hear_closed();
                }
                break;
            }
            case 11:
            case 12: {
                self.doing = "send, cancelled";
                auto op = tx_.send(ledger_.make());
                if (auto result = try_a_while(op)) {
                    hear(std::move(*result));
                } else {
                    hold_a_permit();
                    ledger_.note(send_result::cancelled);
                }
                break;
            }
            case 13: {
                self.doing = "reserve, cancelled";
                auto op = tx_.reserve();
                if (auto p = try_a_while(op)) {
                    if (*p) {
                        use(**std::move(p));
                    } else {
                        hear_closed();
                    }
                } else {
                    hold_a_permit();
                }
                break;
            }
            case 14: {
                self.doing = "reserve_owned, cancelled";
                auto op = tx_.clone().reserve_owned();
                const auto p = try_a_while(op);  // dropped
                if (p && !*p) hear_closed();
                if (!p) hold_a_permit();
                break;
            }
            case 15: {
                self.doing = "closed, cancelled";
                auto op = tx_.closed();
                if (try_a_while(op)) hear_closed();
                break;
            }
            default: break;
        }
    }

    void try_send() {
        self.doing = "try_send";
        auto result = tx_.try_send(ledger_.make());
        if (!result && result.error().reason == try_error::closed) hear_closed();
        hear_value(result);
    }

    void listen() {
        self.doing = "closed, driven";
        auto op = tx_.closed();
        (void)finish(op);
        if (!tx_.is_closed()) fail("woken, and the channel is not closed");
    }

    void say_farewell() {
        self.doing = "blocking_send, the farewell";
        hear(tx_.blocking_send(ledger_.make(true)));
        said_farewell_ = true;
    }

    /// Drops the sender, in one of the ways in which the last sender can be dropped.
    void leave() {
        Sender last = std::move(tx_);
        switch (random_.below(5)) {
            case 0: {
                self.doing = "reserve_owned with the last sender, cancelled";
                auto op = std::move(last).reserve_owned();
                (void)try_a_while(op);
                break;
            }
            case 1: {
                self.doing = "reserve_owned with the last sender, driven";
                auto op = std::move(last).reserve_owned();
                if (auto p = finish(op)) use_owned(*std::move(p));
                break;
            }
            case 2: {
                self.doing = "try_reserve_owned with the last sender";
                if (auto p = std::move(last).try_reserve_owned()) use_owned(*std::move(p));
                break;
            }
            default: self.doing = "dropping a sender"; break;
        }
    }

    /// The actions that are possible with a permit; none of them may wait without a deadline.
    void dawdle() {
        switch (random_.below(4)) {
            case 0: try_send(); break;
            case 1:
                self.doing = "blocking_send_timeout, with a permit";
                hear(tx_.blocking_send_timeout(ledger_.make(), draw_timeout(random_)));
                break;
            default: hold_a_permit(); break;
        }
    }

    /// Keeps the permit for some time, until after a close if the plan allows it. Not for long: the receiver may be
    /// waiting.
    void hold_a_permit() {
        if (!tx_ || !plan_.will_close() || random_.one_in(2)) return idle();
        constexpr unsigned a_while = 64;
        for (unsigned i = 0; i < a_while && !tx_.is_closed(); ++i) std::this_thread::yield();
        idle();
    }

    template <class Permit>
    void use(Permit p) {
        dawdle();
        self.doing = "using a permit";
        if (random_.one_in(2)) return;  // dropped
        p.send(ledger_.make());
        ledger_.note(send_result::sent);
    }

    template <class OwnedPermit>
    void use_owned(OwnedPermit p) {
        hold_a_permit();
        self.doing = "using an owned permit";
        switch (random_.below(said_farewell_ ? 2 : 3)) {
            case 0: break;  // dropped
            case 1: (void)std::move(p).release(); break;
            default:
                (void)std::move(p).send(ledger_.make());
                ledger_.note(send_result::sent);
                break;
        }
    }

    template <class Error>
    void hear(std::expected<void, Error> result) {
        if constexpr (requires { result.error().reason; }) {
            if (!result && result.error().reason == timeout_error::closed) hear_closed();
        } else {
            if (!result) hear_closed();
        }
        hear_value(result);
    }
    template <class Error>
    void hear_value(std::expected<void, Error>& result) {
        if (!result) result.error().value.end(fate::handed_back);
        ledger_.note(result ? send_result::sent : send_result::handed_back);
    }
    void hear_closed() const {
        if (!plan_.will_close()) fail("closed, in a round without a close");
    }

    Sender tx_;
    bool listens_;
    bool said_farewell_ = false;
};

}  // namespace tailrace::verify::stress
