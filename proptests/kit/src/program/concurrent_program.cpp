// Concurrent programs: which steps tasks may take, and the generator.
// After a change here run: ci/test -L proptests -R 'concurrent|threads'
#include "program/concurrent_program.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "program/verb_table.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::handle;
using model::handle_kind;
using model::step;
using model::verb;

/// A success takes the handle away.
bool consumes(const step& s) { return ends_subject(s.what, s.subject.kind); }

/// The capability for the step is there; `blocking` will do for one that blocks.
bool is_within(capabilities c, const step& s, bool may_block) {
    const bool blocks = may_block && has_blocking_form(s.what, s.subject.kind) && c.has(capability::blocking);
    return blocks || is_within(c, s);
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
    const bool refused = a.status == status::full || a.status == status::closed;
    if (consumes(s) && !refused) remove(s.subject);
    if (creates) {
        const bool borrows = s.subject.kind == handle_kind::sender && !owns_sender(s.what);
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

std::vector<task_act> within(std::span<const task_act> acts, capabilities c, const program_size& size) {
    std::vector<task_act> wheel;
    for (const task_act& a : acts) {
        step s;
        s.what = a.what;
        s.subject.kind = a.subject;
        if (!is_within(c, s, size.blocks)) continue;
        if (model::shape_of(a.what).time && !size.time) continue;
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
          sender_wheel_(within(sender_acts(), c, size)),
          receiver_wheel_(within(receiver_acts(), c, size)) {}

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
        if (dice_.one_in(3)) {
            const std::size_t task = dice_.below(tasks);
            const handle weak{handle_kind::weak_sender, m.next_weak_sender};
            take({.what = verb::downgrade, .subject = senders_[task]});
            if (std::ranges::find(m.weak_senders, weak.number) != m.weak_senders.end()) waiters_[task].push_back(weak);
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
            const std::vector<task_act>& wheel = receive ? receiver_wheel_ : sender_wheel_;
            if (wheel.empty()) continue;
            add(wheel[dice_.below(wheel.size())], length);
        }
    }

    /// Every task drops its sender, and the receiver waits for the end. A task with a weak sender may upgrade it then.
    void finish(std::size_t tasks) {
        if (senders_.front() == senders_.back()) return;  // one for all, which stays
        for (std::size_t l = 0; l < tasks; ++l) {
            task_step t;
            t.step = {.what = verb::drop, .subject = senders_[l]};
            if (!capabilities_.has(capability::sender_drop)) return;
            program_.tasks[l].push_back(t);
            const auto weak = std::ranges::find(waiters_[l], handle_kind::weak_sender, &handle::kind);
            if (weak == waiters_[l].end() || dice_.one_in(2)) continue;
            t.step = {.what = verb::upgrade, .subject = *weak};
            t.step.operation = static_cast<std::uint32_t>(l + 2) * names_per_task - 2;
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
    void add(const task_act& a, std::size_t length) {
        std::vector<task_step>& task = program_.tasks[task_];
        if (a.when == allowed::late && task.size() + 2 < length) return;
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
        // What the task may have after such a step.
        if (const std::optional<handle_kind> made = makes(a.what, a.subject)) have_.push_back({*made, name});
    }

    verify::capabilities capabilities_;
    const std::function<std::uint64_t(std::uint64_t)>& capacity_for_;
    program_size size_;
    dice& dice_;
    std::vector<task_act> sender_wheel_;
    std::vector<task_act> receiver_wheel_;
    concurrent_program program_;
    std::vector<handle> senders_;               // by task
    std::vector<std::vector<handle>> waiters_;  // by task, with permits and weak senders
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

std::string without_names(const concurrent_program& p) {
    const std::string text = to_string(p);
    std::map<std::string, std::size_t> names;  // a letter and a number, by when it comes first
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find_first_not_of("0123456789", at + 1);
        const std::string word = text.substr(at, end - at);
        const bool begins = at > 0 && text[at - 1] == ' ';
        if (begins && word.size() > 1 && std::isalpha(static_cast<unsigned char>(word.front())) != 0) {
            out += word.front() + std::to_string(names.try_emplace(word, names.size()).first->second);
        } else {
            out += word;
        }
        at += word.size();
    }
    return out;
}

}  // namespace tailrace::verify
