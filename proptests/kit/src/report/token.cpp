// The byte code of a token.
//
//     token    tool, engine, target, capacity, before, tasks..., checksum (4 bytes)
//     text     its length, its bytes
//     before   their number, steps        (tasks: their number first)
//     step     a byte: the verb, and 32 times the kind of its subject; its number; then value,
//              count, time where the verb has them; then the number of what it makes
//              for verbs from 32 on: a byte, 7 times 32 and the kind; then the verb
//              before a reaction: a byte, 255; then the depth, the kind and the number of its occasion
//
// Numbers are little-endian groups of seven bits. The number of what a step makes comes with its
// two flags in the lowest bits. After a change here run: ci/test -L proptests -R token
#include "report/token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::verb;

constexpr std::string_view prefix = "tr1.";
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t checksum_size = 4;
constexpr unsigned later_verb = 7;  // in the place of a kind
static_assert(model::kind_count <= later_verb, "there is a place for it");
constexpr unsigned reaction_mark = 255;  // no verb is later on a kind of 31

[[noreturn]] void refuse(std::string_view why) { throw token_error(fmt::format("token: {}", why)); }
[[noreturn]] void broken() { refuse("expected a whole token, found one that is cut or mistyped"); }

/// CRC-32, bit by bit.
std::uint32_t checksum(std::string_view bytes) {
    std::uint32_t sum = ~std::uint32_t{0};
    for (const char c : bytes) {
        sum ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xedb88320u : 0u);
    }
    return ~sum;
}

// ---- Six bits a letter

std::string to_letters(std::string_view bytes) {
    std::string letters;
    unsigned bits = 0;
    unsigned have = 0;
    for (const char c : bytes) {
        bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffffu;
        for (have += 8; have >= 6; have -= 6) letters += alphabet[bits >> (have - 6) & 63u];
    }
    if (have > 0) letters += alphabet[bits << (6 - have) & 63u];
    return letters;
}

std::string from_letters(std::string_view letters) {
    std::string bytes;
    unsigned bits = 0;
    unsigned have = 0;
    for (const char c : letters) {
        const std::size_t at = alphabet.find(c);
        if (at == alphabet.npos) broken();
        bits = (bits << 6 | static_cast<unsigned>(at)) & 0xffffu;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        bytes += static_cast<char>(bits >> have & 0xffu);
    }
    return bytes;
}

// ---- Steps

/// The step says how what it makes is called.
bool names_something(const model::step& s) {
    return model::creates_operation(s.what, s.subject.kind) || model::makes(s.what, s.subject.kind);
}

class writer {
  public:
    void number(std::uint64_t n) {
        for (; n >= 128; n >>= 7) bytes_ += static_cast<char>((n & 127u) | 128u);
        bytes_ += static_cast<char>(n);
    }
    void text(std::string_view t) {
        number(t.size());
        bytes_ += t;
    }
    void step(const model::step& s, bool waits, bool blocks) {
        if (s.at.depth > 0) {
            bytes_ += static_cast<char>(reaction_mark);
            number(s.at.depth);
            number(static_cast<std::uint64_t>(s.at.is));
            number(s.at.number);
        }
        const model::verb_shape& shape = model::shape_of(s.what);
        const auto kind = static_cast<unsigned>(s.subject.kind);
        const auto what = static_cast<unsigned>(s.what);
        bytes_ += static_cast<char>(what < 32 ? kind << 5 | what : later_verb << 5 | kind);
        if (what >= 32) number(what);
        if (has_number(s)) number(s.subject.number);
        if (shape.value) number(s.value);
        if (shape.count) number(s.count);
        if (shape.time) number(static_cast<std::uint64_t>(s.time.count()));
        if (names_something(s)) number(std::uint64_t{s.operation} << 2 | (blocks ? 2u : 0u) | (waits ? 1u : 0u));
    }
    [[nodiscard]] std::string take() && { return std::move(bytes_); }

    static bool has_number(const model::step& s) {
        return s.what != verb::advance && s.subject.kind != handle_kind::receiver;
    }

  private:
    std::string bytes_;
};

