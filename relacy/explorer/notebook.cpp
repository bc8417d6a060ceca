// Stores histories as bytes in a hash table, and checks them against the specification.
#include "explorer/notebook.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "tailrace/model/happens_before.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::relacy {
namespace {

using model::answer;
using model::event;
using model::step;
using model::verb;

constexpr std::size_t most_bytes = (most_tasks + 2) * (1 + most_tasks + std::size_t{log::most_events} * sizeof(noted));

std::size_t put(char* at, const log& l) {
    *at = static_cast<char>(l.count);
    std::memcpy(at + 1, l.events.data(), l.count * sizeof(noted));
    const std::size_t size = 1 + l.count * sizeof(noted);
    std::memcpy(at + size, l.at_end.data(), most_tasks);
    return size + most_tasks;
}

std::uint64_t hash_of(std::string_view bytes) {
    std::uint64_t h = bytes.size();
    for (; bytes.size() >= sizeof h; bytes.remove_prefix(sizeof h)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        h = (h ^ word) * 0x9e3779b97f4a7c15U;
        h ^= h >> 29;
    }
    for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15U;
    return h ^ h >> 32;
}

std::optional<answer> answer_in(const noted& n, const plan& p) {
    if (n.status == noted::unanswered) return std::nullopt;
    answer a;
    a.status = static_cast<model::status>(n.status);
    using enum model::status;
    switch (a.status) {
        case some: a.value = p.values[n.number]; break;
        case full:
        case closed:
        case timeout:
            if (n.number != noted::unanswered) a.value = p.values[n.number];
            break;
        case many:
            for (unsigned i = 0; i < n.number; ++i) a.values.push_back(p.values[n.values[i]]);
            break;
        case made:
            a.made = p.names[n.made];
            a.number = n.number;
            break;
        case number:
        case boolean: a.number = n.number; break;
        default: break;
    }
    return a;
}

/// Reads the bytes that `put` has written.
class reader {
  public:
    explicit reader(std::string_view bytes) : rest_(bytes) {}
    std::vector<noted> next() {
        const auto count = static_cast<unsigned char>(rest_.front());
        std::vector<noted> all(count);
        std::memcpy(all.data(), rest_.data() + 1, count * sizeof(noted));
        rest_.remove_prefix(1 + count * sizeof(noted));
        std::memcpy(at_end_.data(), rest_.data(), most_tasks);
        rest_.remove_prefix(most_tasks);
        return all;
    }
    /// Of the task whose events were read last.
    [[nodiscard]] const std::array<std::uint8_t, most_tasks>& at_end() const { return at_end_; }

  private:
    std::string_view rest_;
    std::array<std::uint8_t, most_tasks> at_end_{};
};

}  // namespace

void notebook::begin(const plan& p) {
    plan_ = &p;
    bytes_.clear();
    entries_.clear();
    table_.assign(1024, 0);
    judged_ = 0;
    refused_ = false;
    unknown_ = 0;
}

bool notebook::add(const execution& e) {
    std::array<char, most_bytes> buffer;
    std::size_t size = put(buffer.data(), e.before);
    for (const log& task : e.tasks) size += put(buffer.data() + size, task);
    size += put(buffer.data() + size, e.after);
    const std::string_view bytes(buffer.data(), size);

    const std::uint64_t hash = hash_of(bytes);
    std::size_t at = hash & (table_.size() - 1);
    for (; table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
        const entry& known = entries_[table_[at] - 1];
        if (known.hash != hash || known.size != size) continue;
        if (std::memcmp(bytes_.data() + known.offset, buffer.data(), size) != 0) continue;
        return known.is != status::refused;
    }
    const outside_the_simulation memory;
    entries_.push_back(
        {hash, static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(size), status::fresh});
    bytes_.append(bytes);
    table_[at] = static_cast<std::uint32_t>(entries_.size());
    if (2 * entries_.size() < table_.size()) return true;
    std::vector<std::uint32_t> wider(2 * table_.size());
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
        std::size_t to = entries_[i].hash & (wider.size() - 1);
        while (wider[to] != 0) to = (to + 1) & (wider.size() - 1);
        wider[to] = i + 1;
    }
    table_ = std::move(wider);
    return true;
}

void notebook::judge(std::uint64_t most_nodes) {
    for (; judged_ < entries_.size(); ++judged_) {
        entry& e = entries_[judged_];
        model::event_order first;
        const model::history h = history_of(std::string_view(bytes_).substr(e.offset, e.size), first);
        const model::verdict v = model::check(h, {.most_nodes = most_nodes, .apply = nullptr, .first = &first});
        switch (v.is) {
            case model::finding::allowed:
                e.is = model::check_orders(h, first).broken.empty() ? status::allowed : status::refused;
                refused_ |= e.is == status::refused;
                break;
            case model::finding::unknown:
                e.is = status::unknown;
                ++unknown_;
                break;
            default: e.is = status::refused; refused_ = true;
        }
    }
}

