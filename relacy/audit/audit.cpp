// Implements the audit. First every search runs unchanged and records which operations it executes. Then each order is
// weakened by a step, in a child process, because a weakened order may make the program crash or hang. There every
// search that executes the operation runs again, the shortest first.
#include "audit/audit.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "audit/unseen_orders.hpp"
#include "kernel/order_seam.hpp"
#include "litmus/litmus.hpp"

namespace tailrace::relacy {
namespace {

/// Time limit of one search in seconds. The longest search takes a few.
constexpr unsigned longest_search = 300;

std::string name_of(const planned_search& s) { return fmt::format("{}/{}", s.what.name, relacy::name_of(s.how.how)); }

/// Records which searches execute which operation.
class coverage {
  public:
    explicit coverage(const std::vector<ordered_operation>& operations)
        : by_(operations.size()), first_(operations.data()) {}

    void note(std::size_t search) {
        for (const noted_place& p : order_seam::noted()) {
            for (std::size_t i = 0; i < by_.size(); ++i) {
                const ordered_operation& o = first_[i];
                const bool here =
                    o.after < p.at && p.at <= o.last() && std::string_view(p.file).ends_with("/tailrace/" + o.file);
                if (here && (by_[i].empty() || by_[i].back() != search)) by_[i].push_back(search);
            }
        }
    }
    [[nodiscard]] const std::vector<std::size_t>& by(const ordered_operation& o) const {
        return by_[static_cast<std::size_t>(&o - first_)];
    }

