// The thread runner: its threads, wake-ups, quiescence, and the teardown of a run.
// After a change here run: ctest -L proptests -R 'stage|threads'
#include "engine/stage.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/asleep.hpp"
#include "tailrace/model/linearizability.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/detail/noise.hpp"

namespace tailrace::verify {
namespace {

using model::answer;
using model::event;
using model::handle;
using model::handle_kind;
using model::instant;
using model::status;
using model::step;
using model::verb;

constexpr std::size_t most_operations = (most_tasks + 1) * names_per_task;
constexpr std::size_t most_values = 4'096;
/// No program has it.
constexpr model::value_id first_spare_value = most_values - 256;
/// A thread that sleeps this long inside a call, without running once, will not be woken by the channel's timers.
constexpr unsigned looks_at_a_sleeper = 25;
constexpr std::chrono::milliseconds between_looks{10};

instant now() { return static_cast<instant>(std::chrono::steady_clock::now().time_since_epoch().count()); }

/// Counting wakers: how many tasks are awake, which operations were woken, which values were destroyed. Called by any
/// thread that runs the channel's code.
class wake_board final : public session_events {
  public:
    enum : std::uint32_t { quiet, signalled, asleep, stopped };

    void clear(std::uint32_t awake) {
        for (auto& w : wakes_) w.store(quiet, std::memory_order_relaxed);
        for (auto& d : destroyed_) d.store(0, std::memory_order_relaxed);
        awake_.store(awake, std::memory_order_release);
        stopping_.store(false, std::memory_order_release);
    }

    void woken(std::uint32_t operation) noexcept override {
        // Counted before the sleeper can go on and fall asleep again. The caller is awake, so taking it back cannot
        // bring the number to 0.
        awake_.fetch_add(1, std::memory_order_relaxed);
        std::uint32_t was = wakes_[operation].load(std::memory_order_relaxed);
        while (was != stopped && !wakes_[operation].compare_exchange_weak(was, signalled, std::memory_order_acq_rel)) {
        }
        if (was == asleep) {
            wakes_[operation].notify_one();
        } else {
            leave();
        }
    }
    void destroyed(model::value_id v) noexcept override {
        destroyed_[v % most_values].fetch_add(1, std::memory_order_relaxed);
    }
    [[nodiscard]] unsigned times_destroyed(model::value_id v) const {
        return destroyed_[v % most_values].load(std::memory_order_relaxed);
    }

    /// Sleeps until the operation is woken: true. False if no other task is left to wake it.
    bool sleep(std::uint32_t operation, bool& slept) {
        std::atomic<std::uint32_t>& mine = wakes_[operation];
        std::uint32_t is = quiet;
        if (mine.compare_exchange_strong(is, asleep, std::memory_order_acq_rel)) {
            slept = true;
            leave();
            mine.wait(asleep, std::memory_order_acquire);
            is = mine.load(std::memory_order_acquire);
        }
        if (is == stopped) return false;
        mine.store(quiet, std::memory_order_relaxed);
        return true;
    }

    /// One task fewer is awake.
    void leave() {
        if (awake_.fetch_sub(1, std::memory_order_acq_rel) == 1) awake_.notify_all();
    }
    [[nodiscard]] std::uint32_t awake() const { return awake_.load(std::memory_order_acquire); }
    void wait_for_quiescence() {
        for (std::uint32_t n = awake(); n != 0; n = awake()) awake_.wait(n, std::memory_order_acquire);
    }

    /// From now on no task begins a step.
    void stop() { stopping_.store(true, std::memory_order_seq_cst); }
    [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_acquire); }
    /// Every sleeping task is to end; it counts as awake until it has.
    void stop_sleepers() {
        for (auto& w : wakes_) {
            std::uint32_t was = asleep;
            if (!w.compare_exchange_strong(was, stopped, std::memory_order_acq_rel)) continue;
            awake_.fetch_add(1, std::memory_order_relaxed);
            w.notify_one();
        }
    }

