// Tests of the default clock, which has its own thread. They do not depend on the speed of the machine: they wait for
// events that must happen, and check for events that must not happen after a later wake-up or after the join.
#include "tailrace/timer.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <system_error>
#include <thread>
#include <vector>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;
using time_point = timer_thread::time_point;

constexpr time_point past{};        // the boot, or something as old
constexpr unsigned patience = 120;  // seconds until SIGALRM ends a program that hangs

/// Counts its wake-ups; others wait for them.
class counting_waker {
  public:
    [[nodiscard]] tailrace::waker waker() {
        return {[](void* self) noexcept { static_cast<counting_waker*>(self)->ring(); }, this};
    }
    void ring() {
        const std::lock_guard guard(mutex_);
        ++rung_;
        changed_.notify_all();
    }
    void wait_for(std::size_t rings) {
        std::unique_lock guard(mutex_);
        changed_.wait(guard, [&] { return rung_ >= rings; });
    }
    [[nodiscard]] std::size_t rung() {
        const std::lock_guard guard(mutex_);
        return rung_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t rung_ = 0;
};

/// Keeps the clock's thread inside a wake-up until it is opened: what is armed meanwhile is all
/// there when the thread comes back.
class gate {
  public:
    explicit gate(timer_thread& clock) {
        timer_.arm(clock, past,
                   {[](void* self) noexcept {
                        auto* g = static_cast<gate*>(self);
                        g->entered_.ring();
                        g->opened_.wait_for(1);
                        g->left_.ring();
                    },
                    this});
        entered_.wait_for(1);
    }
    ~gate() {
        open();
        left_.wait_for(1);
    }
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;

    void open() { opened_.ring(); }
    [[nodiscard]] bool disarm() { return timer_.disarm(); }

