// The transitions of the specification. Section names in comments are clauses of model/README.md.
// After a change here run: ci/test -L model && ci/verify
#include "tailrace/model/machine.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tailrace::model {

namespace {

template <class Container, class Value>
void erase_one(Container& c, const Value& v) {
    const auto at = std::ranges::find(c, v);
    if (at != c.end()) c.erase(at);
}

handle operation_name(std::uint32_t number) { return {handle_kind::operation, number}; }

bool carries_value(const operation& op) { return shape_of(op.what).value; }

}  // namespace

// ---- Observations

operation* machine::find_operation(std::uint32_t number) {
    const auto at = std::ranges::find(operations, number, &operation::number);
    return at == operations.end() ? nullptr : &*at;
}

const operation* machine::find_operation(std::uint32_t number) const {
    return const_cast<machine*>(this)->find_operation(number);
}

const grant* machine::find_grant(handle name) const {
    const auto at = std::ranges::find(grants, name, &grant::name);
    return at == grants.end() ? nullptr : &*at;
}

std::uint64_t machine::outstanding() const {
    std::uint64_t n = 0;
    for (const grant& g : grants) n += g.size;
    return n;
}

std::uint64_t machine::held() const {
    std::uint64_t n = 0;
    for (const operation& op : operations) n += op.held;
    return n;
}

std::uint64_t machine::strong_count() const {
    const auto owned =
        std::ranges::count(grants, handle_kind::owned_permit, [](const grant& g) { return g.name.kind; });
    const auto owning = std::ranges::count_if(operations, owns_sender, &operation::what);
    return senders.size() + leaving + static_cast<std::uint64_t>(owned + owning);
}

bool machine::ended() const { return buffer.empty() && (strong_count() == 0 || (closed && idle())); }

bool machine::conserves() const { return available + buffer.size() + outstanding() + held() == max; }

// ---- The transitions that the steps are made of

void machine::acquire(operation& op) {
    if (closed) {
        op.now = operation::phase::failed;
    } else if (available >= op.need) {
        available -= op.need;
        op.held = op.need;
        op.now = operation::phase::granted;
    } else {
        op.held = std::exchange(available, 0);  // a partial hold: others wait behind it
        op.now = operation::phase::waiting;
        queue.push_back(op.number);
    }
}

void machine::release(std::uint64_t k, outcome& out) {
    while (k > 0 && !queue.empty()) {
        operation& head = *find_operation(queue.front());
        const std::uint64_t part = std::min(k, head.need - head.held);
        head.held += part;
        k -= part;
        if (head.held < head.need) break;
        head.now = operation::phase::granted;
        out.woken.push_back(operation_name(head.number));
        queue.erase(queue.begin());
    }
    available += k;
    if (closed && idle() && buffer.empty()) wake_receive(out);  // recv.woken
}

void machine::unlink(const operation& op) {
    erase_one(queue, op.number);
    erase_one(listeners, op.number);
    if (parked == op.number) parked.reset();
}

void machine::withdraw(std::uint32_t number, outcome& out) {
    const operation op = *find_operation(number);
    unlink(op);
    std::erase_if(operations, [&](const operation& o) { return o.number == number; });
    if (op.held > 0) release(op.held, out);
    if (owns_sender(op.what)) later({remainder::kind::end_sender, op.sender}, out);
}

void machine::close(outcome& out) {
    if (std::exchange(closed, true)) return;
    for (const std::uint32_t number : std::exchange(queue, {})) {
        find_operation(number)->now = operation::phase::failed;  // keeps what it holds
        out.woken.push_back(operation_name(number));
    }
    for (const std::uint32_t number : std::exchange(listeners, {})) {
        find_operation(number)->notified = true;
        out.woken.push_back(operation_name(number));
    }
    if (idle()) wake_receive(out);
}

void machine::deliver(value_id v, outcome& out) {
    if (receiver_gone) {  // receiver-drop.destroys: promptly, and its permit comes back
        buffer.push_back(v);
        if (!draining) later({remainder::kind::drain, 0}, out);  // else the call that is destroying values does it
        return;
    }
    buffer.push_back(v);
    wake_receive(out);
}