model::history notebook::history_of(std::string_view bytes, model::event_order& first) const {
    constexpr model::instant quiescence = 1'000;
    reader in(bytes);
    model::history h;
    h.capacity = plan_->capacity;
    h.rest = quiescence;
    const auto event_of = [&](const noted& n, const step& s, bool waits) {
        return event{s, waits, answer_in(n, *plan_), 0, 0};
    };
    const auto plain_step = [&](const noted& n) {
        step s;
        s.what = static_cast<verb>(n.what);
        s.subject = plan_->names[n.subject];
        return s;
    };
    for (const noted& n : in.next()) h.before.push_back(event_of(n, plan_->program.before[n.index], false));
    for (unsigned t = 0; t < most_tasks; ++t) {
        const std::vector<noted> notes = in.next();
        if (t >= plan_->tasks.size()) continue;
        std::vector<event>& task = h.tasks.emplace_back();
        auto& rows = first.emplace_back();
        const auto row = [&](const std::array<std::uint8_t, most_tasks>& numbers) {
            rows.emplace_back(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(plan_->tasks.size()));
        };
        for (const noted& n : notes) {
            const planned_step& p = plan_->program.tasks[t][n.index];
            event e = event_of(n, p.step, p.waits);
            e.invoked = 2 * task.size() + 1;
            e.returned = e.answer ? e.invoked + 1 : model::never;
            task.push_back(std::move(e));
            row(n.first);
        }
        row(in.at_end());
    }
    for (const noted& n : in.next()) {
        event e = event_of(n, plain_step(n), false);
        e.invoked = quiescence + 1 + 2 * h.after.size();
        e.returned = e.invoked + 1;
        h.after.push_back(std::move(e));
    }
    return h;
}

std::vector<std::string> notebook::texts() const {
    const auto log_of = [](const std::vector<noted>& events) {
        log l;
        for (const noted& n : events) {
            l.began[l.count] = 2 * l.count + 1;
            l.ended[l.count] = 2 * l.count + 2;
            l.events[l.count++] = n;
        }
        return l;
    };
    std::vector<std::string> all;
    for (const entry& e : entries_) {
        reader in(std::string_view(bytes_).substr(e.offset, e.size));
        execution seen;
        seen.quiescent = true;
        seen.before = log_of(in.next());
        for (log& task : seen.tasks) {
            task = log_of(in.next());
            task.at_end = in.at_end();
        }
        seen.after = log_of(in.next());
        all.push_back(to_text(seen, *plan_));
    }
    return all;
}

std::string to_text(const execution& e, const plan& p) {
    std::string text;
    const auto answered = [&](const noted& n) {
        const std::optional<answer> a = answer_in(n, p);
        return a ? model::to_string(*a) : std::string();
    };
    for (unsigned i = 0; i < e.before.count; ++i) {
        const noted& n = e.before.events[i];
        text += fmt::format("event before {} -> {}\n", n.index, answered(n));
    }
    for (unsigned t = 0; t < p.tasks.size(); ++t) {
        const log& l = e.tasks[t];
        for (unsigned i = 0; i < l.count + (l.under_way ? 1 : 0); ++i) {
            noted n = l.events[i];
            if (i == l.count) n.status = noted::unanswered;
            text += fmt::format("event {} {} {} {}", t, n.index, l.began[i], l.ended[i]);
            for (unsigned other = 0; other < p.tasks.size(); ++other) text += fmt::format(" {}", n.first[other]);
            text += fmt::format(" -> {}\n", answered(n));
        }
        if (l.under_way || !e.quiescent) continue;
        text += fmt::format("ended {}", t);
        for (unsigned other = 0; other < p.tasks.size(); ++other) text += fmt::format(" {}", l.at_end[other]);
        text += '\n';
    }
    if (e.quiescent) text += "rested\n";
    for (unsigned i = 0; i < e.after.count; ++i) {
        const noted& n = e.after.events[i];
        if (n.status == noted::unanswered) continue;  // the execution failed in this event
        step s;
        s.what = static_cast<verb>(n.what);
        s.subject = p.names[n.subject];
        text += fmt::format("after {} -> {}\n", model::to_string(s), answered(n));
    }
    return text;
}

}  // namespace tailrace::relacy
