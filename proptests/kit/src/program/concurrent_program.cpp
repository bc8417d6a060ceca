// Concurrent programs: which steps tasks may take, and the generator.
// After a change here run: ctest -L proptests -R 'concurrent|threads'
#include "program/concurrent_program.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::handle;
using model::handle_kind;
using model::step;
using model::verb;

bool consumes(const step& s) {
    switch (s.what) {
        case verb::drop: return true;
        case verb::reserve_owned:
        case verb::try_reserve_owned: return true;
        case verb::send: return s.subject.kind == handle_kind::permit || s.subject.kind == handle_kind::owned_permit;
        case verb::release: return true;
        default: return false;
    }
}

}  // namespace

// ---- The books

const task_books::entry* task_books::find(handle h) const {
    const auto at = std::ranges::find(entries_, h, &entry::name);
    return at == entries_.end() ? nullptr : &*at;
}

void task_books::add(handle h, std::uint32_t borrows, verb made_by) { entries_.push_back({h, borrows, made_by}); }

bool task_books::has(handle h) const { return find(h) != nullptr; }

std::uint32_t task_books::sender_of(handle h) const {
    const entry* e = find(h);
    return e == nullptr ? no_sender : e->borrows;
}

std::uint32_t task_books::remove(handle h) {
    const auto at = std::ranges::find(entries_, h, &entry::name);
    if (at == entries_.end()) return no_sender;
    const std::uint32_t borrows = at->borrows;
    entries_.erase(at);
    return borrows;
}

std::vector<handle> task_books::all() const {
    std::vector<handle> names;
    for (const entry& e : entries_) names.push_back(e.name);
    return names;
}

bool task_books::allow(const step& s) const {
    if (s.what == verb::advance) return true;
    if (!has(s.subject)) {
        return std::ranges::find(shared_, s.subject) != shared_.end() && !consumes(s);
    }
    if (s.subject.kind == handle_kind::sender && consumes(s)) {
        return std::ranges::none_of(entries_, [&](const entry& e) { return e.borrows == s.subject.number; });
    }
    if (s.subject.kind == handle_kind::receiver && needs_receiver_alone(s.what)) {
        return std::ranges::none_of(entries_, [](const entry& e) { return is_receive(e.made_by); });
    }
    return true;
}

void task_books::note(const step& s, const model::answer& a) {
    using model::status;
    const std::uint32_t by = sender_of(s.subject);
    const bool creates = a.status == status::created;
    if (s.what == verb::poll) {
        if (a.status == status::pending) return;
        remove(s.subject);
        // What an operation made borrows the same sender.
        if (a.status == status::made) {
            add(a.made, a.made.kind == handle_kind::owned_permit ? no_sender : by);
        }
        return;
    }
    const bool stays = s.what == verb::try_reserve_owned && a.status != status::made;
    if (consumes(s) && !stays) remove(s.subject);
    if (creates) {
        const bool borrows = s.subject.kind == handle_kind::sender && s.what != verb::reserve_owned;
        entries_.push_back({{handle_kind::operation, s.operation}, borrows ? s.subject.number : no_sender, s.what});
    } else if (a.status == status::made) {
        const bool permits = a.made.kind == handle_kind::permit || a.made.kind == handle_kind::iterator;
        add(a.made, !permits ? no_sender : s.subject.kind == handle_kind::sender ? s.subject.number : by);
    }
}

// ---- Gifts

std::vector<std::vector<handle>> gifts(const concurrent_program& p) {
    struct mention {
        handle name;
        std::size_t task;
        bool shared = false;
    };
    std::vector<mention> mentions;
    for (std::size_t l = 0; l < p.tasks.size(); ++l) {
        for (const task_step& t : p.tasks[l]) {
            const handle h = t.step.subject;
            if (t.step.what == verb::advance || h.number >= names_per_task) continue;
            const auto at = std::ranges::find(mentions, h, &mention::name);
            if (at == mentions.end()) {
                mentions.push_back({h, l});
            } else if (at->task != l) {
                at->shared = true;
            }
        }
    }
    std::vector<std::vector<handle>> given(p.tasks.size());
    for (const mention& m : mentions) {
        // Only senders can be shared; another task's claim to anything else is skipped.
        if (!m.shared || m.name.kind != handle_kind::sender) given[m.task].push_back(m.name);
    }
    return given;
}

// ---- Generation