  private:
    std::vector<std::vector<std::size_t>> by_;
    const ordered_operation* first_;
};

/// A process that runs with a weaker order, and its output: a line for each search, then the outcome.
class child {
  public:
    template <class Work>
    explicit child(Work work) {
        int ends[2];
        if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
        std::fflush(stdout);
        id_ = ::fork();
        if (id_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
        if (id_ == 0) {
            ::close(ends[0]);
            std::FILE* const out = ::fdopen(ends[1], "w");
            work(out);
            std::fclose(out);
            ::_exit(0);
        }
        ::close(ends[1]);
        std::FILE* const in = ::fdopen(ends[0], "r");
        for (int c = std::fgetc(in); c != EOF; c = std::fgetc(in)) said_ += static_cast<char>(c);
        std::fclose(in);
        while (::waitpid(id_, &status_, 0) < 0 && errno == EINTR) {
        }
    }
    [[nodiscard]] const std::string& said() const { return said_; }
    [[nodiscard]] int status() const { return status_; }

  private:
    ::pid_t id_ = -1;
    int status_ = 0;
    std::string said_;
};

enum class outcome : unsigned char { killed, survived, unknown };
struct audit_result {
    outcome what = outcome::unknown;
    std::string text;
};

std::string last_line(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    return std::string(text.substr(text.rfind('\n') + 1));
}

audit_result audit_one(const weaker_order& w, const std::vector<planned_search>& searches,
                       const std::vector<std::size_t>& which) {
    const child weakened([&](std::FILE* out) {
        order_seam::weaken({w.as_weakening()});
        for (const std::size_t i : which) {
            fmt::print(out, "{}", name_of(searches[i]));
            std::fflush(out);
            ::alarm(longest_search);
            const search_result found = search(searches[i].what, searches[i].how);
            if (!found.failure.empty()) {
                fmt::print(out, ", {} executions: {}\nkilled", found.executions, found.failure);
                return;
            }
            fmt::print(out, "\n");
        }
        fmt::print(out, "survived");
    });
    const std::string last = last_line(weakened.said());
    if (WIFSIGNALED(weakened.status())) {
        const int signal = WTERMSIG(weakened.status());
        if (signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT)
            return {outcome::killed, fmt::format("{}: crashed ({})", last, ::strsignal(signal))};
        return {outcome::unknown, fmt::format("{}: ended by {}", last, ::strsignal(signal))};
    }
    if (last == "survived") return {outcome::survived, fmt::format("{} searches", which.size())};
    if (last != "killed") return {outcome::unknown, "the process ended without an outcome"};
    const std::string& said = weakened.said();
    const std::string found = last_line(said.substr(0, said.rfind('\n')));
    // The failure says nothing about the channel.
    if (found.contains(unsimulated_orders)) return {outcome::unknown, found};
    return {outcome::killed, found};
}

const unseen_order* explanation_of(const weaker_order& w) {
    for (const unseen_order& u : unseen_orders) {
        if (u.file == w.operation->file && u.weaker == relacy::name_of(w.to) && w.operation->code.contains(u.code)) {
            return &u;
        }
    }
    return nullptr;
}

/// Prints the outcome for one weakened order. True if it is explained.
bool report(const weaker_order& w, const std::vector<planned_search>& searches, const std::vector<std::size_t>& which) {
    const ordered_operation& o = *w.operation;
    fmt::print("{:<34} {:<4} {:<31} {}{} -> {}  ", o.place(), o.number.empty() ? "" : '(' + o.number + ')', o.what,
               w.role == order_role::failure ? "on failure " : "", relacy::name_of(w.from), relacy::name_of(w.to));
    std::fflush(stdout);
    const unseen_order* const explained = explanation_of(w);
    if (which.empty()) {
        fmt::print("NOT REACHED\n");
        return false;
    }
    const audit_result v = audit_one(w, searches, which);
    const bool survived = v.what == outcome::survived;
    if (explained != nullptr && survived) {
        fmt::print("not seen: {}\n", explained->litmus);
        return true;
    }
    if (v.what == outcome::killed) {
        fmt::print("killed by {}{}\n", v.text,
                   explained != nullptr ? ", SO REMOVE ITS ENTRY from unseen_orders.hpp" : "");
        return explained == nullptr;
    }
    fmt::print("{} {}\n", survived ? "SURVIVED" : "UNKNOWN", v.text);
    return false;
}

/// False if an entry of the list matches no operation, or names no litmus test of a blind spot.
bool list_is_sound(const std::vector<weaker_order>& weaker) {
    bool sound = true;
    for (const unseen_order& u : unseen_orders) {
        const auto meant =
            std::ranges::count_if(weaker, [&](const weaker_order& w) { return explanation_of(w) == &u; });
        if (meant == 1 && is_blind_spot(u.litmus)) continue;
        fmt::print("unseen_orders.hpp: {} operations in {} have '{}', and the litmus test is '{}'\n", meant, u.file,
                   u.code, u.litmus);
        sound = false;
    }
    return sound;
}

/// False if an operation that is more than relaxed does not say which row of impl/DESIGN.md gives the reason.
bool all_have_numbers(const std::vector<ordered_operation>& operations) {
    bool all = true;
    for (const ordered_operation& o : operations) {
        if (!o.ordered() || !o.number.empty()) continue;
        fmt::print("{}: {} has no number of impl/DESIGN.md in a comment directly before it\n", o.place(), o.what);
        all = false;
    }
    return all;
}

}  // namespace

const char* name_of(scheduler s) noexcept {
    return s == scheduler::random ? "random" : s == scheduler::stall ? "stall" : "bound";
}

bool audit(const std::vector<ordered_operation>& operations, const std::vector<std::string>& sites,
           const std::vector<planned_search>& searches) {
    std::vector<weaker_order> weaker;
    for (const ordered_operation& o : operations)
        for (const weaker_order& w : weaker_orders(o)) weaker.push_back(w);
    if (!list_is_sound(weaker) || !all_have_numbers(operations)) return false;
    if (!sites.empty()) {
        std::erase_if(weaker, [&](const weaker_order& w) {
            return std::ranges::none_of(sites, [&](const auto& s) { return is_at(*w.operation, s); });
        });
    }

    fmt::print("{} searches with the orders of the sources, then {} weakened orders\n", searches.size(), weaker.size());
    std::fflush(stdout);
    // The number of executions of each search, by which they are sorted later.
    std::vector<std::uint64_t> lengths;
    coverage covered(operations);
    for (std::size_t i = 0; i < searches.size(); ++i) {
        order_seam::note();
        const search_result found = search(searches[i].what, searches[i].how);
        covered.note(i);
        lengths.push_back(found.executions);
        if (found.failure.empty()) continue;
        fmt::print("{} fails with the orders of the sources: {}\n", name_of(searches[i]), found.failure);
        return false;
    }

    unsigned open = 0;
    for (const weaker_order& w : weaker) {
        std::vector<std::size_t> which = covered.by(*w.operation);
        std::ranges::stable_sort(which, {}, [&](std::size_t i) { return lengths[i]; });
        if (!report(w, searches, which)) ++open;
        std::fflush(stdout);
    }
    fmt::print("{} orders weakened, {} unexplained\n", weaker.size(), open);
    return open == 0;
}

}  // namespace tailrace::relacy