  private:
    std::array<std::atomic<std::uint32_t>, most_operations> wakes_{};
    std::array<std::atomic<std::uint8_t>, most_values> destroyed_{};
    std::atomic<std::uint32_t> awake_{0};
    std::atomic<bool> stopping_{false};
};

/// One task: its part of the program, its handles, its log.
class task {
  public:
    explicit task(wake_board& b) : board_(b) {}

    void prepare(const std::vector<task_step>& part, std::unique_ptr<task_session> s, task_books books,
                 std::uint64_t seed, bool heavy, bool hands_back) {
        part_ = &part;
        heavy_ = heavy;
        hands_back_ = hands_back;
        sent_.clear();
        kept_.clear();
        session_ = std::move(s);
        books_ = std::move(books);
        seed_ = seed | 1;
        log_.assign(part.size(), {});
        written_.store(0, std::memory_order_relaxed);
        in_call_.store(false, std::memory_order_relaxed);
        under_way_.store(false, std::memory_order_relaxed);
        problem_.clear();
        slept = woken = blocked = passed_over = 0;
    }

    void run() {
        thread_.store(gettid(), std::memory_order_relaxed);
        noise_state = seed_;
        noise_is_heavy = heavy_;
        try {
            for (const task_step& t : *part_) {
                if (board_.stopping()) break;
                if (!books_.allow(t.step)) {
                    ++passed_over;
                    continue;
                }
                noise_between();
                if (!take(t)) break;
            }
        } catch (const std::exception& e) {
            problem_ = fmt::format("threw: {}", e.what());
        } catch (...) {
            problem_ = "threw something that is no std::exception";
        }
        in_call_.store(false, std::memory_order_release);
        under_way_.store(false, std::memory_order_release);
        board_.leave();
    }

