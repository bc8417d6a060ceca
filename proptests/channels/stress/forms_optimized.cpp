// Stress test of every form of the optimised channel at once: coroutines resumed inline and on a pool, deadlines, stop
// tokens, blocking threads, poll-based operations that are dropped, and a receiver that receives, closes or is dropped.
//
// Each round is a fresh channel. The check after it: every value has ended exactly once and in agreement with the
// result of its send, the values of one sender arrived in order, and all capacity is available. The end of the round
// shows that no task sleeps for ever; if a round does not end, the watchdog reports UNKNOWN. After a change here run:
// ci/test -L stress
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "blocking_stress.hpp"
#include "forms.hpp"
#include "ledger.hpp"
#include "optimized_kit.hpp"
#include "script.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/coroutine.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/timer.hpp"

namespace tailrace::verify::stress {
namespace {

/// The objects shared by all rounds.
struct world {
    timer_thread timers;
    pool workers{2};
    stopper stops;
};

/// How often each result occurred, over all rounds: a stress test without coverage proves nothing.
struct tally {
    std::atomic<std::uint64_t> sent{0}, received{0}, timed_out{0}, stopped{0}, closed{0}, dropped{0}, batches{0};
};

struct here {
    template <class Operation>
    static Operation place(world&, Operation op) {
        return op;
    }
};
struct on_the_pool {
    template <class Operation>
    static auto place(world& w, Operation op) {
        return resume_on(w.workers, std::move(op));
    }
};

/// The values of one sender, and its random choices.
template <class Sender>
class sending {
  public:
    sending(world& w, tally& t, const plan& p, unsigned number, Sender tx)
        : world_(w), tally_(t), random_(p.engine(number)), book(number), tx_(std::move(tx)) {}

    /// As a coroutine, resumed as Place says.
    template <class Place>
    static job run(outstanding&, sending& self, Place) {
        for (unsigned steps = 3 + self.random_.below(8); steps != 0; --steps) {
            switch (self.random_.below(9)) {
                case 0: self.hear(co_await Place::place(self.world_, self.tx_->send(self.book.make()))); break;
                case 1:
                    self.hear(
                        co_await Place::place(self.world_, with_stop(self.tx_->send(self.book.make()), self.token())));
                    break;
                case 2:
                    self.hear(co_await Place::place(self.world_, with_timeout(self.tx_->send(self.book.make()),
                                                                              self.timeout(), self.world_.timers)));
                    break;
                case 3:
                    if (auto p = co_await Place::place(self.world_, self.tx_->reserve())) self.use(*p);
                    break;
                case 4:
                    if (auto p = co_await Place::place(self.world_,
                                                       with_stop(self.tx_->reserve_many(self.some()), self.token()))) {
                        self.use_many(*p);
                    } else {
                        self.count(p.error());
                    }
                    break;
                case 5:
                    if (auto p = co_await Place::place(self.world_, with_timeout(self.tx_->clone().reserve_owned(),
                                                                                 self.timeout(), self.world_.timers))) {
                        self.use_owned(*std::move(p));
                    } else {
                        self.count(p.error());
                    }
                    break;
                case 6:
                    (void)co_await Place::place(self.world_,
                                                with_timeout(self.tx_->closed(), self.timeout(), self.world_.timers));
                    break;
                case 7: self.drop_one(); break;
                default: self.try_one(); break;
            }
        }
        self.tx_.reset();
    }

    /// On a thread.
    void run() {
        for (unsigned steps = 3 + random_.below(8); steps != 0; --steps) {
            switch (random_.below(7)) {
                case 0: hear(tx_->blocking_send(book.make())); break;
                case 1: hear(block_on(with_stop(tx_->send(book.make()), token()))); break;
                case 2: hear(block_on(with_timeout(tx_->send(book.make()), timeout(), world_.timers))); break;
                case 3: hear(tx_->blocking_send_timeout(book.make(), timeout())); break;
                case 4:
                    if (auto p = block_on(with_stop(tx_->reserve_many(some()), token()))) {
                        use_many(*p);
                    } else {
                        count(p.error());
                    }
                    break;
                case 5: drop_one(); break;
                default: try_one(); break;
            }
        }
        tx_.reset();
    }