  private:
    counting_waker entered_, opened_, left_;
    timer_thread::timer timer_;
};

/// Returns when everything that was due before this call has been called.
void settle(timer_thread& clock) {
    counting_waker last;
    timer_thread::timer timer;
    timer.arm(clock, clock.now(), last.waker());
    last.wait_for(1);
}

TEST(timer_thread, wakes_in_order_of_deadline_and_then_of_arming) {
    struct entry {
        std::vector<int>* order;
        int name;
        timer_thread::timer timer;
    };
    std::vector<int> order;
    counting_waker last;
    timer_thread clock;
    {
        gate g(clock);
        // The wanted place of each; the last two are not due yet, or only just.
        const time_point soon = clock.now() + 1ms;
        const std::vector<time_point> deadlines{past + 5ns, past + 1ns, soon,       past + 3ns,
                                                past + 1ns, past + 4ns, past + 1ns, soon + 1ns};
        const std::vector<int> wanted{1, 4, 6, 3, 5, 0, 2, 7};
        std::vector<std::unique_ptr<entry>> entries;
        for (int i = 0; i < 8; ++i) {
            entries.push_back(std::make_unique<entry>(&order, i));
            entries.back()->timer.arm(clock, deadlines[static_cast<std::size_t>(i)],
                                      {[](void* p) noexcept {
                                           auto* e = static_cast<entry*>(p);
                                           e->order->push_back(e->name);
                                       },
                                       entries.back().get()});
        }
        timer_thread::timer end;
        end.arm(clock, soon + 2ns, last.waker());
        g.open();
        last.wait_for(1);
        EXPECT_EQ(order, wanted);
    }
}

TEST(timer_thread, wakes_on_one_thread_of_its_own) {
    struct context {
        std::thread::id id;
        counting_waker done;
    } first, second;
    const auto ring = [](void* p) noexcept {
        auto* c = static_cast<context*>(p);
        c->id = std::this_thread::get_id();
        c->done.ring();
    };
    timer_thread clock;
    timer_thread::timer one, two;
    one.arm(clock, past, {ring, &first});
    first.done.wait_for(1);
    two.arm(clock, clock.now() + 1ms, {ring, &second});
    second.done.wait_for(1);
    EXPECT_NE(first.id, std::this_thread::get_id());
    EXPECT_EQ(first.id, second.id);
}

TEST(timer_thread, disarmed_in_time_it_stays_silent) {
    counting_waker silent;
    timer_thread clock;
    timer_thread::timer timer, far;
    EXPECT_TRUE(timer.disarm()) << "nothing was armed";
    far.arm(clock, clock.now() + 10h, silent.waker());
    {
        gate g(clock);
        timer.arm(clock, past, silent.waker());
        EXPECT_TRUE(timer.disarm());
        EXPECT_TRUE(timer.disarm()) << "the second time nothing is armed";
    }
    settle(clock);
    EXPECT_TRUE(far.disarm());
    EXPECT_EQ(silent.rung(), 0u);
}

TEST(timer_thread, disarmed_too_late_it_says_so_once) {
    counting_waker rung;
    timer_thread clock;
    timer_thread::timer timer;
    timer.arm(clock, clock.now() + 1ms, rung.waker());
    rung.wait_for(1);
    EXPECT_FALSE(timer.disarm());
    EXPECT_TRUE(timer.disarm());
}

TEST(timer_thread, disarm_does_not_wait_for_a_wake_up_that_is_on_its_way) {
    timer_thread clock;
    gate g(clock);
    EXPECT_FALSE(g.disarm());
}

TEST(timer_thread, armed_again_it_wakes_the_new_waker_only) {
    counting_waker before, after;
    timer_thread clock;
    timer_thread::timer timer;
    {
        gate g(clock);
        timer.arm(clock, past, before.waker());
        timer.arm(clock, past, after.waker());
    }
    after.wait_for(1);
    EXPECT_EQ(before.rung(), 0u);
}

TEST(timer_thread, once_fired_it_is_silent_until_it_is_disarmed) {
    counting_waker first, silent, again;
    timer_thread clock;
    timer_thread::timer timer;
    timer.arm(clock, past, first.waker());
    first.wait_for(1);
    timer.arm(clock, past, silent.waker());
    settle(clock);
    EXPECT_EQ(silent.rung(), 0u);
    EXPECT_FALSE(timer.disarm());
    timer.arm(clock, clock.now() + 1ms, again.waker());
    again.wait_for(1);
    EXPECT_EQ(first.rung(), 1u);
}

TEST(timer_thread, armed_anew_after_a_disarm_it_has_the_new_deadline) {
    counting_waker far, near;
    timer_thread clock;
    timer_thread::timer timer;
    timer.arm(clock, clock.now() + 10h, far.waker());
    EXPECT_TRUE(timer.disarm());
    timer.arm(clock, clock.now() + 1ms, near.waker());
    near.wait_for(1);
    EXPECT_FALSE(timer.disarm());
    EXPECT_EQ(far.rung(), 0u);
}

TEST(timer_thread, a_destroyed_timer_is_disarmed) {
    counting_waker silent;
    timer_thread clock;
    {
        gate g(clock);
        for (int i = 0; i < 10; ++i) {
            auto timer = std::make_unique<timer_thread::timer>();
            timer->arm(clock, past, silent.waker());
        }
    }
    settle(clock);
    EXPECT_EQ(silent.rung(), 0u);
}

TEST(timer_thread, an_earlier_deadline_wakes_the_thread_from_a_longer_sleep) {
    // If it did not, one of these rounds would find the thread asleep for hours.
    counting_waker far, near;
    timer_thread clock;
    timer_thread::timer sleep, timer;
    sleep.arm(clock, clock.now() + 10h, far.waker());
    for (std::size_t round = 1; round <= 500; ++round) {
        timer.arm(clock, round % 2 == 0 ? past : clock.now() + 1ms, near.waker());
        near.wait_for(round);
        EXPECT_FALSE(timer.disarm());
    }
    EXPECT_TRUE(sleep.disarm());
    EXPECT_EQ(far.rung(), 0u);
}

TEST(timer_thread, no_deadline_arms_nothing_and_the_furthest_one_does_no_harm) {
    counting_waker silent, rung;
    timer_thread clock;
    timer_thread::timer none, furthest, soon;
    furthest.arm(clock, time_point::max() - timer_thread::duration(1), silent.waker());
    none.arm(clock, time_point::max(), silent.waker());
    settle(clock);
    soon.arm(clock, clock.now() + 1ms, rung.waker());
    rung.wait_for(1);
    EXPECT_TRUE(furthest.disarm());
    none.arm(clock, past, rung.waker());
    rung.wait_for(2);
    EXPECT_EQ(silent.rung(), 0u);
}

TEST(timer_thread, a_waker_may_destroy_its_timer_and_arm_and_disarm_others) {
    struct context {
        timer_thread& clock;
        std::unique_ptr<timer_thread::timer> own = std::make_unique<timer_thread::timer>();
        timer_thread::timer next{}, prevented{};
        counting_waker rung{}, silent{};
        bool in_time = false;
    };
    timer_thread clock;
    context ctx{clock};
    {
        gate g(clock);
        ctx.own->arm(clock, past,
                     {[](void* p) noexcept {
                          auto* c = static_cast<context*>(p);
                          c->own.reset();
                          c->in_time = c->prevented.disarm();
                          c->next.arm(c->clock, past, c->rung.waker());
                      },
                      &ctx});
        ctx.prevented.arm(clock, past, ctx.silent.waker());
    }
    ctx.rung.wait_for(1);
    EXPECT_TRUE(ctx.in_time);
    EXPECT_EQ(ctx.silent.rung(), 0u);
}

TEST(timer_thread, timers_that_outlive_it_never_fire_and_may_be_used_again) {
    counting_waker rung, silent, again;
    timer_thread::timer fired, armed, due, destroyed;
    {
        auto clock = std::make_unique<timer_thread>();
        fired.arm(*clock, past, rung.waker());
        rung.wait_for(1);
        armed.arm(*clock, clock->now() + 10h, silent.waker());
        destroyed.arm(*clock, clock->now() + 10h, silent.waker());
    }
    EXPECT_FALSE(fired.disarm());
    EXPECT_TRUE(armed.disarm());
    timer_thread other;
    armed.arm(other, past, again.waker());
    destroyed.arm(other, past, again.waker());
    again.wait_for(2);
    EXPECT_EQ(silent.rung(), 0u);
}

TEST(timer_thread, its_destructor_waits_for_the_wake_up_that_runs) {
    auto clock = std::make_unique<timer_thread>();
    struct context {
        timer_thread& clock;
        counting_waker entered{}, silent{};
        timer_thread::timer behind{};
        bool left = false;
    } ctx{*clock};
    timer_thread::timer timer;
    timer.arm(*clock, past,
              {[](void* p) noexcept {
                   auto* c = static_cast<context*>(p);
                   c->entered.ring();
                   // So that the destructor has probably begun; nothing tells when it has.
                   std::this_thread::sleep_for(20ms);
                   c->behind.arm(c->clock, c->clock.now() + 10h, c->silent.waker());
                   c->left = true;
               },
               &ctx});
    ctx.entered.wait_for(1);
    clock.reset();
    EXPECT_TRUE(ctx.left);
    EXPECT_TRUE(ctx.behind.disarm());
    EXPECT_EQ(ctx.silent.rung(), 0u);
}

TEST(timer_thread, one_that_nothing_was_armed_on_can_be_destroyed) {
    timer_thread unused;
    timer_thread::timer timer;
    EXPECT_TRUE(timer.disarm());
}

TEST(timer_thread, many_threads_arm_and_disarm) {
    constexpr std::size_t threads = 4;
    constexpr std::size_t rounds = 3'000;
    struct worker {
        counting_waker rung;
        std::size_t came = 0;  // by what disarm said
    };
    std::vector<worker> workers(threads);
    {
        timer_thread clock;
        std::vector<std::jthread> running;
        for (std::size_t t = 0; t < threads; ++t) {
            running.emplace_back([&clock, &self = workers[t], t] {
                std::mt19937_64 random(t);
                timer_thread::timer kept;
                for (std::size_t round = 0; round < rounds; ++round) {
                    std::optional<timer_thread::timer> fresh;
                    timer_thread::timer& timer = round % 2 == 0 ? kept : fresh.emplace();
                    const bool far = random() % 4 == 0;
                    const auto distance = far ? timer_thread::duration(10h) : timer_thread::duration(random() % 50'000);
                    const time_point deadline = clock.now() + distance;
                    timer.arm(clock, deadline, self.rung.waker());
                    if (random() % 2 == 0) timer.arm(clock, deadline, self.rung.waker());
                    const bool waits = !far && random() % 2 == 0;
                    if (waits) self.rung.wait_for(self.came + 1);
                    const bool in_time = timer.disarm();
                    EXPECT_TRUE(far ? in_time : !waits || !in_time);
                    // Its wake-up may still be on its way, and there is another one in its place.
                    if (fresh) fresh.emplace();
                    if (in_time) continue;
                    ++self.came;
                    self.rung.wait_for(self.came);
                }
            });
        }
    }
    for (worker& w : workers) EXPECT_EQ(w.rung.rung(), w.came) << "each wake-up comes or is prevented, never both";
}

constexpr int program_signals[] = {SIGHUP,  SIGINT,  SIGTERM,  SIGALRM, SIGCHLD, SIGUSR1,
                                   SIGUSR2, SIGPIPE, SIGWINCH, SIGURG,  SIGTSTP};

/// The calling thread's mask blocks the signals for the program that are said, and no other of these, until this is
/// destroyed. Not the mask as it was: what an earlier test did to it would be expected here.
class only_blocked {
  public:
    explicit only_blocked(const std::set<int>& signals) : wanted_(signals) {
        sigset_t mask;
        sigemptyset(&mask);
        for (const int s : signals) sigaddset(&mask, s);
        pthread_sigmask(SIG_SETMASK, &mask, &before_);
    }
    only_blocked(const only_blocked&) = delete;
    only_blocked& operator=(const only_blocked&) = delete;
    ~only_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    void expect_unchanged() const {
        sigset_t now;
        ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &now), 0);
        for (const int s : program_signals) EXPECT_EQ(sigismember(&now, s), wanted_.contains(s) ? 1 : 0) << s;
    }