    /// Has it begun an event that waits? It may sleep in it.
    [[nodiscard]] bool under_way() const { return under_way_.load(std::memory_order_acquire); }
    [[nodiscard]] bool in_call() const { return in_call_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint32_t written() const { return written_.load(std::memory_order_acquire); }
    /// The events until now; one that is under way has no response.
    [[nodiscard]] std::vector<event> log() const {
        for (;;) {
            const std::uint32_t n = written();
            std::vector<event> events(log_.begin(), log_.begin() + n);
            if (!under_way()) return events;
            event unanswered;  // its answer may just be written
            unanswered.step = log_[n].step;
            unanswered.waits = true;
            unanswered.invoked = log_[n].invoked;
            events.push_back(std::move(unanswered));
            if (under_way() && written() == n) return events;
        }
    }
    [[nodiscard]] task_session& session() { return *session_; }
    [[nodiscard]] task_books& books() { return books_; }
    [[nodiscard]] const std::string& problem() const { return problem_; }
    [[nodiscard]] const std::vector<model::value_id>& kept() const { return kept_; }
    /// The handle that the present call uses.
    [[nodiscard]] std::optional<handle> in_use() const {
        if (!in_call()) return std::nullopt;
        return called_on_;
    }
    void close_session() { session_.reset(); }
    [[nodiscard]] pid_t thread() const { return thread_.load(std::memory_order_relaxed); }

    std::size_t slept = 0, woken = 0, blocked = 0, passed_over = 0;

  private:
    /// False if the task is to end here.
    bool take(const task_step& t) {
        event& e = log_[written_.load(std::memory_order_relaxed)];
        e = event{};
        e.step = t.step;
        e.waits = t.waits;
        if (t.waits && t.blocks && session_->can_block(t.step)) return call(e);
        session_->name_next(t.step.what == verb::poll ? t.step.subject.number : t.step.operation);
        const bool creates = t.step.what != verb::advance && model::creates_operation(t.step.what, t.step.subject.kind);
        if (creates && t.step.value != 0) sent_[t.step.operation] = t.step.value;
        e.invoked = now();
        answer a = session_->act(t.step);
        if (t.step.what == verb::poll) complete(t.step.subject.number, a);
        if (t.waits) {
            books_.note(t.step, a);
            if (!wait(t.step.operation, a)) {
                e.returned = model::never;
                publish();
                under_way_.store(false, std::memory_order_release);
                return false;
            }
            e.returned = now();
            books_.note({.what = verb::poll, .subject = {handle_kind::operation, t.step.operation}}, a);
        } else {
            e.returned = now();
            books_.note(t.step, a);
        }
        e.answer = std::move(a);
        publish();
        under_way_.store(false, std::memory_order_release);
        return true;
    }

    bool wait(std::uint32_t operation, answer& a) {
        const step poll{.what = verb::poll, .subject = {handle_kind::operation, operation}};
        session_->name_next(operation);
        bool slept_here = false;
        for (;;) {
            a = session_->act(poll);
            if (a.status != status::pending) break;
            under_way_.store(true, std::memory_order_release);
            if (!board_.sleep(operation, slept_here)) {
                ++slept;
                return false;
            }
        }
        complete(operation, a);
        slept += slept_here ? 1 : 0;
        woken += slept_here ? 1 : 0;
        return true;
    }

    /// A channel that keeps the value of a failed send answers as the contract says, but for that.
    void complete(std::uint32_t operation, answer& a) {
        const bool failed = a.status == status::closed || a.status == status::timeout;
        const auto sent = sent_.find(operation);
        if (hands_back_ || !failed || a.value || sent == sent_.end()) return;
        a.value = sent->second;
        kept_.push_back(sent->second);
    }

    bool call(event& e) {
        ++blocked;
        e.invoked = now();
        called_on_ = e.step.subject;
        under_way_.store(true, std::memory_order_release);
        in_call_.store(true, std::memory_order_release);
        if (e.step.value != 0) sent_[e.step.operation] = e.step.value;
        answer a = session_->block(e.step);
        complete(e.step.operation, a);
        e.returned = now();
        e.answer = std::move(a);
        publish();
        in_call_.store(false, std::memory_order_release);
        under_way_.store(false, std::memory_order_release);
        return !board_.stopping();
    }

    void publish() { written_.fetch_add(1, std::memory_order_release); }

    /// Schedule perturbation between two steps: most often none.
    void noise_between() {
        std::uint64_t& x = seed_;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        const std::uint64_t draw = x & 0xf;
        if (draw == 0) std::this_thread::yield();
        if (draw > 10) dawdle((x >> 8) & 0x3ff);
    }

    wake_board& board_;
    const std::vector<task_step>* part_ = nullptr;
    std::unique_ptr<task_session> session_;
    task_books books_;
    std::uint64_t seed_ = 1;
    bool heavy_ = false;
    bool hands_back_ = true;
    std::map<std::uint32_t, model::value_id> sent_;  // by operation
    std::vector<model::value_id> kept_;              // by the channel, of sends that failed
    std::vector<event> log_;
    std::atomic<std::uint32_t> written_{0};
    std::atomic<bool> under_way_{false};
    std::atomic<bool> in_call_{false};
    handle called_on_;
    std::atomic<pid_t> thread_{0};
    std::string problem_;
};

}  // namespace

struct thread_runner::state {
    state() {
        for (std::size_t l = 0; l < most_tasks; ++l) tasks.push_back(std::make_unique<task>(board));
        for (std::size_t l = 0; l < most_tasks; ++l) {
            threads.emplace_back([this, l](const std::stop_token& s) { serve(l, s); });
        }
    }
    ~state() {
        for (std::jthread& t : threads) t.request_stop();
        start(0);
    }

    /// A thread takes part in a run if the start signal has a task for it. A thread without a task may be late and see
    /// the signal of the next run first, so the run and its number of tasks are one value.
    void serve(std::size_t l, const std::stop_token& s) {
        std::uint32_t seen = 0;
        for (;;) {
            start_signal.wait(seen, std::memory_order_acquire);
            seen = start_signal.load(std::memory_order_acquire);
            if (s.stop_requested()) return;
            if (l >= seen % run_stride) continue;
            wait_for_the_others(seen % run_stride);
            tasks[l]->run();
        }
    }