  private:
    std::chrono::microseconds timeout() { return draw_timeout(random_); }
    std::uint64_t some() {
        return 1 + random_.below(static_cast<unsigned>(std::min<std::uint64_t>(3, tx_->max_capacity())));
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

    void count(timeout_error e) { ++(e == timeout_error::timeout ? tally_.timed_out : tally_.closed); }
    void count(stop_error e) { ++(e == stop_error::stopped ? tally_.stopped : tally_.closed); }
    void count(try_error) {}

    void hear(std::expected<void, send_error<value>> r) {
        if (!r) ++tally_.closed;
        settle(r);
    }
    template <class Reason>
    void hear(std::expected<void, unsent<value, Reason>> r) {
        if (!r) count(r.error().reason);
        settle(r);
    }
    template <class Result>
    void settle(Result& r) {
        if (r) {
            ++tally_.sent;
            book.note(send_result::sent);
        } else {
            r.error().value.end(fate::handed_back);
            book.note(send_result::handed_back);
        }
    }
    template <class Permit>
    void use(Permit& p) {
        if (random_.one_in(3)) return;
        p.send(book.make());
        book.note(send_result::sent);
        ++tally_.sent;
    }
    template <class Permits>
    void use_many(Permits& permits) {
        for (auto& p : permits) {
            if (random_.one_in(4)) break;
            use(p);
        }
    }
    template <class Permit>
    void use_owned(Permit p) {
        switch (random_.below(3)) {
            case 0: {
                (void)std::move(p).send(book.make());
                book.note(send_result::sent);
                ++tally_.sent;
                break;
            }
            case 1: (void)std::move(p).release(); break;
            default: break;
        }
    }
    void try_one() { hear(tx_->try_send(book.make())); }
    /// Polled, and dropped at a random moment.
    void drop_one() {
        // Its waker is called at most once, and uses no object that may be destroyed.
        const waker noisy = {[](void*) noexcept { noise(); }, nullptr};
        auto op = tx_->send(book.make());
        for (unsigned polls = random_.below(3); polls != 0; --polls) {
            if (auto r = op.poll(noisy)) {
                hear(std::move(*r));
                return;
            }
            noise();
        }
        ++tally_.dropped;
        book.note(send_result::cancelled);
    }

    world& world_;
    tally& tally_;
    random_engine random_;

  public:
    ledger book;

  private:
    std::optional<Sender> tx_;
    std::deque<std::stop_source> kept_;
};

/// The receiver: receives in every way, and ends as the plan says.
template <class Receiver>
class receiving {
  public:
    receiving(world& w, tally& t, const plan& p, Receiver rx)
        : world_(w), tally_(t), plan_(p), random_(p.engine(0)), rx_(std::move(rx)) {
        left_ = p.will_close() ? random_.below(12) : ~0U;
    }

    template <class Place>
    static job run(outstanding&, receiving& self, Place) {
        while (!self.ends()) {
            switch (self.random_.below(5)) {
                case 0:
                case 1:
                    if (!self.take(co_await Place::place(self.world_, self.rx_->recv()))) self.over_ = true;
                    break;
                case 2: {
                    auto r = co_await Place::place(self.world_,
                                                   with_timeout(self.rx_->recv(), self.timeout(), self.world_.timers));
                    self.judge(r, timeout_error::closed);
                    break;
                }
                case 3: {
                    std::stop_source s;
                    self.world_.stops.stop_soon(s);
                    auto r = co_await Place::place(self.world_, with_stop(self.rx_->recv(), s.get_token()));
                    self.judge(r, stop_error::closed);
                    break;
                }
                default: {
                    std::vector<value> batch;
                    if (co_await Place::place(self.world_, self.rx_->recv_many(batch, 1 + self.random_.below(4))) ==
                        0) {
                        self.over_ = true;
                    }
                    self.take_all(batch);
                    break;
                }
            }
        }
        self.leave();
    }

    void run() {
        while (!ends()) {
            switch (random_.below(5)) {
                case 0:
                    if (!take(rx_->blocking_recv())) over_ = true;
                    break;
                case 1: {
                    auto r = block_on(with_timeout(rx_->recv(), timeout(), world_.timers));
                    judge(r, timeout_error::closed);
                    break;
                }
                case 2: {
                    std::stop_source s;
                    world_.stops.stop_soon(s);
                    auto r = block_on(with_stop(rx_->recv(), s.get_token()));
                    judge(r, stop_error::closed);
                    break;
                }
                case 3: {
                    std::vector<value> batch;
                    if (rx_->blocking_recv_many(batch, 1 + random_.below(4)) == 0) over_ = true;
                    take_all(batch);
                    break;
                }
                default: {
                    auto r = rx_->try_recv();
                    if (r) {
                        take(std::optional<value>(std::move(*r)));
                    } else if (r.error() == try_recv_error::disconnected) {
                        over_ = true;
                    }
                    break;
                }
            }
        }
        leave();
    }

    [[nodiscard]] std::optional<std::string> mistake() const { return mistake_; }

  private:
    std::chrono::microseconds timeout() { return draw_timeout(random_); }

