// Litmus tests of outcomes that the search finds, each next to a forbidden outcome that it must not find.
#include "litmus/litmus.hpp"

namespace tailrace::relacy::litmus {
namespace {

/// A flag, and the data that it guards.
template <std::memory_order Store, std::memory_order Load>
class message_passing : public test {
  public:
    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            y_.store(1, Store);
        } else {
            read_[0] = y_.load(Load);
            read_[1] = x_.load(relaxed);
        }
    }
};
struct message_passing_ordered : message_passing<release, acquire> {
    static constexpr const char* name = "message_passing.release_acquire";
};
struct message_passing_no_release : message_passing<relaxed, acquire> {
    static constexpr const char* name = "message_passing.relaxed_acquire";
};
struct message_passing_no_acquire : message_passing<release, relaxed> {
    static constexpr const char* name = "message_passing.release_relaxed";
};

/// Each thread stores, then loads the location that the other thread stores to.
template <std::memory_order Store, std::memory_order Load>
class store_buffering : public test {
  public:
    void thread(unsigned index) override {
        word& mine = index == 0 ? x_ : y_;
        mine.store(1, Store);
        read_[index] = (index == 0 ? y_ : x_).load(Load);
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 0 && read_[1] == 0; }
};
struct store_buffering_acquire : store_buffering<release, acquire> {
    static constexpr const char* name = "store_buffering.release_acquire";
};
struct store_buffering_seq_cst : store_buffering<seq_cst, seq_cst> {
    static constexpr const char* name = "store_buffering.seq_cst";
};

/// Two readers see two independent writes in opposite orders.
template <std::memory_order Store, std::memory_order Load>
class independent_reads : public test {
  public:
    static constexpr unsigned threads = 4;

    void thread(unsigned index) override {
        switch (index) {
            case 0: x_.store(1, Store); break;
            case 1: y_.store(1, Store); break;
            case 2:
                read_[0] = x_.load(Load);
                read_[1] = y_.load(Load);
                break;
            default:
                read_[2] = y_.load(Load);
                read_[3] = x_.load(Load);
                break;
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override {
        return read_[0] == 1 && read_[1] == 0 && read_[2] == 1 && read_[3] == 0;
    }
};
struct independent_reads_acquire : independent_reads<release, acquire> {
    static constexpr const char* name = "independent_reads.release_acquire";
};
struct independent_reads_seq_cst : independent_reads<seq_cst, seq_cst> {
    static constexpr const char* name = "independent_reads.seq_cst";
};

/// A release, a change by another thread, and a third thread that reads the change. A read-modify-write of any order
/// continues the release sequence; a store of another thread ends it.
template <bool ByStore>
class release_sequence : public test {
  public:
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            y_.store(1, release);
        } else if (index == 1) {
            if constexpr (ByStore) {
                if (y_.load(relaxed) == 1) y_.store(2, relaxed);
            } else {
                unsigned one = 1;
                (void)y_.compare_exchange_strong(one, 2, relaxed, relaxed);
            }
        } else {
            read_[0] = y_.load(acquire);
            read_[1] = x_.load(relaxed);
        }
    }

  protected:
    [[nodiscard]] bool came_out() const override { return read_[0] == 2 && read_[1] == 0; }
};
struct release_sequence_continued : release_sequence<false> {
    static constexpr const char* name = "release_sequence.read_modify_write";
};
struct release_sequence_ended : release_sequence<true> {
    static constexpr const char* name = "release_sequence.store_of_another_thread";
};

/// The order of a read-modify-write in the middle of a chain of flags.
template <std::memory_order Order>
class handing_on : public test {
  public:
    static constexpr unsigned threads = 3;

    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            y_.store(1, release);
        } else if (index == 1) {
            if (y_.exchange(2, Order) == 1) z_.store(1, release);
        } else {
            read_[0] = z_.load(acquire);
            read_[1] = x_.load(relaxed);
        }
    }

  private:
    word z_{0};
};
struct handing_on_acquire : handing_on<acquire> {
    static constexpr const char* name = "handing_on.acquire";
};
struct handing_on_release : handing_on<release> {
    static constexpr const char* name = "handing_on.release";
};

/// The failure order of a compare-exchange.
template <std::memory_order Failure>
class failed_exchange : public test {
  public:
    void thread(unsigned index) override {
        if (index == 0) {
            x_.store(1, relaxed);
            y_.store(1, release);
        } else {
            (void)y_.compare_exchange_strong(read_[0], 0, acquire, Failure);
            read_[1] = x_.load(relaxed);
        }
    }
};
struct failed_exchange_acquire : failed_exchange<acquire> {
    static constexpr const char* name = "failed_exchange.acquire";
};
struct failed_exchange_relaxed : failed_exchange<relaxed> {
    static constexpr const char* name = "failed_exchange.relaxed";
};

[[maybe_unused]] const bool enrolled =
    enroll<message_passing_ordered>(sight::forbidden) && enroll<message_passing_no_release>(sight::seen) &&
    enroll<message_passing_no_acquire>(sight::seen) && enroll<store_buffering_acquire>(sight::seen) &&
    enroll<store_buffering_seq_cst>(sight::forbidden) && enroll<independent_reads_acquire>(sight::seen) &&
    enroll<independent_reads_seq_cst>(sight::forbidden) && enroll<release_sequence_continued>(sight::forbidden) &&
    enroll<release_sequence_ended>(sight::seen) && enroll<handing_on_acquire>(sight::forbidden) &&
    enroll<handing_on_release>(sight::seen) && enroll<failed_exchange_acquire>(sight::forbidden) &&
    enroll<failed_exchange_relaxed>(sight::seen);

}  // namespace
}  // namespace tailrace::relacy::litmus