  private:
    std::set<int> wanted_;
    sigset_t before_;
};

TEST(timer_thread, blocks_the_signals_that_are_for_the_program_and_no_fault_of_its_own) {
    for (const std::set<int>& blocked_here : {std::set<int>{}, {SIGUSR1}, {SIGINT, SIGTERM}}) {
        const only_blocked here(blocked_here);
        struct context {
            sigset_t mask;
            counting_waker done;
        } seen;
        timer_thread clock;
        timer_thread::timer timer;
        timer.arm(clock, past,
                  {[](void* p) noexcept {
                       auto* c = static_cast<context*>(p);
                       pthread_sigmask(SIG_SETMASK, nullptr, &c->mask);
                       c->done.ring();
                   },
                   &seen});
        seen.done.wait_for(1);
        for (const int program : program_signals) EXPECT_EQ(sigismember(&seen.mask, program), 1) << program;
        EXPECT_EQ(sigismember(&seen.mask, SIGRTMIN), 1);
        for (const int fault : {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP})
            EXPECT_EQ(sigismember(&seen.mask, fault), 0) << fault;
        here.expect_unchanged();
    }
}

/// No thread can be started while it lives: none has so much room for its stack.
class no_more_threads {
  public:
    no_more_threads() {
        pthread_getattr_default_np(&before_);
        pthread_attr_t huge;
        pthread_attr_init(&huge);
        pthread_attr_setstacksize(&huge, std::numeric_limits<std::size_t>::max() / 4);
        pthread_setattr_default_np(&huge);
        pthread_attr_destroy(&huge);
    }
    no_more_threads(const no_more_threads&) = delete;
    no_more_threads& operator=(const no_more_threads&) = delete;
    ~no_more_threads() {
        pthread_setattr_default_np(&before_);
        pthread_attr_destroy(&before_);
    }

