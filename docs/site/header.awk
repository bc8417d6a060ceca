# What Doxygen reads of a public header. Comments there are plain; this adds what Doxygen needs to know. Lines keep their numbers.
#
# - The comment at the top of a header describes it: it becomes the text of a page, and all that the header declares is listed there.
# - `/// Throws: ...` and the like become paragraphs with a title; `/// Clauses: a.b, c.d` become links to the contract.
# - An indented example becomes code.
# - What is not for users is left out: namespace detail, private members, deleted and defaulted functions, promise types, and what
#   stands under `// ---- For the other forms`.
# - Waiting operations get the member `poll` that they inherit from detail/operation.hpp, with its comment.
#
# After a change here run: ci/test -R house.reference, and ci/docs
# Usage: awk -f docs/site/header.awk impl/include/tailrace/sender.hpp
BEGIN {
    header = ARGV[1]
    sub(/.*\//, "", header)
    group = "header_" header
    gsub(/[^a-z_]/, "_", group)
    folder = ARGV[1]
    sub(/[^\/]*$/, "", folder)
    read_poll(folder "detail/operation.hpp")
}

# The comment above poll() of all operations, in one line.
function read_poll(file, line, text) {
    while ((getline line <file) > 0) {
        if (line ~ /^ *\/\/\//) {
            sub(/^ *\/\/\/ ?/, "", line)
            text = text (line == "" ? "<br>" : line " ")
        } else {
            if (line ~ / poll\(const waker& w\)/) poll = text
            text = ""
        }
    }
    close(file)
    if (poll == "") { print "header.awk: no comment above poll() in " file >"/dev/stderr"; exit 1 }
}

# All lines until the end: that of an example stands on its last line, and a comment goes with what it is about.
function put(line) { out[NR] = line }
function drop_comment_above(n) {
    for (n = NR - 1; out[n] ~ /^ *\/\/\//; --n) out[n] = ""
}

function clauses(text, result, name, anchor) {
    while (match(text, /[a-z_]+[a-z_-]*(\.[a-z_-]*[a-z])?/)) {
        name = substr(text, RSTART, RLENGTH)
        anchor = name
        gsub(/\./, "-", anchor)
        result = result substr(text, 1, RSTART - 1) "@ref clause-" anchor " \"" name "\""
        text = substr(text, RSTART + RLENGTH)
    }
    return result text
}

# A comment for users; `line` begins with its `///`, after white space.
function document(line, indent, text) {
    match(line, /\/\/\/<? ?/)
    indent = substr(line, 1, RSTART + RLENGTH - 1)
    text = substr(line, RSTART + RLENGTH)
    if (text ~ /^    / && (in_code || blank)) {
        if (!in_code && is_code(text)) { sub(/ ?$/, " @code{.cpp}", out[NR - 1]); in_code = 1 }
    } else {
        end_code()
    }
    blank = text ~ /^ *$/
    if (in_code || text ~ /^    /) return line
    if (text ~ /^(Waits|On close|Cancel safety|Errors|Throws|Progress|Clauses|Thread safety|Signature|Completion): /) {
        in_clauses = text ~ /^Clauses: /
        sub(/: .*/, "", text)
        line = substr(line, length(indent) + length(text) + 3)
        return indent "@titled{" text "} " (in_clauses ? clauses(line) : line)
    }
    if (blank) in_clauses = 0
    return in_clauses ? indent clauses(text) : line
}
# Diagrams and lists are no code.
function is_code(text) { return text ~ /[;{}]$|[;{}] *\/\/|^ *(auto|for|if|while|struct|void|tailrace::) / }
function end_code() {
    if (in_code) out[NR - 1] = out[NR - 1] " @endcode"
    in_code = 0
}

# The comment at the top.
NR == 1, /^#pragma once/ {
    if (/^\/\/ After a change here run/) {
        end_code()
        put("///")
    } else if (/^#pragma once/) {
        end_code()
        put("/// @defgroup " group " tailrace/" header)
    } else {
        sub(/^\/\//, "///")
        put(document($0))
    }
    next
}
!opened && /^$/ {
    opened = 1
    put("/** @addtogroup " group " */ /** @{ */")
    next
}
/^namespace tailrace(::inline [A-Z_]+)? \{/ {
    put("/** @} */ namespace tailrace { /** @addtogroup " group " */ /** @{ */")
    next
}
/^}  \/\/ namespace tailrace/ {
    closed = 1
    put("/** @} */ }")
    next
}

# Left out.
/^namespace detail \{/ || depth {
    line = $0
    sub(/\/\/.*/, "", line)
    depth += gsub(/\{/, "", line) - gsub(/\}/, "", line)
    put("")
    next
}
hidden != "" {
    match($0, /^ */)
    if (RLENGTH < length(hidden) && /^ *};/) {
        hidden = ""
    } else if (RLENGTH == length(hidden) && /^ *public:/) {
        hidden = ""
    } else {
        if (/^ *(class|struct) [a-z_]+;/) {
            sub(/;.*/, "", $2)
            hidden_class[$2] = 1
        }
        put("")
        next
    }
}
# The definition of a member outside of its class.
/^inline .*[a-z_]+::~?[a-z_]+(\(.*\{|;)$/ {
    drop_comment_above()
    if (/\{$/) leaving = "^}"
    put("")
    next
}
# A class that is declared there, or that only the compiler uses.
/^(class|struct) [a-z_]+::[a-z_]+ .*\{$/ {
    name = $2
    sub(/.*::/, "", name)
    if (name in hidden_class || name == "promise_type") {
        drop_comment_above()
        leaving = "^};"
    }
}
leaving != "" {
    if ($0 ~ leaving) leaving = ""
    put("")
    next
}
/^ *private:$/ {
    match($0, /^ */)
    hidden = substr($0, 1, RLENGTH)
    put("")
    next
}
/^ *friend (class|struct) / { put(""); next }
/= (delete|default);/ { put(""); next }
/^ *\/\/ ---- For the other forms/ { others = 1 }
others && (/^};/ || /^ *\/\/ ---- [^F]/) { others = 0 }
others { put(""); next }

/^ *\/\/\// || /[,;}] *\/\/\/< / || /^ *[a-z_]+ *\/\/\/< / {
    if (/^ *\/\/\//) put(document($0)); else put($0)
    next
}
{
    end_code()
    in_clauses = blank = 0
    gsub(/\[\[[^]]*\]\] ?/, "")
    gsub(/TAILRACE_(BORROWS|BORROWER) ?/, "")
    while (/[0-9]'[0-9]/) sub(/'/, "")
    if (/detail::(operation|reservation)</) operation = 1
    if (operation && /\{$/) {
        operation = 0
        $0 = $0 " public: /** " poll " */ std::optional<result_type> poll(const waker& w); private:"
    }
    put($0)
}
END {
    for (n = 1; n <= NR; ++n) print out[n]
    if (opened && !closed) print "/** @} */"
}
