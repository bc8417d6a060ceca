// Litmus tests of the parts of the seam that this project's channels do not use directly. They exist for other
// channels.
#include <chrono>
#include <mutex>

#include "litmus/litmus.hpp"

namespace tailrace::relacy::litmus {
namespace {

// ---- The default order is seq_cst

struct store_buffering_default : test {
    static constexpr const char* name = "seam.default_order";

    void thread(unsigned index) override {
        (index == 0 ? a_ : b_).store(1);
        read_[index] = (index == 0 ? b_ : a_).load();
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 0 && read_[1] == 0; }

  private:
    relacy_platform::std_atomic<unsigned> a_{0};
    relacy_platform::std_atomic<unsigned> b_{0};
};

/// Every operation with its default order, one after the other, without interference.
struct defaults : test {
    static constexpr const char* name = "seam.default_operations";

    void thread(unsigned index) override {
        if (index == 0) {
            a_.store(1);
            a_.notify_one();
            return;
        }
        a_.wait(0);
        unsigned two = 2;
        const bool right = a_.exchange(3) == 1 && a_.fetch_add(4) == 3 && a_.fetch_sub(1) == 7 &&
                           a_.fetch_and(4) == 6 && a_.fetch_or(1) == 4 && a_.fetch_xor(7) == 5 &&
                           a_.compare_exchange_strong(two, 9) && a_.load() == 9;
        unsigned other = 8;
        const bool failed = !a_.compare_exchange_weak(other, 1) && other == 9;
        read_[0] = right && failed ? 0 : 1;
    }

  private:
    relacy_platform::std_atomic<unsigned> a_{0};
};

/// A weak compare-exchange may fail spuriously, a strong one never does.
template <bool Weak>
class exchange : public test {
  public:
    void thread(unsigned index) override {
        if (index == 0) return;
        unsigned expected = 0;
        const bool done =
            Weak ? x_.compare_exchange_weak(expected, 1, acq_rel) : x_.compare_exchange_strong(expected, 1, acq_rel);
        read_[0] = done ? 0 : 1;
    }
};
struct exchange_weak : exchange<true> {
    static constexpr const char* name = "seam.weak_exchange";
};
struct exchange_strong : exchange<false> {
    static constexpr const char* name = "seam.strong_exchange";
};

// ---- Fences

/// A flag and the data that it guards, with fences and relaxed accesses.
template <bool Reader>
class fences : public test {
  public:
    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            relacy_platform::fence(release);
            y_.store(1, relaxed);
        } else {
            read_[0] = y_.load(relaxed);
            if (Reader) relacy_platform::fence(acquire);
            read_[1] = x_.load(relaxed);
        }
    }
};
struct fences_on_both_sides : fences<true> {
    static constexpr const char* name = "seam.fences";
};
struct fence_on_one_side : fences<false> {
    static constexpr const char* name = "seam.one_fence";
};

/// Store buffering, seq_cst accesses on one side, a fence on the other. C++ forbids the outcome.
struct fence_against_accesses : test {
    static constexpr const char* name = "imagined.fence_against_seq_cst";

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, seq_cst);
            read_[0] = y_.load(seq_cst);
        } else {
            y_.store(1, relaxed);
            relacy_platform::fence(seq_cst);
            read_[1] = x_.load(relaxed);
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 0 && read_[1] == 0; }
};

// ---- Sleeping in an atomic

/// A store before the change that ends the sleep is visible afterwards. Two threads sleep; `Notify`: both are notified.
template <std::memory_order Order, bool Notify>
class sleep_in_atomic : public test {
  public:
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            y_.store(1, release);
            if (Notify) y_.notify_all();
        } else {
            y_.wait(0, Order);
            read_[2 * index - 2] = 1;
            read_[2 * index - 1] = x_.load(relaxed);
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override {
        return (read_[0] == 1 && read_[1] == 0) || (read_[2] == 1 && read_[3] == 0);
    }
};
struct sleep_acquire : sleep_in_atomic<acquire, true> {
    static constexpr const char* name = "seam.sleep_acquire";
};
struct sleep_relaxed : sleep_in_atomic<relaxed, true> {
    static constexpr const char* name = "seam.sleep_relaxed";
};
struct sleep_without_notify : sleep_in_atomic<acquire, false> {
    static constexpr const char* name = "seam.sleep_without_notify";
};