  private:
    pthread_attr_t before_;
};

TEST(timer_thread, without_a_thread_arm_throws_and_has_changed_nothing_and_the_next_one_tries_again) {
    const only_blocked here({SIGUSR1});
    counting_waker silent, rung;
    timer_thread clock;
    timer_thread::timer timer, other;
    {
        const no_more_threads meanwhile;
        EXPECT_THROW(timer.arm(clock, past, silent.waker()), std::system_error);
        EXPECT_THROW(timer.arm(clock, clock.now() + 10h, silent.waker()), std::system_error);
        EXPECT_NO_THROW(timer.arm(clock, time_point::max(), silent.waker())) << "no deadline needs no thread";
        here.expect_unchanged();
        EXPECT_TRUE(timer.disarm()) << "nothing was armed";
    }
    other.arm(clock, past, rung.waker());
    rung.wait_for(1);
    timer.arm(clock, past, rung.waker());
    rung.wait_for(2);
    EXPECT_FALSE(timer.disarm());
    EXPECT_EQ(silent.rung(), 0u);
}

TEST(timer_thread, one_that_never_had_a_thread_can_be_destroyed) {
    counting_waker silent;
    timer_thread::timer timer;
    {
        timer_thread clock;
        const no_more_threads meanwhile;
        EXPECT_THROW(timer.arm(clock, past, silent.waker()), std::system_error);
    }
    EXPECT_TRUE(timer.disarm());
    EXPECT_EQ(silent.rung(), 0u);
}

