// Litmus tests of outcomes that C++ allows and the search does not find.
#include "litmus/litmus.hpp"

namespace tailrace::relacy::litmus {
namespace {

/// Before C++20 a later store of the same thread, of any order, was part of the release sequence.
class store_after_release : public test {
  public:
    static constexpr const char* name = "unseen.relaxed_store_after_release";

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            y_.store(1, release);
            y_.store(2, relaxed);
        } else {
            read_[0] = y_.load(acquire);
            read_[1] = x_.load(relaxed);
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 2 && read_[1] == 0; }
};

/// A load that sees a later store.
class load_buffering : public test {
  public:
    static constexpr const char* name = "unseen.load_buffering";

    void thread(unsigned index) override {
        read_[index] = (index == 0 ? x_ : y_).load(relaxed);
        (index == 0 ? y_ : x_).store(1, relaxed);
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 1 && read_[1] == 1; }
};

/// Two threads write to two locations in opposite orders, and each location keeps the first write.
class two_writes_each : public test {
  public:
    static constexpr const char* name = "unseen.two_writes_each";

    void thread(unsigned index) override {
        (index == 0 ? x_ : y_).store(1, relaxed);
        (index == 0 ? y_ : x_).store(2, relaxed);
    }
    void finish() override {
        read_[0] = x_.load(relaxed);
        read_[1] = y_.load(relaxed);
        test::finish();
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 1 && read_[1] == 1; }
};

/// A compare-exchange that fails because it reads a stale value, which a load could read.
class stale_failure : public test {
  public:
    static constexpr const char* name = "unseen.stale_value_in_failed_exchange";

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            y_.store(1, relaxed);
        } else {
            read_[0] = y_.load(relaxed);
            read_[1] = 5;  // is never stored, so it fails
            (void)x_.compare_exchange_strong(read_[1], 6, relaxed, relaxed);
        }
    }
};

/// A load that sees a value although so many newer ones exist.
template <unsigned Newer>
class stale_value : public test {
  public:
    void thread(unsigned index) override {
        if (index == 0) {
            for (unsigned v = 1; v <= Newer; ++v) x_.store(v, relaxed);
            y_.store(1, relaxed);
        } else {
            read_[0] = y_.load(relaxed);
            read_[1] = x_.load(relaxed);
        }
    }
};
struct three_back : stale_value<3> {
    static constexpr const char* name = "unseen.value_three_back";
};
/// The search finds this one.
struct two_back : stale_value<2> {
    static constexpr const char* name = "stale_value.two_back";
};

/// A seq_cst load that misses a seq_cst store: an acquire load before it has seen another seq_cst store, which the
/// thread of the missed one does not see. With seq_cst instead of acquire there would be no order of the five.
class acquire_then_seq_cst : public test {
  public:
    static constexpr const char* name = "unseen.acquire_then_seq_cst";
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, seq_cst);
        } else if (index == 1) {
            read_[0] = x_.load(acquire);
            read_[1] = y_.load(seq_cst);
        } else {
            y_.store(1, seq_cst);
            read_[2] = x_.load(seq_cst);
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 1 && read_[1] == 0 && read_[2] == 0; }
};

/// A relaxed store that is seen before the seq_cst store in front of it.
class relaxed_after_seq_cst : public test {
  public:
    static constexpr const char* name = "unseen.relaxed_after_seq_cst";

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, seq_cst);
            y_.store(1, relaxed);
        } else {
            read_[0] = y_.load(seq_cst);
            read_[1] = x_.load(seq_cst);
        }
    }
};

/// A race on data that is neither `plain` nor `cell`: the search always reads the last write.
class ordinary_data : public test {
  public:
    static constexpr const char* name = "unseen.race_on_ordinary_data";

    void thread(unsigned index) override {
        if (index == 0) {
            data_ = 1;
            x_.store(1, relaxed);
        } else {
            read_[0] = x_.load(relaxed);
            read_[1] = data_;
        }
    }

  private:
    unsigned data_ = 0;
};

[[maybe_unused]] const bool enrolled =
    enroll<store_after_release>(sight::blind) && enroll<load_buffering>(sight::blind) &&
    enroll<two_writes_each>(sight::blind) && enroll<stale_failure>(sight::blind) && enroll<three_back>(sight::blind) &&
    enroll<acquire_then_seq_cst>(sight::blind) && enroll<relaxed_after_seq_cst>(sight::blind) &&
    enroll<ordinary_data>(sight::blind) && enroll<two_back>(sight::seen);

}  // namespace
}  // namespace tailrace::relacy::litmus