namespace {

struct act {
    verb what;
    handle_kind subject;
    unsigned weight;
};

// The generator knows which handles a task may have, not which it has. The ends of a channel come late, in `generate`.
constexpr std::array sender_acts{
    act{verb::try_send, handle_kind::sender, 16},
    act{verb::send, handle_kind::sender, 26},
    act{verb::send_timeout, handle_kind::sender, 4},
    act{verb::reserve, handle_kind::sender, 10},
    act{verb::reserve_many, handle_kind::sender, 5},
    act{verb::reserve_owned, handle_kind::sender, 4},
    act{verb::closed, handle_kind::sender, 3},
    act{verb::try_reserve, handle_kind::sender, 7},
    act{verb::try_reserve_many, handle_kind::sender, 3},
    act{verb::try_reserve_owned, handle_kind::sender, 3},
    act{verb::clone, handle_kind::sender, 1},
    act{verb::downgrade, handle_kind::sender, 1},
    act{verb::capacity, handle_kind::sender, 3},
    act{verb::is_closed, handle_kind::sender, 2},
    act{verb::strong_count, handle_kind::sender, 1},
    act{verb::len, handle_kind::sender, 4},
    act{verb::drop, handle_kind::sender, 4},
    act{verb::upgrade, handle_kind::weak_sender, 3},
    act{verb::drop, handle_kind::weak_sender, 1},
    act{verb::send, handle_kind::permit, 14},
    act{verb::drop, handle_kind::permit, 7},
    act{verb::next, handle_kind::iterator, 8},
    act{verb::drop, handle_kind::iterator, 4},
    act{verb::send, handle_kind::owned_permit, 6},
    act{verb::release, handle_kind::owned_permit, 3},
    act{verb::drop, handle_kind::owned_permit, 3},
    act{verb::poll, handle_kind::operation, 26},
    act{verb::drop, handle_kind::operation, 12},
    act{verb::advance, handle_kind::receiver, 2},
};
constexpr std::array receiver_acts{
    act{verb::try_recv, handle_kind::receiver, 26}, act{verb::recv, handle_kind::receiver, 26},
    act{verb::recv_many, handle_kind::receiver, 6}, act{verb::recv_timeout, handle_kind::receiver, 4},
    act{verb::close, handle_kind::receiver, 5},     act{verb::drop, handle_kind::receiver, 5},
    act{verb::len, handle_kind::receiver, 2},       act{verb::is_empty, handle_kind::receiver, 1},
    act{verb::is_closed, handle_kind::receiver, 1},
};

/// A send or a receive, which the channel's own blocking form can do as well.
bool has_blocking_form(const step& s) {
    return (s.what == verb::send && s.subject.kind == handle_kind::sender) || s.what == verb::recv;
}

/// The capability for the step is there; `blocking` will do for one that blocks.
bool is_within(capabilities c, const step& s, bool may_block) {
    const std::optional<capability> needed = needed_for(s);
    return !needed || c.has(*needed) || (may_block && has_blocking_form(s) && c.has(capability::blocking));
}

std::vector<act> within(std::span<const act> acts, capabilities c, const program_size& size) {
    std::vector<act> wheel;
    for (const act& a : acts) {
        step s;
        s.what = a.what;
        s.subject.kind = a.subject;
        if (!is_within(c, s, size.blocks)) continue;
        const bool timed = a.what == verb::advance || a.what == verb::send_timeout || a.what == verb::recv_timeout;
        if (timed && !size.time) continue;
        const bool counts = a.what == verb::strong_count || (a.what == verb::len && a.subject == handle_kind::sender);
        if (counts && !size.counts) continue;
        wheel.insert(wheel.end(), a.weight, a);
    }
    return wheel;
}

class dice {
  public:
    dice(std::uint64_t seed, std::uint64_t index) : source_(rc::Random::Key{seed, index, 1, 0}) {}
    std::uint64_t below(std::uint64_t n) { return source_.next() % n; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

  private:
    rc::Random source_;
};

/// Generates one program; the members are the state of the generation.
class maker {
  public:
    maker(capabilities c, const std::function<std::uint64_t(std::uint64_t)>& capacity_for, const program_size& size,
          dice& d)
        : capabilities_(c),
          capacity_for_(capacity_for),
          size_(size),
          dice_(d),
          sender_wheel_(within(sender_acts, c, size)),
          receiver_wheel_(within(receiver_acts, c, size)) {}

    concurrent_program make() {
        constexpr std::array<std::uint64_t, 8> sizes{1, 1, 1, 1, 2, 2, 3, 4};
        program_.capacity = std::min(sizes[dice_.below(sizes.size())], size_.capacity);
        if (capacity_for_) program_.capacity = capacity_for_(program_.capacity);
        const std::size_t tasks = 2 + dice_.below(size_.tasks - 1);
        program_.tasks.resize(tasks);
        blocks_ = size_.blocks && capabilities_.has(capability::blocking) && dice_.one_in(8);
        set_up(tasks);
        for (std::size_t l = 0; l < tasks; ++l) fill(l);
        if (dice_.one_in(4)) finish(tasks);
        return std::move(program_);
    }