void machine::wake_receive(outcome& out) {
    if (!parked) return;
    operation& op = *find_operation(*parked);
    if (!std::exchange(op.notified, true)) out.woken.push_back(operation_name(op.number));
}

void machine::drop_sender(std::uint32_t number, outcome& out) {
    erase_one(senders, number);  // not there if an operation or an owned permit had taken it
    if (strong_count() == 0) wake_receive(out);
}

// ---- The steps

outcome machine::apply(const step& s) {
    outcome out;
    remainders rest = begin(s, out);
    while (proceed(rest, out)) {
    }
    end(s);
    assert(conserves());
    return out;
}

machine::remainders machine::begin(const step& s, outcome& out) {
    assert(!refusal(s));
    remainders rest;
    stages_ = &rest;
    switch (s.what) {
        case verb::poll: poll(s, out); break;
        case verb::drop: drop(s.subject, out); break;
        case verb::advance: advance(s.time, out); break;
        default:
            if (creates_operation(s.what, s.subject.kind)) {
                create(s, out);
                break;
            }
            switch (s.subject.kind) {
                case handle_kind::sender:
                case handle_kind::weak_sender: act_on_sender(s, out); break;
                case handle_kind::receiver: act_on_receiver(s, out); break;
                default: act_on_grant(s, out); break;
            }
    }
    stages_ = nullptr;
    const bool finished = s.what == verb::poll && find_operation(s.subject.number) == nullptr;
    if (finished) returning.push_back(s.subject.number);
    return rest;
}

bool machine::proceed(remainders& rest, outcome& out) {
    if (rest.empty()) return false;
    const remainder next = rest.front();
    rest.erase(rest.begin());
    carry_out(next, rest, out);
    return true;
}

void machine::end(const step& s) {
    if (s.what == verb::poll) erase_one(returning, s.subject.number);
}

bool machine::is_to_be_woken(std::uint32_t number, verb by) const {
    const operation* op = find_operation(number);
    return op != nullptr && (by == verb::advance || !receiver_gone || !is_receive(op->what));
}

/// Outside of stages: at once, and all of it.
void machine::later(remainder r, outcome& out) {
    if (r.is == remainder::kind::drain) {
        draining = true;
    } else {
        ++leaving;
    }
    if (stages_ != nullptr) return stages_->push_back(r);
    remainders rest{r};
    while (proceed(rest, out)) {
    }
}

void machine::carry_out(remainder r, remainders& rest, outcome& out) {
    switch (r.is) {
        case remainder::kind::end_sender:
            --leaving;
            drop_sender(r.number, out);
            break;
        case remainder::kind::give_sender:
            --leaving;
            senders.push_back(r.number);
            break;
        case remainder::kind::drain:  // one value, after its permit has come back
            if (buffer.empty()) {
                draining = false;
                break;
            }
            ++available;
            out.destroyed.push_back(buffer.front());
            buffer.erase(buffer.begin());
            rest.push_back(r);
            break;
    }
}

void machine::create(const step& s, outcome& out) {
    operation op;
    op.number = s.operation;
    op.what = s.what;
    op.sender = s.subject.number;
    op.value = s.value;
    op.timeout = s.time;
    op.need = shape_of(s.what).count ? s.count : 1;
    next_operation = s.operation + 1;
    if (carries_value(op)) next_value = s.value + 1;
    if (owns_sender(s.what)) erase_one(senders, s.subject.number);  // owned from here on
    operations.push_back(op);
    out.answer = answer_of(status::created);
}

void machine::poll(const step& s, outcome& out) {
    operation& op = *find_operation(s.subject.number);
    if (!op.deadline && shape_of(op.what).time) op.deadline = now + op.timeout;  // counts from the first poll
    if (op.what == verb::closed) {
        if (closed) {
            withdraw(op.number, out);
            out.answer = answer_of(status::done);
        } else {
            if (op.now == operation::phase::created) listeners.push_back(op.number);
            op.now = operation::phase::waiting;
            out.answer = answer_of(status::pending);
        }
    } else if (is_receive(op.what)) {
        poll_receive(op, out);
    } else {
        poll_acquiring(op, out);
    }
}