    /// All tasks begin together; a thread spins for a while before it sleeps.
    void wait_for_the_others(std::size_t running) {
        constexpr unsigned awhile = 2'000;
        if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == running) arrived.notify_all();
        unsigned looks = 0;
        for (std::size_t n = arrived.load(std::memory_order_acquire); n < running;
             n = arrived.load(std::memory_order_acquire)) {
            if (++looks > awhile) arrived.wait(n, std::memory_order_acquire);
        }
    }

    /// Precondition: all threads of the last run have arrived; none of them reads `arrived` again.
    void start(std::size_t tasks_running) {
        arrived.store(0, std::memory_order_relaxed);
        turn += run_stride;
        start_signal.store(turn + static_cast<std::uint32_t>(tasks_running), std::memory_order_release);
        start_signal.notify_all();
    }

    wake_board board;
    std::vector<std::unique_ptr<task>> tasks;
    std::atomic<std::size_t> arrived{0};
    static constexpr std::uint32_t run_stride = 8;  // more than there are tasks
    static_assert(most_tasks < run_stride);
    std::uint32_t turn = 0;                      // of the run
    std::atomic<std::uint32_t> start_signal{0};  // the turn, and the number of tasks
    std::vector<std::jthread> threads;           // last: they use the rest
};

namespace {

/// One run of a program, from a new channel to its destruction.
class single_run {
  public:
    single_run(wake_board& board, std::vector<std::unique_ptr<task>>& tasks, const target& t,
               const concurrent_program& p, variation v)
        : board_(board), tasks_(tasks), target_(t), program_(p), variation_(v) {}

    template <class Start>
    thread_run run(Start start) {
        history().capacity = program_.capacity;
        const std::size_t n = program_.tasks.size();
        board_.clear(static_cast<std::uint32_t>(n));
        root_ = target_.open_tasks(program_.capacity, board_, variation_.inside != variation::noise::none);
        books_.add({handle_kind::sender, 0});
        books_.add({});
        begin();
        hand_out();
        start(n);
        result_.stuck = !reach_quiescence(n);
        history().rest = now();
        board_.stop();
        board_.stop_sleepers();
        while (board_.awake() != inside(n)) std::this_thread::yield();  // the others end
        if (result_.stuck || !let_out(n) || !take_apart(n)) {
            for (std::size_t l = 0; l < n; ++l) note(*tasks_[l]);
            if (!result_.stuck) history().lanes.push_back(std::exchange(history().after, {}));
            history().rest = now();
            result_.stuck = true;
            (void)root_.release();  // threads inside use what it has
            return std::move(result_);
        }
        for (std::size_t l = 0; l < n; ++l) note(*tasks_[l]);
        for (std::size_t l = 0; l < n; ++l) tasks_[l]->close_session();
        root_.reset();
        account();
        return std::move(result_);
    }

  private:
    model::history& history() { return result_.history; }

    /// The steps before the tasks. The specification decides which are legal, and the names.
    void begin() {
        model::machine m(program_.capacity);
        for (const step& s : program_.before) {
            if (m.refusal(s) || !books_.allow(s)) continue;
            m.apply(s);
            take(s, history().before);
        }
    }

    void take(const step& s, std::vector<event>& log) {
        event e;
        e.step = s;
        e.invoked = now();
        answer a = root_->act(s);
        e.returned = now();
        books_.note(s, a);
        e.answer = std::move(a);
        log.push_back(std::move(e));
    }