class reader {
  public:
    explicit reader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] unsigned byte() {
        if (rest_.empty()) broken();
        const auto b = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return b;
    }
    [[nodiscard]] std::uint64_t number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
        std::uint64_t n = 0;
        unsigned shift = 0;
        unsigned b = 0;
        do {
            b = byte();
            if (shift > 63 || (shift == 63 && (b & 126u) != 0)) broken();
            n |= std::uint64_t{b & 127u} << shift;
            shift += 7;
        } while ((b & 128u) != 0);
        if (n > most) broken();
        return n;
    }
    /// Of what takes a byte at least, each: there are no more of them than bytes behind the number.
    [[nodiscard]] std::size_t count() {
        const std::uint64_t n = number();
        if (n > rest_.size()) broken();
        return n;
    }
    [[nodiscard]] std::string text() {
        const std::size_t size = count();
        std::string t(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return t;
    }
    [[nodiscard]] task_step step() {
        constexpr std::uint64_t any_handle = std::numeric_limits<std::uint32_t>::max();
        task_step t;
        model::step& s = t.step;
        unsigned head = byte();
        if (head == reaction_mark) {
            s.at = occasion();
            head = byte();
        }
        const bool later = head >> 5 == later_verb;
        const unsigned kind = later ? head & 31u : head >> 5;
        const std::uint64_t what = later ? number() : head & 31u;
        if (what >= model::verb_count || kind >= model::kind_count || later != (what >= 32)) broken();
        s.what = static_cast<verb>(what);
        s.subject.kind = static_cast<handle_kind>(kind);
        if (s.what != verb::advance && !model::applies_to(s.what, s.subject.kind)) broken();
        const model::verb_shape& shape = model::shape_of(s.what);
        if (writer::has_number(s)) s.subject.number = static_cast<std::uint32_t>(number(any_handle));
        if (shape.value) s.value = number();
        if (shape.count) s.count = number();
        if (shape.time) {
            constexpr auto most = static_cast<std::uint64_t>(model::largest_duration.count());
            s.time = model::duration(static_cast<model::duration::rep>(number(most)));
        }
        if (names_something(s)) {
            const std::uint64_t named = number(any_handle << 2 | 3u);
            s.operation = static_cast<std::uint32_t>(named >> 2);
            t.blocks = (named & 2u) != 0;
            t.waits = (named & 1u) != 0;
            if ((t.waits || t.blocks) && !model::creates_operation(s.what, s.subject.kind)) broken();
        }
        return t;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    [[nodiscard]] model::occasion occasion() {
        model::occasion at;
        at.depth = static_cast<unsigned>(number(model::largest_depth));
        const std::uint64_t is = number(static_cast<std::uint64_t>(model::occasion::kind::destroyed));
        at.is = static_cast<model::occasion::kind>(is);
        at.number = number();
        if (at.depth == 0 || at.is == model::occasion::kind::none) broken();
        const bool operation = at.is == model::occasion::kind::woken;
        if (operation && at.number > std::numeric_limits<std::uint32_t>::max()) broken();
        return at;
    }

    std::string_view rest_;
};

/// The bytes without their checksum.
std::string_view checked(std::string_view bytes) {
    if (bytes.size() < checksum_size) broken();
    const std::string_view body = bytes.substr(0, bytes.size() - checksum_size);
    const std::uint32_t sum = checksum(body);
    for (std::size_t i = 0; i < checksum_size; ++i)
        if (static_cast<unsigned char>(bytes[body.size() + i]) != (sum >> (8 * i) & 0xffu)) broken();
    return body;
}

/// Says what is wrong with a word that is no token of this format.
void expect_format(std::string_view word) {
    if (word.starts_with(prefix)) return;
    const std::string_view head = word.substr(0, word.find('.'));
    const bool numbered = head.size() > 2 && head.size() < 8 && head.starts_with("tr") &&
                          head.find_first_not_of("0123456789", 2) == head.npos;
    if (numbered && head.size() < word.size()) {
        refuse(
            fmt::format("expected one of format tr1, found format {}: replay it with the "
                        "version that made it",
                        head));
    }
    refuse("expected a word that begins with 'tr1.', as a report has it under 'again'");
}

}  // namespace

std::string to_string(const token& t) {
    writer out;
    out.text(t.tool);
    // A program of one task is one, however it was found.
    const model::engine by = t.engine == model::engine::exhaustive ? model::engine::sequential : t.engine;
    out.number(static_cast<std::uint64_t>(by));
    out.text(t.target);
    out.number(t.program.capacity);
    out.number(t.program.before.size());
    for (const model::step& s : t.program.before) out.step(s, false, false);
    out.number(t.program.tasks.size());
    for (const std::vector<task_step>& task : t.program.tasks) {
        out.number(task.size());
        for (const task_step& s : task) out.step(s.step, s.waits, s.blocks);
    }
    return word_of(std::move(out).take());
}

std::string word_of(std::string bytes) {
    const std::uint32_t sum = checksum(bytes);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(sum >> shift & 0xffu);
    return std::string(prefix) + to_letters(bytes);
}

concurrent_program program_of(const counterexample& c) {
    concurrent_program p{c.capacity, {}, {}};
    if (const auto* one = std::get_if<sequential_run>(&c.run)) {
        std::vector<task_step>& task = p.tasks.emplace_back();
        for (const taken_step& s : one->steps) task.push_back({s.step, false, false});
        return p;
    }
    const model::history& h = std::get<concurrent_run>(c.run).history;
    for (const model::event& e : h.before) p.before.push_back(e.step);
    for (const std::vector<model::event>& events : h.tasks) {
        std::vector<task_step>& task = p.tasks.emplace_back();
        for (const model::event& e : events) task.push_back({e.step, e.waits, false});
    }
    return p;
}

std::string token_of(const counterexample& c) { return to_string(token{c.tool, c.engine, c.target, program_of(c)}); }

std::string replay_command(std::string_view program, std::string_view option, std::string_view token) {
    return fmt::format("{} replay {}{}{}", program, option, option.empty() ? "" : " ", token);
}

token parse_token(std::string_view word) {
    expect_format(word);
    const std::string bytes = from_letters(word.substr(prefix.size()));
    reader in(checked(bytes));
    token t;
    t.tool = in.text();
    t.engine = static_cast<model::engine>(in.number(static_cast<std::uint64_t>(model::engine::tests)));
    t.target = in.text();
    t.program.capacity = in.number(model::largest_capacity);
    if (t.program.capacity == 0) broken();
    for (std::size_t n = in.count(); n > 0; --n) {
        const task_step s = in.step();
        if (s.waits || s.blocks || s.step.at.depth > 0) broken();
        t.program.before.push_back(s.step);
    }
    for (std::size_t tasks = in.number(most_tasks); tasks > 0; --tasks) {
        std::vector<task_step>& task = t.program.tasks.emplace_back();
        for (std::size_t n = in.count(); n > 0; --n) task.push_back(in.step());
        const bool reacts = std::ranges::any_of(task, [](const task_step& s) { return s.step.at.depth > 0; });
        if (reacts && t.engine != model::engine::sequential) broken();
    }
    // A program has one token.
    if (!in.at_end() || to_string(t) != word) broken();
    return t;
}

}  // namespace tailrace::verify