TEST(timer_thread, destroyed_by_its_own_thread_it_ends_the_program_with_a_reason) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto destroy = [] {
        auto clock = std::make_unique<timer_thread>();
        timer_thread::timer timer;
        timer.arm(*clock, past,
                  {[](void* p) noexcept { static_cast<std::unique_ptr<timer_thread>*>(p)->reset(); }, &clock});
        for (;;) pause();
    };
    EXPECT_DEATH((alarm(patience), destroy()), "a timer_thread was destroyed by its own thread");
}

TEST(default_timer, is_one_object_that_wakes) {
    EXPECT_EQ(&default_timer(), &default_timer());
    counting_waker rung;
    timer_thread::timer timer;
    timer.arm(default_timer(), default_timer().now() + 1ms, rung.waker());
    rung.wait_for(1);
    EXPECT_FALSE(timer.disarm());
}

// ---- Exit and fork. Each test is a program of its own: gtest starts this one anew for it ("threadsafe").

/// A program that leaves by exit() or _exit() with 0 if everything was as expected.
#define EXPECT_PROGRAM_ENDS_WITH(status, ...)       \
    GTEST_FLAG_SET(death_test_style, "threadsafe"); \
    EXPECT_EXIT((alarm(patience), (__VA_ARGS__)()), testing::ExitedWithCode(status), "")

[[noreturn]] void fail(int line, const char* what) {
    std::fprintf(stderr, "timer_test.cpp:%d: not %s\n", line, what);
    _exit(1);
}
#define CHECK(...) ((__VA_ARGS__) ? void() : fail(__LINE__, #__VA_ARGS__))

bool comes(counting_waker& b) {
    timer_thread::timer timer;
    timer.arm(default_timer(), default_timer().now() + 1ms, b.waker());
    b.wait_for(1);
    return !timer.disarm();
}

pid_t fork_with_an_alarm() {
    const pid_t child = fork();
    if (child == 0) {
        alarm(patience);
        sigset_t alarms;
        sigemptyset(&alarms);
        sigaddset(&alarms, SIGALRM);
        pthread_sigmask(SIG_UNBLOCK, &alarms, nullptr);  // the timer's thread may have forked
    }
    return child;
}

/// The exit status, or -1.
int status_of(pid_t child) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The status of a child that runs this and then leaves by exit(0).
template <class Body>
int in_a_child(Body body) {
    const pid_t child = fork_with_an_alarm();
    if (child == 0) {
        body();
        std::exit(0);
    }
    return status_of(child);
}

/// Static, and made before the timer: it is destroyed after the timer has ended, and looks at what is left.
template <class Look>
struct at_the_end {
    Look look;
    ~at_the_end() { look(); }
};

#if defined(__has_feature)
constexpr bool thread_sanitizer = __has_feature(thread_sanitizer);
constexpr bool address_sanitizer = __has_feature(address_sanitizer);
#else
#if defined(__SANITIZE_THREAD__)
constexpr bool thread_sanitizer = true;
#else
constexpr bool thread_sanitizer = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
constexpr bool address_sanitizer = true;
#else
constexpr bool address_sanitizer = false;
#endif
#endif
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
constexpr bool locks_survive_fork = !address_sanitizer;
#else
constexpr bool locks_survive_fork = true;
#endif
#define SKIP_WITHOUT_THREADS_AFTER_FORK()                                                                              \
    if (thread_sanitizer) GTEST_SKIP() << "ThreadSanitizer ends a child of a program with threads when it starts one"; \
    if (!locks_survive_fork) GTEST_SKIP() << "a child may find a lock of g++ 12's AddressSanitizer taken, for ever"