void machine::poll_acquiring(operation& op, outcome& out) {
    if (op.what == verb::reserve_many && op.need > max) {
        withdraw(op.number, out);
        out.answer = answer_of(status::closed);  // even before closed is looked at
        return;
    }
    if (op.now == operation::phase::created) acquire(op);

    if (closed) {  // looked at first, even when everything was granted
        const operation failed = op;
        withdraw(op.number, out);
        out.answer = carries_value(failed) ? answer_with(status::closed, failed.value) : answer_of(status::closed);
    } else if (op.now == operation::phase::granted) {
        const operation granted = op;
        std::erase_if(operations, [&](const operation& o) { return o.number == granted.number; });
        if (const std::optional<handle_kind> made = makes(granted.what, handle_kind::sender)) {
            make_grant(*made, granted.sender, granted.need, out);
        } else {
            deliver(granted.value, out);
        }
    } else if (op.deadline && now >= *op.deadline) {
        const value_id v = op.value;
        withdraw(op.number, out);
        out.answer = answer_with(status::timeout, v);
    } else {
        out.answer = answer_of(status::pending);
    }
}

void machine::poll_receive(operation& op, outcome& out) {
    const std::uint32_t number = op.number;
    const bool batch = shape_of(op.what).count;
    const std::uint64_t ready = receiver_gone ? 0 : buffer.size();
    const std::uint64_t taken = std::min<std::uint64_t>(batch ? op.need : 1, ready);
    const bool empty_batch = batch && op.need == 0;

    if (taken > 0) {
        const auto end = buffer.begin() + static_cast<std::ptrdiff_t>(taken);
        out.answer = answer_of(batch ? status::many : status::some);
        if (batch) {
            out.answer.values.assign(buffer.begin(), end);
        } else {
            out.answer.value = buffer.front();
        }
        buffer.erase(buffer.begin(), end);
        unlink(op);
        std::erase_if(operations, [&](const operation& o) { return o.number == number; });
        release(taken, out);  // a batch goes back in one step
    } else if (empty_batch || ended() || receiver_gone) {
        withdraw(number, out);
        out.answer = answer_of(batch ? status::many : status::none);
    } else if (op.deadline && now >= *op.deadline) {
        withdraw(number, out);
        out.answer = answer_of(status::timeout);
    } else {
        op.now = operation::phase::waiting;
        op.notified = false;
        parked = number;
        out.answer = answer_of(status::pending);
    }
}

void machine::drop(handle h, outcome& out) {
    switch (h.kind) {
        case handle_kind::operation: {
            if (find_operation(h.number) == nullptr) return erase_one(returning, h.number);  // finished: no effect
            const operation op = *find_operation(h.number);
            withdraw(h.number, out);
            if (carries_value(op)) out.destroyed.push_back(op.value);
            break;
        }
        case handle_kind::permit:
        case handle_kind::iterator:
        case handle_kind::owned_permit: {
            const grant g = *find_grant(h);
            erase_one(grants, g);
            if (g.size > 0) release(g.size, out);
            if (h.kind == handle_kind::owned_permit) later({remainder::kind::end_sender, g.sender}, out);
            break;
        }
        case handle_kind::sender: drop_sender(h.number, out); break;
        case handle_kind::weak_sender: erase_one(weak_senders, h.number); break;
        case handle_kind::receiver:
            parked.reset();  // borrow.receiver: not woken any more; says none when it is polled
            receiver_gone = true;
            close(out);
            later({remainder::kind::drain, 0}, out);
            break;
    }
}