    void leave() {
        if (over_ && (rx_->capacity() != plan_.capacity || !rx_->is_empty())) {
            mistake_ =
                fmt::format("capacity {} of {} where nothing can come any more", rx_->capacity(), plan_.capacity);
        }
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
    bool take(std::optional<value> v) {
        if (!v) return false;
        ++tally_.received;
        const unsigned next = v->number() + 1;
        if (next <= last_[v->sender()]) mistake_ = fmt::format("values of sender {} out of order", v->sender());
        last_[v->sender()] = next;
        v->end(fate::received);
        if (left_ != ~0U && left_ != 0) --left_;
        return true;
    }
    void take_all(std::vector<value>& batch) {
        if (batch.size() > 1) ++tally_.batches;
        for (value& v : batch) take(std::optional<value>(std::move(v)));
    }
    template <class Result, class Error>
    void judge(Result& r, Error closed) {
        if (r) {
            take(std::optional<value>(std::move(*r)));
        } else if (r.error() == closed) {
            over_ = true;
        } else {
            ++(std::is_same_v<Error, stop_error> ? tally_.stopped : tally_.timed_out);
            if (left_ != ~0U && left_ != 0 && random_.one_in(8)) --left_;  // it ends even if no task sends
        }
    }

    world& world_;
    tally& tally_;
    const plan& plan_;
    random_engine random_;
    std::optional<Receiver> rx_;
    unsigned left_;
    bool over_ = false;
    std::array<unsigned, 16> last_{};
    std::optional<std::string> mistake_;
};

template <class Kit>
void run_round(world& w, tally& t, const plan& p) {
    using ends = decltype(Kit::open(1));
    ends channel = Kit::open(p.capacity);
    const unsigned senders = p.senders + p.listeners * 4;
    outstanding counter;
    receiving<typename ends::second_type> rx(w, t, p, std::move(channel.second));
    std::deque<sending<typename ends::first_type>> crew;
    for (unsigned i = 1; i <= senders; ++i) crew.emplace_back(w, t, p, i, channel.first.clone());
    std::optional kept(std::move(channel.first));
    if (!p.will_close()) kept.reset();

    random_engine random(p.seed);
    outstanding taker;
    std::vector<std::jthread> threads;
    const auto start = [&](outstanding& count, auto& who, unsigned form) {
        switch (form) {
            case 0: who.run(count, who, here{}); break;
            case 1: who.run(count, who, on_the_pool{}); break;
            default:
                count.add();
                threads.emplace_back([&count, &who, seed = random.next() | 1] {
                    noise_state = seed;
                    who.run();
                    count.done();
                });
                break;
        }
    };
    const unsigned receiver_form = random.below(3);
    const bool receiver_first = random.one_in(2);
    if (receiver_first) start(taker, rx, receiver_form);
    unsigned on_threads = 0;
    for (auto& s : crew) {
        unsigned form = random.below(3);
        if (form == 2 && ++on_threads > 2) form = 1;
        start(counter, s, form);
    }
    if (!receiver_first) start(taker, rx, receiver_form);
    counter.wait();
    if (!taker.idle()) kept.reset();  // else it might wait for ever
    taker.wait();
    threads.clear();

    const auto fail = [&](const std::string& what) {
        fmt::print("{} on the {} platform, --seed and --only as below: {}\n  {}\n", Kit::channel, Kit::platform,
                   p.text(), what);
        std::fflush(stdout);
        std::_Exit(1);
    };
    if (auto what = rx.mistake()) fail(*what);
    for (const auto& s : crew) {
        if (auto what = s.book.mistake(p.end == ending::drop)) fail(fmt::format("round {}: {}", p.round, *what));
    }
    if (kept && kept->capacity() != p.capacity) {
        fail(fmt::format("round {}: capacity {} of {} at the end", p.round, kept->capacity(), p.capacity));
    }
}

template <class Kit>
void run_forms(const options& o) {
    world w;
    tally t;
    watchdog dog;
    noise_state = random_engine(o.seed).next() | 1;
    for (std::uint64_t i = 0; i < o.rounds; ++i) {
        plan p = plan::draw(o.seed, o.only.value_or(i));
        if (p.end == ending::open) p.end = ending::senders;
        the_watch.begin(
            fmt::format("{} on the {} platform, --seed {} --only {}", Kit::channel, Kit::platform, o.seed, p.round), 1);
        run_round<Kit>(w, t, p);
        dog.pat();
    }
    fmt::print(
        "{} on the {} platform, every form: {} rounds, seed {}: no value lost, no task asleep\n"
        "  {} sent, {} received, {} in batches; {} timed out, {} stopped, {} dropped, {} refused\n",
        Kit::channel, Kit::platform, o.rounds, o.seed, t.sent.load(), t.received.load(), t.batches.load(),
        t.timed_out.load(), t.stopped.load(), t.dropped.load(), t.closed.load());
    if (t.received == 0 || t.timed_out == 0 || t.stopped == 0 || t.dropped == 0 || t.closed == 0) {
        fmt::print("  but some of that was never reached\n");
        std::_Exit(1);
    }
}

}  // namespace
}  // namespace tailrace::verify::stress

int main(int argc, char** argv) {
    using namespace tailrace::verify::stress;
    const options o = parse_options(argc, argv);
    if (o.platform.empty() || o.platform == "production") run_forms<optimized_production>(o);
    if (o.platform.empty() || o.platform == "noisy")
        run_forms<optimized_kit<tailrace::verify::noisy_platform<tailrace::std_platform>>>(o);
    return 0;
}