TEST(default_timer, exit_may_be_called_by_a_waker) {
    EXPECT_PROGRAM_ENDS_WITH(3, [] {
        timer_thread::timer timer;
        timer.arm(default_timer(), past, {[](void*) noexcept { std::exit(3); }, nullptr});
        for (;;) pause();
    });
}

TEST(default_timer, exit_may_be_called_by_a_coroutine_that_a_deadline_resumed) {
    struct detached {
        struct promise_type {
            detached get_return_object() { return {}; }
            std::suspend_never initial_suspend() noexcept { return {}; }
            std::suspend_never final_suspend() noexcept { return {}; }
            void return_void() noexcept {}
            void unhandled_exception() noexcept { std::terminate(); }
        };
    };
    EXPECT_PROGRAM_ENDS_WITH(3, [] {
        static auto ends = channel<int>(1);
        [](auto& rx) -> detached {
            if (!co_await rx.recv_timeout(1ms)) std::exit(3);
        }(ends.second);
        for (;;) pause();
    });
}

TEST(default_timer, exit_waits_for_the_waker_that_runs) {
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        static counting_waker entered;
        static std::atomic<bool> left{false};
        static const at_the_end look{[] { CHECK(left); }};
        timer_thread::timer timer;
        timer.arm(default_timer(), past,
                  {[](void*) noexcept {
                       entered.ring();
                       // So that exit has probably begun; nothing tells when it has.
                       std::this_thread::sleep_for(20ms);
                       left = true;
                   },
                   nullptr});
        entered.wait_for(1);
        std::exit(0);
    });
}

TEST(default_timer, exit_waits_for_what_is_local_to_the_thread) {
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        static std::atomic<bool> gone{false};
        static const at_the_end look{[] { CHECK(gone); }};
        struct slow_to_go {
            ~slow_to_go() {
                std::this_thread::sleep_for(200ms);
                gone = true;
            }
        };
        static counting_waker entered;
        timer_thread::timer timer;
        timer.arm(default_timer(), past,
                  {[](void*) noexcept {
                       thread_local const slow_to_go local;
                       (void)local;
                       entered.ring();
                   },
                   nullptr});
        entered.wait_for(1);
        std::exit(0);
    });
}

TEST(default_timer, a_waker_that_never_returns_does_not_keep_the_program) {
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        static counting_waker entered;
        timer_thread::timer timer;
        timer.arm(default_timer(), past,
                  {[](void*) noexcept {
                       entered.ring();
                       for (;;) pause();
                   },
                   nullptr});
        entered.wait_for(1);
        std::exit(0);
    });
}

/// Armed before exit, and due: one that fires after it would do so before the one that is armed last.
struct late_look {
    counting_waker before, after;
    timer_thread::timer armed;
    ~late_look() {
        CHECK(comes(after));
        CHECK(before.rung() == 0);
        CHECK(armed.disarm());
    }
};

TEST(default_timer, after_exit_nothing_fires_but_what_a_destructor_arms) {
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        static late_look look;
        timer_thread::timer first;
        first.arm(default_timer(), past,
                  {[](void*) noexcept {
                       look.armed.arm(default_timer(), past, look.before.waker());
                       std::exit(0);
                   },
                   nullptr});
        for (;;) pause();
    });
}

TEST(default_timer, a_child_may_exit) {
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        counting_waker used;
        CHECK(comes(used));
        CHECK(in_a_child([] {}) == 0);
        counting_waker again;
        CHECK(comes(again));
        std::exit(0);
    });
}

TEST(default_timer, in_a_child_it_starts_anew) {
    SKIP_WITHOUT_THREADS_AFTER_FORK();
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        counting_waker used;
        CHECK(comes(used));
        CHECK(in_a_child([] {
                  counting_waker b;
                  CHECK(comes(b));
                  CHECK(in_a_child([] {
                            counting_waker in_a_grandchild;
                            CHECK(comes(in_a_grandchild));
                        }) == 0);
              }) == 0);
        std::exit(0);
    });
}