    void hand_out() {
        std::vector<std::vector<handle>> given = gifts(program_);
        keep_together(given);
        for (std::size_t l = 0; l < program_.tasks.size(); ++l) {
            std::unique_ptr<task_session> branch = root_->branch();
            task_books books;
            for (const handle h : given[l]) {
                if (!books_.has(h)) continue;
                books.add(h, books_.sender_of(h), made_by(h));
                books_.remove(h);
                root_->give(h, *branch);
            }
            for (const handle h : books_.all()) {
                if (h.kind == handle_kind::sender) books.share(h);
            }
            const std::uint64_t seed = variation_.seed * most_tasks * 2 + l * 2 + 1;
            tasks_[l]->prepare(program_.tasks[l], std::move(branch), std::move(books), seed * 0x9e3779b97f4a7c15u,
                               variation_.inside == variation::noise::heavy,
                               target_.capabilities.has(capability::send_returns_value));
        }
    }

    /// What borrows a sender goes to the same task; a sender that several tasks borrow stays, for all to use.
    void keep_together(std::vector<std::vector<handle>>& given) const {
        for (std::vector<handle>& some : given) {
            for (std::size_t i = 0; i < some.size();) {
                if (some[i].kind != handle_kind::sender || take_borrowers(given, some, some[i])) {
                    ++i;
                } else {
                    some.erase(some.begin() + static_cast<std::ptrdiff_t>(i));
                }
            }
        }
    }
    /// False if another task has one of them.
    bool take_borrowers(const std::vector<std::vector<handle>>& given, std::vector<handle>& some, handle sender) const {
        std::vector<handle> more;
        for (const handle h : books_.all()) {
            if (books_.sender_of(h) != sender.number || std::ranges::count(some, h) > 0) continue;
            const bool elsewhere =
                std::ranges::any_of(given, [&](const auto& other) { return std::ranges::count(other, h) > 0; });
            if (elsewhere) return false;
            more.push_back(h);
        }
        some.insert(some.end(), more.begin(), more.end());
        return true;
    }

    [[nodiscard]] verb made_by(handle h) const {
        for (const event& e : result_.history.before) {
            if (h.kind == handle_kind::operation && e.step.operation == h.number &&
                e.answer->status == status::created) {
                return e.step.what;
            }
        }
        return verb::advance;
    }

    /// Waits for quiescence: every task sleeps or has ended, and what the channel has posted wakes none of them.
    void wait_for_quiescence(std::size_t n) {
        do {
            board_.wait_for_quiescence();
            root_->settle();
            for (std::size_t l = 0; l < n; ++l) tasks_[l]->session().settle();
        } while (board_.awake() != 0);
    }