  private:
    /// A sender for each task, or one for all; what is in the buffer, and which operations wait.
    void set_up(std::size_t tasks) {
        model::machine m(program_.capacity);
        const auto take = [&](step s) {
            if (m.refusal(s) || !is_within(capabilities_, s, false)) return;
            m.apply(s);
            program_.before.push_back(s);
        };
        const handle first{handle_kind::sender, 0};
        const bool own = capabilities_.has(capability::clone) && !dice_.one_in(4);
        senders_.assign(tasks, first);
        receiver_task_ = dice_.below(tasks);
        waiters_.resize(tasks);
        for (std::size_t l = 0; own && l < tasks; ++l) {
            take({.what = verb::clone, .subject = first});
            senders_[l] = {handle_kind::sender, static_cast<std::uint32_t>(l + 1)};
        }
        const bool alone = own && dice_.one_in(2);
        if (alone) take({.what = verb::drop, .subject = first});
        if (size_.permits && dice_.one_in(3)) {
            const std::size_t task = dice_.below(tasks);
            const bool all = program_.capacity > 1 && dice_.one_in(2);
            const handle made =
                all ? handle{handle_kind::iterator, m.next_iterator} : handle{handle_kind::permit, m.next_permit};
            if (all) {
                take({.what = verb::try_reserve_many, .subject = senders_[task], .count = program_.capacity});
            } else {
                take({.what = verb::try_reserve, .subject = senders_[task]});
            }
            permit_out_ = m.find_grant(made) != nullptr;
            if (permit_out_) waiters_[task].push_back(made);
        }
        const handle any = senders_.front();
        for (std::uint64_t n = dice_.below(program_.capacity + 1); n > 0; --n) {
            take({.what = verb::try_send, .subject = any, .value = next_value_++});
        }
        for (std::uint64_t n = dice_.one_in(3) ? 1 + dice_.below(3) : 0; n > 0; --n) {
            const std::size_t task = dice_.below(tasks);
            step s = waiter(senders_[task]);
            s.operation = m.next_operation;
            if (m.refusal(s) || !is_within(capabilities_, s, false) || !capabilities_.has(capability::late_poll))
                continue;
            take(s);
            const handle op{handle_kind::operation, s.operation};
            take({.what = verb::poll, .subject = op});
            if (m.find_operation(op.number) != nullptr) waiters_[task].push_back(op);
        }
    }

    step waiter(handle sender) {
        // What an operation makes has its number, which such a permit has already.
        switch (permit_out_ ? 3 : dice_.below(4)) {
            case 0: return {.what = verb::reserve, .subject = sender};
            case 1: return {.what = verb::reserve_many, .subject = sender, .count = 1 + dice_.below(program_.capacity)};
            default: return {.what = verb::send, .subject = sender, .value = next_value_++};
        }
    }

    void fill(std::size_t l) {
        task_ = l;
        next_name_ = static_cast<std::uint32_t>(l + 1) * names_per_task;
        have_ = {senders_[l]};
        have_.insert(have_.end(), waiters_[l].begin(), waiters_[l].end());
        const bool receives = l == receiver_task_;
        if (receives) have_.push_back({});
        const std::size_t length = 1 + dice_.below(size_.steps);
        for (std::size_t tries = 0; program_.tasks[l].size() < length && tries < 60; ++tries) {
            const bool receive = receives && !dice_.one_in(4);
            const std::vector<act>& wheel = receive ? receiver_wheel_ : sender_wheel_;
            if (wheel.empty()) continue;
            add(wheel[dice_.below(wheel.size())], length);
        }
    }

    /// Every task drops its sender, and the receiver waits for the end.
    void finish(std::size_t tasks) {
        if (senders_.front() == senders_.back()) return;  // one for all, which stays
        for (std::size_t l = 0; l < tasks; ++l) {
            task_step t;
            t.step = {.what = verb::drop, .subject = senders_[l]};
            if (!capabilities_.has(capability::sender_drop)) return;
            program_.tasks[l].push_back(t);
        }
        task_step t;
        t.step = {.what = verb::recv, .subject = {}};
        t.step.operation = static_cast<std::uint32_t>(receiver_task_ + 2) * names_per_task - 1;
        t.waits = true;
        t.blocks = !is_within(capabilities_, t.step, false);
        if (is_within(capabilities_, t.step, size_.blocks)) program_.tasks[receiver_task_].push_back(t);
    }

