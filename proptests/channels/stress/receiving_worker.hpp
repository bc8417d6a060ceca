// The receiver of a round: every way to receive, to close, and to be dropped.
//
// On a correct channel it never sleeps for ever: it waits without a deadline only while a sender will still send or be
// dropped. After a change here run: ci/test -L stress && ci/mutants -R stress
#pragma once

#include <fmt/core.h>

#include <optional>
#include <utility>
#include <vector>

#include "tailrace/errors.hpp"
#include "worker.hpp"

namespace tailrace::verify::stress {

template <class Receiver>
class receiving_worker : public worker {
  public:
    receiving_worker(const plan& p, Receiver rx) : worker(p, 0), rx_(std::move(rx)), newest_(p.workers(), -1) {}

    void run() {
        the_watch.plays("receiver");
        switch (plan_.end) {
            case ending::open:
                while (farewells_ < plan_.senders) receive();
                break;
            case ending::senders: drain(); break;
            case ending::close:
                receive_a_while();
                close();
                drain();
                break;
            case ending::drop:
                receive_a_while();
                if (random_.one_in(2)) close();
                break;
        }
        self.doing = "dropping the receiver";
        const Receiver dies_here = std::move(rx_);
    }

  private:
    void receive_a_while() {
        for (unsigned steps = random_.below(24); steps > 0; --steps) receive();
    }

    void drain() {
        while (!ended_) receive();
        self.doing = "receiving after the end";
        if (auto v = rx_.try_recv(); v || v.error() != try_recv_error::disconnected) {
            fail("try_recv was not disconnected");
        }
        if (rx_.blocking_recv()) fail("a value came");
    }

    void receive() {
        // A listener sends nothing before the close, so this does not wait for it to be dropped.
        const bool may_wait = plan_.listeners == 0 || closed_;
        switch (may_wait ? random_.below(7) : 4 + random_.below(3)) {
            case 0:
            case 1: {
                self.doing = "blocking_recv";
                take(rx_.blocking_recv());
                break;
            }
            case 2:
            case 3: {
                self.doing = "recv, driven";
                auto op = rx_.recv();
                take(finish(op));
                break;
            }
            case 4: {
                self.doing = "blocking_recv_timeout";
                auto v = rx_.blocking_recv_timeout(draw_timeout(random_));
                if (v) {
                    take(*std::move(v));
                } else if (v.error() == timeout_error::closed) {
                    take(std::nullopt);
                }
                break;
            }
            case 5: {
                self.doing = "try_recv";
                auto v = rx_.try_recv();
                if (v) {
                    take(*std::move(v));
                } else if (v.error() == try_recv_error::disconnected) {
                    take(std::nullopt);
                } else {
                    idle();
                }
                break;
            }
            default: {
                self.doing = "recv, cancelled";
                auto op = rx_.recv();
                if (auto v = try_a_while(op)) take(std::move(*v));
                break;
            }
        }
    }

    void close() {
        closed_ = true;
        if (!ended_ && random_.one_in(2)) {
            self.doing = "recv, driven, and close meanwhile";
            auto op = rx_.recv();
            take(finish(op, [this] { rx_.close(); }));
        }
        self.doing = "close";
        rx_.close();  // once more, perhaps
    }

    void take(std::optional<value> v) {
        if (!v) {
            if (plan_.end == ending::open) fail("an end, in a round that has none");
            ended_ = true;
            return;
        }
        if (ended_) fail("a value after the end");
        const int number = static_cast<int>(v->number());
        if (number <= newest_[v->sender()]) {
            fail(fmt::format("value {} of worker {} after its value {}", number, v->sender(), newest_[v->sender()]));
        }
        newest_[v->sender()] = number;
        if (v->farewell()) ++farewells_;
        v->end(fate::received);
    }

    Receiver rx_;
    std::vector<int> newest_;  // by sender
    unsigned farewells_ = 0;
    bool closed_ = false;
    bool ended_ = false;
};

}  // namespace tailrace::verify::stress