void machine::act_on_sender(const step& s, outcome& out) {
    const std::uint32_t self = s.subject.number;
    switch (s.what) {
        case verb::try_send:
            next_value = s.value + 1;
            if (closed) {
                out.answer = answer_with(status::closed, s.value);
            } else if (available == 0) {  // always so while an operation waits: no barging
                out.answer = answer_with(status::full, s.value);
            } else {
                --available;
                deliver(s.value, out);
            }
            break;
        case verb::try_reserve:
        case verb::try_reserve_owned:
        case verb::try_reserve_many: {
            const std::uint64_t n = shape_of(s.what).count ? s.count : 1;
            if (n > max || (!closed && available < n)) {
                out.answer = answer_of(status::full);
            } else if (closed) {
                out.answer = answer_of(status::closed);
            } else {
                available -= n;
                if (ends_subject(s.what, s.subject.kind)) erase_one(senders, self);
                make_grant(*makes(s.what, s.subject.kind), self, n, out);
            }
            break;
        }
        case verb::clone:
            if (s.subject.kind == handle_kind::sender) {
                make_sender(out);
                break;
            }
            [[fallthrough]];
        case verb::downgrade:
            out.answer = made_answer({handle_kind::weak_sender, next_weak_sender});
            weak_senders.push_back(next_weak_sender++);
            break;
        case verb::upgrade:
            if (strong_count() == 0) {
                out.answer = answer_of(status::none);
            } else {
                make_sender(out);
            }
            break;
        default: observe(s, out); break;
    }
}

void machine::act_on_grant(const step& s, outcome& out) {
    const auto at = std::ranges::find(grants, s.subject, &grant::name);
    if (s.what == verb::next) {
        if (at->size == 0) {
            out.answer = answer_of(status::none);
            return;
        }
        --at->size;
        make_grant(handle_kind::permit, at->sender, 1, out);
        return;
    }
    const grant used = *at;
    grants.erase(at);
    const bool gives_sender = used.name.kind == handle_kind::owned_permit;
    const std::uint32_t name = gives_sender ? next_sender++ : 0;
    if (s.what == verb::send) {
        next_value = s.value + 1;
        deliver(s.value, out);
    } else {
        release(used.size, out);
    }
    if (!gives_sender) return;
    out.answer = made_answer({handle_kind::sender, name});
    later({remainder::kind::give_sender, name}, out);
}

void machine::act_on_receiver(const step& s, outcome& out) {
    switch (s.what) {
        case verb::close: close(out); break;
        case verb::try_recv:
            if (!buffer.empty()) {
                out.answer = answer_with(status::some, buffer.front());
                buffer.erase(buffer.begin());
                release(1, out);
            } else {
                out.answer = answer_of(ended() ? status::disconnected : status::empty);
            }
            break;
        default: observe(s, out); break;
    }
}

void machine::observe(const step& s, outcome& out) {
    switch (s.what) {
        case verb::capacity: out.answer = number_answer(available); break;
        case verb::max_capacity: out.answer = number_answer(max); break;
        case verb::strong_count:
        case verb::sender_strong_count: out.answer = number_answer(strong_count()); break;
        case verb::weak_count:
        case verb::sender_weak_count: out.answer = number_answer(weak_senders.size()); break;
        case verb::len: out.answer = number_answer(buffer.size()); break;
        case verb::is_empty: out.answer = boolean_answer(buffer.empty()); break;
        case verb::is_closed:  // the receiver's is true without senders too; a sender's never because of senders
            out.answer = boolean_answer(closed || (s.subject.kind == handle_kind::receiver && strong_count() == 0));
            break;
        default: assert(false && "not an observer");
    }
}

void machine::advance(duration by, outcome& out) {
    now += by;
    std::vector<const operation*> due;
    for (operation& op : operations) {
        if (op.deadline && !op.deadline_fired && now >= *op.deadline) {
            op.deadline_fired = true;
            due.push_back(&op);
        }
    }
    std::ranges::stable_sort(due, {}, [](const operation* op) { return *op->deadline; });
    for (const operation* op : due) out.woken.push_back(operation_name(op->number));
}

void machine::make_grant(handle_kind kind, std::uint32_t sender, std::uint64_t size, outcome& out) {
    std::uint32_t& next = kind == handle_kind::permit     ? next_permit
                          : kind == handle_kind::iterator ? next_iterator
                                                          : next_owned_permit;
    const handle name{kind, next++};
    grants.push_back({name, sender, size});
    out.answer = made_answer(name, kind == handle_kind::iterator ? size : 0);
}

void machine::make_sender(outcome& out) {
    out.answer = made_answer({handle_kind::sender, next_sender});
    senders.push_back(next_sender++);
}

}  // namespace tailrace::model