    /// False if there is no quiescence: some tasks sleep inside calls for good, although the specification would wake
    /// them.
    [[nodiscard]] bool reach_quiescence(std::size_t n) {
        const auto calls = [&] {
            return std::ranges::any_of(program_.tasks,
                                       [](const auto& part) { return std::ranges::any_of(part, &task_step::blocks); });
        };
        if (!calls()) {
            wait_for_quiescence(n);
            return true;
        }
        // Every task that is awake is inside a call, and nothing has moved for a while. From then on no task begins a
        // step, and the specification must allow those inside to stay there.
        for (unsigned still = 0; still < 4;) {
            const std::uint64_t before = progress(n);
            std::this_thread::sleep_for(std::chrono::microseconds(50));
            const bool moved = progress(n) != before || board_.awake() != inside(n);
            still = moved ? 0 : still + 1;
            if (board_.awake() == 0) return true;
        }
        board_.stop();
        while (!may_rest(n)) {
            if (sleep_for_good(n)) return false;
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        return true;
    }

    /// All tasks that are awake are inside calls, asleep in the kernel, and do not run once from the first look to the
    /// last.
    [[nodiscard]] bool sleep_for_good(std::size_t n) const {
        const auto look = [&] {
            std::vector<std::optional<std::uint64_t>> all;
            for (std::size_t l = 0; l < n; ++l) {
                if (tasks_[l]->in_call()) all.push_back(asleep(tasks_[l]->thread()));
            }
            return all;
        };
        const auto first = look();
        const bool all_sleep = std::ranges::all_of(first, [](const auto& one) { return one.has_value(); });
        if (first.empty() || !all_sleep) return false;
        for (unsigned i = 1; i < looks_at_a_sleeper; ++i) {
            std::this_thread::sleep_for(between_looks);
            if (board_.awake() != first.size() || look() != first) return false;
        }
        return true;
    }

    [[nodiscard]] std::uint32_t inside(std::size_t n) const {
        std::uint32_t number = 0;
        for (std::size_t l = 0; l < n; ++l) number += tasks_[l]->in_call() ? 1 : 0;
        return number;
    }
    [[nodiscard]] std::uint64_t progress(std::size_t n) const {
        std::uint64_t sum = 0;
        for (std::size_t l = 0; l < n; ++l) sum += tasks_[l]->written();
        return sum;
    }
    /// The history so far does not fail because a task sleeps that should be awake.
    [[nodiscard]] bool may_rest(std::size_t n) {
        if (board_.awake() != inside(n)) return false;
        model::history h = history();
        for (std::size_t l = 0; l < n; ++l) h.lanes.push_back(tasks_[l]->log());
        h.rest = now();
        return board_.awake() == 0 || model::check(h).is != model::finding::asleep;
    }

    /// Everything is dropped, some of it after the buffer has been drained.
    /// False if a task stays inside a call whatever is done.
    [[nodiscard]] bool take_apart(std::size_t n) {
        for (std::size_t round = 0;; ++round) {
            for (std::size_t l = 0; l < n; ++l) collect(*tasks_[l]);
            drop_all(round);
            if (board_.awake() == 0) break;
            if (!let_out(n)) return false;
            std::this_thread::yield();  // a task is ending, or has to be let out
        }
        for (std::size_t l = 0; l < n; ++l) collect(*tasks_[l]);
        drop_all(0);
        return true;
    }

    /// Takes back what a task that has ended, or is inside a call, does not use. It will not use it again.
    void collect(task& from) {
        const std::optional<handle> used = from.in_use();
        for (const handle h : from.books().all()) {
            if (h == used) continue;
            from.session().give(h, *root_);
            books_.add(h, from.books().remove(h));  // a receive among them is dropped first
        }
    }

    /// Used by a task that is inside a call.
    [[nodiscard]] bool is_used(handle h) const {
        for (std::size_t l = 0; l < program_.tasks.size(); ++l) {
            if (tasks_[l]->in_use() == h) return true;
        }
        return false;
    }

    /// A task inside a call that no drop would end gets a value, or capacity for one. False if that does not wake it.
    [[nodiscard]] bool let_out(std::size_t n) {
        for (;;) {
            for (std::size_t l = 0; l < n; ++l) collect(*tasks_[l]);
            const std::uint32_t before = inside(n);
            if (!give_a_way_out(n)) return true;
            for (unsigned turns = 1; inside(n) == before; ++turns) {
                constexpr unsigned awhile = 1'000;  // a look takes long
                if (turns % awhile == 0 && sleep_for_good(n)) return false;
                std::this_thread::yield();
            }
        }
    }

    /// False if no task needs one, or none is known.
    bool give_a_way_out(std::size_t n) {
        const capabilities& can = target_.capabilities;
        const auto a_task_calls = [&](handle_kind kind) {
            return std::any_of(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(n), [kind](const auto& l) {
                const std::optional<handle> used = l->in_use();
                return used && used->kind == kind;
            });
        };
        const step receive{.what = verb::try_recv, .subject = {}};
        const std::vector<handle> all = books_.all();
        const auto sender = std::ranges::find(all, handle_kind::sender, &handle::kind);
        if (!can.has(capability::sender_drop) && a_task_calls(handle_kind::receiver) && can.has(capability::try_send) &&
            sender != all.end() && spare_value_ < most_values) {
            take({.what = verb::try_send, .subject = *sender, .value = spare_value_++}, history().after);
            return true;
        }
        if (!can.has(capability::receiver_drop) && a_task_calls(handle_kind::sender) && can.has(capability::try_recv) &&
            books_.allow(receive) && !is_used({})) {
            take(receive, history().after);
            return true;
        }
        return false;
    }

    void drop_all(std::size_t round) {
        const bool drains = variation_.seed % 2 == 0 && round == 0;
        const auto drop = [&](handle_kind kind) {
            for (const handle h : books_.all()) {
                const step s{.what = verb::drop, .subject = h};
                if (h.kind != kind || !books_.allow(s) || is_used(h)) continue;
                take(s, history().after);
            }
        };
        drop(handle_kind::operation);
        drop(handle_kind::permit);
        drop(handle_kind::iterator);
        drop(handle_kind::owned_permit);
        const step receive{.what = verb::try_recv, .subject = {}};
        if (drains && target_.capabilities.has(capability::try_recv)) {
            while (books_.allow(receive) && !is_used({})) {
                take(receive, history().after);
                if (history().after.back().answer->status != status::some) break;
            }
        }
        // An end that means nothing to the target comes with that of the session.
        const bool receiver_goes = target_.capabilities.has(capability::receiver_drop);
        if (variation_.seed % 4 < 2 && receiver_goes) drop(handle_kind::receiver);
        if (target_.capabilities.has(capability::sender_drop)) drop(handle_kind::sender);
        drop(handle_kind::weak_sender);
        if (receiver_goes) drop(handle_kind::receiver);
    }

    void note(const task& l) {
        history().lanes.push_back(l.log());
        result_.slept += l.slept;
        result_.woken += l.woken;
        result_.blocked += l.blocked;
        result_.passed_over += l.passed_over;
        kept_.insert(kept_.end(), l.kept().begin(), l.kept().end());
        if (!l.problem().empty()) result_.problem = l.problem();
    }

    /// Every value that was made is received, handed back or destroyed exactly once.
    void account() {
        std::map<model::value_id, unsigned> times_seen;
        const auto made = [&](const std::vector<event>& log) {
            for (const event& e : log) {
                if (model::shape_of(e.step.what).value && e.step.value != 0) {
                    times_seen.try_emplace(e.step.value, 0);
                }
                if (!e.answer) continue;
                if (e.answer->value) ++times_seen[*e.answer->value];
                for (const model::value_id v : e.answer->values) ++times_seen[v];
            }
        };
        made(history().before);
        for (const auto& log : history().lanes) made(log);
        made(history().after);
        for (const model::value_id v : kept_) --times_seen[v];  // no task was given it
        for (const auto& [value, known] : times_seen) {
            const unsigned times = known + board_.times_destroyed(value);
            if (times == 1 || !result_.problem.empty()) continue;
            result_.problem = times == 0 ? fmt::format(
                                               "v{} was lost: never received, handed back, or "
                                               "destroyed",
                                               value)
                                         : fmt::format(
                                               "v{} was accounted for {} times: received or handed back {}, "
                                               "destroyed {}",
                                               value, times, known, board_.times_destroyed(value));
        }
    }

    wake_board& board_;
    std::vector<std::unique_ptr<task>>& tasks_;
    const target& target_;
    const concurrent_program& program_;
    variation variation_;
    std::unique_ptr<task_session> root_;
    task_books books_;
    model::value_id spare_value_ = first_spare_value;
    std::vector<model::value_id> kept_;  // see task
    thread_run result_;
};

}  // namespace

thread_runner::thread_runner() : state_(std::make_unique<state>()) {}
thread_runner::~thread_runner() = default;

thread_run thread_runner::run(const target& t, const concurrent_program& p, variation v) {
    thread_run was = single_run(state_->board, state_->tasks, t, p, v).run([this](std::size_t n) { state_->start(n); });
    if (was.stuck) {
        (void)state_.release();  // a thread that never returns still uses it
        state_ = std::make_unique<state>();
    }
    return was;
}

}  // namespace tailrace::verify
