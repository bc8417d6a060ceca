// What tasks say to a target and hear from it: one of the threads that wait listens for all.
// After a change here run: ci/test -L proptests -R exec
#include "target/exec_tasks.hpp"

#include <fmt/format.h>

#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using clock = dialogue::clock;
using model::handle;
using model::step;

/// One program, as all its tasks speak of it. Task 0 is what comes before and after the others.
class conversation {
  public:
    conversation(std::shared_ptr<exec_link> link, std::uint64_t capacity) : link_(std::move(link)) {
        link_->begin(capacity);
        link_->say("", false);
        link_->expect(fmt::format("trace {} capacity {}", link_->number(), capacity));
    }

    /// Takes the step, and calls what it makes `made`, if that is said. One that blocks may take for ever.
    model::outcome take(std::size_t task, step s, bool blocks, std::optional<std::uint32_t> made) {
        std::unique_lock lock(mutex_);
        if (const auto at = names_.find(s.subject); at != names_.end()) s.subject = at->second;
        model::outcome o = ask(lock, task, model::to_string(s), blocks);
        if (made && o.answer.status == model::status::made) {
            const handle name{o.answer.made.kind, *made};
            names_[name] = std::exchange(o.answer.made, name);
        }
        return o;
    }

    /// Ends the process: no step is answered any more.
    void cut_off() {
        const std::lock_guard lock(mutex_);
        give_up("it was ended");
    }

  private:
    struct question {
        std::string step;
        std::optional<model::outcome> answer = {};
    };

    model::outcome ask(std::unique_lock<std::mutex>& lock, std::size_t task, const std::string& text, bool blocks) {
        if (lost_) throw no_answer(*lost_);
        link_->talk().say_now(task == 0 ? text + "\nflush\n" : fmt::format("{}: {}\n", task, text));
        question& mine = asked_.insert_or_assign(task, question{text}).first->second;
        // A step that blocks is only looked at so often. Twice: the engine knows a call that never returns by a thread
        // that has not run for as long as a step may take.
        const auto time = link_->command().patience * (blocks ? 2 : 1);
        for (auto until = clock::now() + time; !mine.answer;) {
            if (lost_) throw no_answer(*lost_);
            if (clock::now() >= until) {
                if (!blocks) give_up(fmt::format("no answer within {} ms", time.count()));
                until = clock::now() + time;
            } else if (listening_) {
                heard_.wait_until(lock, until);
            } else {
                listen(lock, until);
            }
        }
        model::outcome answer = std::move(*mine.answer);
        asked_.erase(task);
        return answer;
    }

    void listen(std::unique_lock<std::mutex>& lock, clock::time_point until) {
        std::string text;
        listening_ = true;
        lock.unlock();
        const dialogue::heard heard = link_->talk().listen(text, until);
        lock.lock();
        listening_ = false;
        try {
            if (given_up_) link_->give_up(*given_up_);
            if (heard != dialogue::heard::nothing) hand_out(link_->accepted(link_->understand(heard, std::move(text))));
        } catch (const no_answer& e) {
            lose(e);
        }
        heard_.notify_all();
    }

    void hand_out(std::string text) {
        std::size_t task = 0;
        const char* const end = std::from_chars(text.data(), text.data() + text.size(), task).ptr;
        if (std::string_view(end).starts_with(": ")) text.erase(0, static_cast<std::size_t>(end - text.data()) + 2);
        const auto at = asked_.find(task);
        if (at == asked_.end() || at->second.answer) {
            link_->misspoke(1, "the answer to a step that was asked for",
                            fmt::format("'{}'", cut(printable(text), longest_target_name)));
        }
        at->second.answer = link_->read(text, model::parse_step(at->second.step));
    }

    /// Whoever listens finds the end of the output, and says so to the others.
    void give_up(std::string why) {
        if (lost_) return;
        if (!given_up_) given_up_ = std::move(why);
        if (listening_) return link_->talk().kill();
        try {
            link_->give_up(*given_up_);
        } catch (const no_answer& e) {
            lose(e);
        }
    }

    void lose(const no_answer& e) {
        if (lost_) return;
        std::string what = e.what();
        std::string_view before = "; not answered: ";
        for (const auto& [task, q] : asked_) {
            if (q.answer) continue;
            what += fmt::format("{}'{}'", std::exchange(before, ", "), q.step);
        }
        if (!e.errors().empty()) what += fmt::format("; it wrote: {}", printable(e.errors()));
        lost_.emplace(e.is(), what, e.errors());
    }

    std::mutex mutex_;  // of all below; one that listens does it without
    std::shared_ptr<exec_link> link_;
    std::condition_variable heard_;
    bool listening_ = false;
    std::map<std::size_t, question> asked_;  // by task
    std::map<handle, handle> names_;         // as the target calls them
    std::optional<std::string> given_up_;    // by one that does not listen
    std::optional<no_answer> lost_;          // the process: nothing more will be answered
};

class exec_task final : public task_session {
  public:
    exec_task(std::shared_ptr<conversation> in, session_events& events, std::size_t number)
        : in_(std::move(in)), events_(events), number_(number) {}

    model::answer act(const step& s) override { return take(s, false); }
    model::answer block(const step& s) override { return take(s, true); }
    model::outcome apply(const step& s) override { return {act(s), {}, {}}; }
    [[nodiscard]] bool can_block(const step& s) const override {
        return model::has_blocking_form(s.what, s.subject.kind);
    }
    void name_next(std::uint32_t number) override { next_ = number; }
    std::optional<std::uint64_t> observe_capacity() override { return std::nullopt; }

    [[nodiscard]] std::unique_ptr<task_session> branch() override {
        return std::make_unique<exec_task>(in_, events_, ++branches_);
    }
    /// All tasks know all handles; the names of what they make differ.
    void give(handle, task_session&) override {}
    bool cut_off() override {
        in_->cut_off();
        return true;
    }

  private:
    model::answer take(const step& s, bool blocks) {
        model::outcome o = in_->take(number_, s, blocks, next_);
        for (const model::value_id v : o.destroyed) events_.destroyed(v);
        return std::move(o.answer);
    }

    std::shared_ptr<conversation> in_;
    session_events& events_;
    std::size_t number_;
    std::size_t branches_ = 0;
    std::optional<std::uint32_t> next_;  // the number of the handle that the next step makes
};

}  // namespace

std::unique_ptr<task_session> open_exec_tasks(std::shared_ptr<exec_link> link, std::uint64_t capacity,
                                              session_events& events) {
    return std::make_unique<exec_task>(std::make_shared<conversation>(std::move(link), capacity), events, 0);
}

}  // namespace tailrace::verify