    /// One step, if the task may have what it needs.
    void add(const act& a, std::size_t length) {
        std::vector<task_step>& task = program_.tasks[task_];
        const bool ends = (a.what == verb::drop || a.what == verb::close) &&
                          (a.subject == handle_kind::sender || a.subject == handle_kind::receiver);
        if (ends && task.size() + 2 < length) return;
        task_step t;
        step& s = t.step;
        s.what = a.what;
        if (a.what != verb::advance) {
            std::vector<handle> fit;
            std::ranges::copy_if(have_, std::back_inserter(fit), [&](handle h) { return h.kind == a.subject; });
            if (fit.empty()) return;
            s.subject = fit[dice_.below(fit.size())];
        }
        const model::verb_shape& shape = model::shape_of(s.what);
        if (shape.value) s.value = next_value_++;
        if (shape.count) s.count = dice_.below(program_.capacity + 1) + (dice_.one_in(8) ? 0 : 1);
        if (shape.time) s.time = model::duration{dice_.below(5)};
        const bool creates = a.what != verb::advance && model::creates_operation(s.what, s.subject.kind);
        const std::uint32_t name = a.what == verb::poll ? s.subject.number : next_name_++;
        if (a.what != verb::poll) s.operation = name;
        if (creates) {
            const bool must_block = !is_within(capabilities_, s, false);
            const bool waits = !dice_.one_in(3) || must_block || !capabilities_.has(capability::late_poll);
            t.waits = waits;
            t.blocks = waits && (blocks_ || must_block);
            if (!waits) task.push_back(t);
            if (!waits) have_.push_back({handle_kind::operation, name});
            if (!waits) {  // nothing happens before its first poll
                t = {};
                s.what = verb::poll;
                s.subject = {handle_kind::operation, name};
            }
        }
        task.push_back(t);
        expect(a.what, a.subject, name);
    }

    /// What the task may have after such a step.
    void expect(verb v, handle_kind of, std::uint32_t name) {
        const auto may = [&](handle_kind kind) { have_.push_back({kind, name}); };
        switch (v) {
            case verb::reserve:
            case verb::try_reserve:
            case verb::next: may(handle_kind::permit); break;
            case verb::reserve_many:
            case verb::try_reserve_many: may(handle_kind::iterator); break;
            case verb::reserve_owned:
            case verb::try_reserve_owned: may(handle_kind::owned_permit); break;
            case verb::clone:
            case verb::upgrade:
            case verb::release: may(handle_kind::sender); break;
            case verb::downgrade: may(handle_kind::weak_sender); break;
            case verb::send:
                if (of == handle_kind::owned_permit) may(handle_kind::sender);
                break;
            default: break;
        }
    }

    verify::capabilities capabilities_;
    const std::function<std::uint64_t(std::uint64_t)>& capacity_for_;
    program_size size_;
    dice& dice_;
    std::vector<act> sender_wheel_;
    std::vector<act> receiver_wheel_;
    concurrent_program program_;
    std::vector<handle> senders_;               // by task
    std::vector<std::vector<handle>> waiters_;  // by task
    std::size_t receiver_task_ = 0;
    bool blocks_ = false;
    bool permit_out_ = false;
    std::size_t task_ = 0;
    std::vector<handle> have_;  // what the task may have
    std::uint32_t next_name_ = 0;
    model::value_id next_value_ = 1;
};

}  // namespace

concurrent_program generate_concurrent(capabilities within, std::uint64_t seed, std::uint64_t index,
                                       const program_size& size) {
    dice d(seed, index);
    return maker(within, {}, size, d).make();
}

concurrent_program generate_concurrent(const target& t, std::uint64_t seed, std::uint64_t index,
                                       const program_size& size) {
    dice d(seed, index);
    return maker(t.capabilities, t.capacity_for, size, d).make();
}

bool can_run(const target& t, const concurrent_program& p) {
    const auto can = [&t](const step& s, bool blocks) { return is_within(t.capabilities, s, blocks); };
    return reachable(t, p.capacity) == p.capacity &&
           std::ranges::all_of(p.before, [&](const step& s) { return can(s, false); }) &&
           std::ranges::all_of(p.tasks, [&](const auto& task) {
               return std::ranges::all_of(task, [&](const task_step& s) { return can(s.step, s.waits && s.blocks); });
           });
}

std::string to_string(const concurrent_program& p) {
    std::string text = fmt::format("capacity {}\n", p.capacity);
    for (const step& s : p.before) text += fmt::format("  {}\n", model::to_string(s));
    for (std::size_t l = 0; l < p.tasks.size(); ++l) {
        text += fmt::format("task {}\n", l + 1);
        for (const task_step& t : p.tasks[l]) {
            text += fmt::format("  {}{}\n", t.blocks ? "blocking " : t.waits ? "await " : "", model::to_string(t.step));
        }
    }
    return text;
}

}  // namespace tailrace::verify