TEST(default_timer, what_other_threads_armed_does_not_fire_in_the_child) {
    SKIP_WITHOUT_THREADS_AFTER_FORK();
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        std::atomic<int> theirs = 0;
        timer_thread::timer other, own;
        const time_point soon = default_timer().now() + 200ms;
        std::jthread([&] {
            other.arm(default_timer(), soon, {[](void* n) noexcept { ++*static_cast<std::atomic<int>*>(n); }, &theirs});
        }).join();
        CHECK(in_a_child([&] {
                  counting_waker mine;
                  const int before = theirs;  // 0, unless the machine is very slow
                  own.arm(default_timer(), soon + 1ns, mine.waker());
                  mine.wait_for(1);
                  CHECK(theirs == before);
              }) == 0);
        CHECK(in_a_child([&] { (void)other.disarm(); }) == 0);
        std::exit(0);
    });
}

TEST(default_timer, what_is_armed_fires_in_the_child_and_in_the_parent) {
    SKIP_WITHOUT_THREADS_AFTER_FORK();
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        counting_waker near, far;
        timer_thread::timer soon, late;
        late.arm(default_timer(), default_timer().now() + 10h, far.waker());
        soon.arm(default_timer(), default_timer().now() + 200ms, near.waker());
        CHECK(in_a_child([&] {
                  near.wait_for(1);
                  CHECK(!soon.disarm());
                  CHECK(late.disarm());
              }) == 0);
        near.wait_for(1);
        CHECK(late.disarm() && far.rung() == 0);
        std::exit(0);
    });
}

TEST(default_timer, a_waker_may_fork) {
    SKIP_WITHOUT_THREADS_AFTER_FORK();
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        static std::atomic<bool> done{false};
        timer_thread::timer timer;
        timer.arm(default_timer(), past,
                  {[](void*) noexcept {
                       // Here the child has no other thread than this one.
                       CHECK(in_a_child([] {
                                 counting_waker b;
                                 CHECK(comes(b));
                                 // By exit() LeakSanitizer would report what only the stack of the
                                 // parent's main thread pointed to.
                                 _exit(0);
                             }) == 0);
                       done = true;
                       done.notify_one();
                   },
                   nullptr});
        done.wait(false);
        counting_waker after;
        CHECK(comes(after));
        std::exit(0);
    });
}

TEST(default_timer, a_child_made_by_a_waker_ends_when_that_waker_returns) {
    // The child leaves by the end of a thread that was not its parent's first: ThreadSanitizer has taken that thread
    // down when exit begins, and crashes; LeakSanitizer does not see the stack of the parent's first thread, and
    // reports what it pointed to.
    if (thread_sanitizer || address_sanitizer) GTEST_SKIP() << "no sanitizer follows the end of this child";
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        static std::atomic<bool> done{false};
        timer_thread::timer timer;
        timer.arm(default_timer(), past,
                  {[](void*) noexcept {
                       const pid_t child = fork_with_an_alarm();
                       if (child == 0) return;  // it has no other thread
                       CHECK(status_of(child) == 0);
                       done = true;
                       done.notify_one();
                   },
                   nullptr});
        done.wait(false);
        std::exit(0);
    });
}

TEST(default_timer, a_program_may_fork_while_other_threads_arm_and_disarm) {
    SKIP_WITHOUT_THREADS_AFTER_FORK();
    EXPECT_PROGRAM_ENDS_WITH(0, [] {
        std::atomic<bool> over{false};
        std::jthread arming([&] {
            counting_waker silent;
            timer_thread::timer timer;
            for (int i = 0; !over; ++i) {
                timer.arm(default_timer(), default_timer().now() + (i % 2 == 0 ? 10h : 1us), silent.waker());
                if (!timer.disarm()) silent.wait_for(1);
            }
        });
        for (int round = 0; round < 100; ++round) {
            CHECK(in_a_child([] {
                      counting_waker b;
                      CHECK(comes(b));
                      _exit(0);
                  }) == 0);
        }
        over = true;
        arming.join();
        std::exit(0);
    });
}

}  // namespace
}  // namespace tailrace