/// Two threads sleep, one is notified.
struct sleep_notify_one : test {
    static constexpr const char* name = "seam.notify_one_of_two";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            y_.store(1, release);
            y_.notify_one();
        } else {
            y_.wait(0, acquire);
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override { return false; }
};

// ---- try_lock, and a condition variable

/// `Fails`: the outcome is a failed attempt. Otherwise it is an intermediate value, which a successful one must not
/// see.
template <bool Fails>
class attempt : public test {
  public:
    void thread(unsigned index) override {
        const std::unique_lock guard =
            index == 0 ? std::unique_lock(mutex_) : std::unique_lock(mutex_, std::try_to_lock);
        if (index == 0) {
            written_.store(1);
            written_.store(0);
        } else {
            read_[0] = guard ? 0 : 1;
            read_[2] = guard ? written_.load() : 0;
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override { return Fails ? read_[0] == 1 : read_[2] == 1; }

  private:
    relacy_platform::mutex mutex_;
    plain written_{0};
};
struct attempt_fails : attempt<true> {
    static constexpr const char* name = "seam.try_lock_fails";
};
struct attempt_succeeds : attempt<false> {
    static constexpr const char* name = "seam.try_lock_excludes";
};

/// A wait for a flag under a mutex. `Deadline`: the wait may time out, and the search finds that.
template <bool Deadline>
class condition : public test {
  public:
    void thread(unsigned index) override {
        std::unique_lock guard(mutex_);
        if (index == 0) {
            flag_.store(1);
            variable_.notify_one();
        } else if (Deadline) {
            read_[0] = variable_.wait_for(guard, std::chrono::seconds(1), [&] { return flag_.load() == 1; }) ? 0 : 1;
        } else {
            variable_.wait(guard, [&] { return flag_.load() == 1; });
            read_[0] = 1 - flag_.load();
        }
    }

  private:
    relacy_platform::mutex mutex_;
    relacy_platform::condition_variable variable_;
    plain flag_{0};
};
struct condition_met : condition<false> {
    static constexpr const char* name = "seam.condition";
};
struct condition_given_up : condition<true> {
    static constexpr const char* name = "seam.condition_given_up";
};

// ---- Thread-local objects

/// No thread sees the object of another thread or of an earlier execution.
struct of_each_thread : test {
    static constexpr const char* name = "seam.of_each_thread";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        unsigned& mine = relacy_platform::of_this_thread<unsigned>();
        mine += index + 1;
        (void)x_.load(relaxed);
        if (mine != index + 1 || &mine != &relacy_platform::of_this_thread<unsigned>()) read_[0] = 1;
    }
};

[[maybe_unused]] const bool enrolled =
    enroll<store_buffering_default>(sight::forbidden) && enroll<defaults>(sight::forbidden) &&
    enroll<exchange_weak>(sight::seen) && enroll<exchange_strong>(sight::forbidden) &&
    enroll<fences_on_both_sides>(sight::forbidden) && enroll<fence_on_one_side>(sight::seen) &&
    enroll<fence_against_accesses>(sight::imagined) && enroll<sleep_acquire>(sight::forbidden) &&
    enroll<sleep_relaxed>(sight::seen) && enroll<sleep_without_notify>(sight::deadlock) &&
    enroll<sleep_notify_one>(sight::deadlock) && enroll<attempt_fails>(sight::seen) &&
    enroll<attempt_succeeds>(sight::forbidden) && enroll<condition_met>(sight::forbidden) &&
    enroll<condition_given_up>(sight::seen) && enroll<of_each_thread>(sight::forbidden);

}  // namespace
}  // namespace tailrace::relacy::litmus
