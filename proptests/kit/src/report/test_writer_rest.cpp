// The fixed part of a generated test of concurrent tasks: tasks that sleep, and their quiescence.
//
// A lost wake-up shows at quiescence and only there: every sleeping task polls once more, and no poll may be ready. No
// timeouts are involved. After a change here run: ci/test -L proptests -R regression
#include "report/test_writer.hpp"

namespace tailrace::verify {

const std::string_view tasks_class =
    R"(    // Tasks that sleep until they are woken, and their quiescence: each sleeps or is done.
    class tasks {
      public:
        struct sleeper {
            tasks* of;
            bool asleep = false;
            bool woken = false;
            tailrace::waker waker() {
                return {[](void* s) noexcept { static_cast<sleeper*>(s)->wake(); }, this};
            }
            void wake() {
                const std::lock_guard guard(of->mutex_);
                if (of->resting_) return;
                if (asleep && !woken) ++of->running_;
                woken = true;
                of->changed_.notify_all();
            }
        };
        explicit tasks(int count) : running_(count) {}
        sleeper& add_sleeper() {
            const std::lock_guard guard(mutex_);
            return all_.emplace_back(this);
        }
        // Until it is woken; false if all tasks are quiescent instead.
        bool sleep(sleeper& me) {
            std::unique_lock guard(mutex_);
            me.asleep = true;
            if (!me.woken) {
                --running_;
                changed_.notify_all();
                changed_.wait(guard, [&] { return me.woken || resting_; });
            }
            if (!me.woken) return false;
            me.asleep = me.woken = false;
            return true;
        }
        // At quiescence, after every sleeping task has polled once more; none should be ready.
        void leave(bool answered) {
            std::unique_lock guard(mutex_);
            forgotten_ |= answered;
            --sleepers_;
            changed_.notify_all();
            changed_.wait(guard, [&] { return sleepers_ == 0; });
        }
        void done() {
            const std::lock_guard guard(mutex_);
            --running_;
            changed_.notify_all();
        }
        void rest() {
            std::unique_lock guard(mutex_);
            changed_.wait(guard, [&] { return running_ == 0; });
            for (const sleeper& s : all_) sleepers_ += s.asleep ? 1 : 0;
            resting_ = true;
            changed_.notify_all();
        }
        // From then on no task waits any more.
        [[nodiscard]] bool resting() {
            const std::lock_guard guard(mutex_);
            return resting_;
        }
        [[nodiscard]] bool forgotten() const { return forgotten_; }

      private:
        std::mutex mutex_;
        std::condition_variable changed_;
        std::list<sleeper> all_;  // for good: a wake-up may come late
        int running_;
        int sleepers_ = 0;
        bool resting_ = false;
        bool forgotten_ = false;
    };
)";

const std::string_view wait_lambda = R"(        const auto wait = [&all](auto op) {
            tasks::sleeper& me = all.add_sleeper();
            if (all.resting()) return decltype(op.poll(me.waker()))();
            auto result = op.poll(me.waker());
            while (!result && all.sleep(me)) result = op.poll(me.waker());
            if (!result) all.leave(op.poll(me.waker()).has_value());
            return result;
        };
)";

}  // namespace tailrace::verify
