# Makes a class of each example in a public header, as docs/site/header.awk prints that: what the example defines are members, and the rest
# is the body of one. Run by header_blocks.
function finish(i) {
    printf "struct example_%d_of_%s : %s {\n", ++examples, name, fixture
    print definitions
    printf "    %s example() {\n%s", (statements ~ /co_await/ ? coroutine : "void"), statements
    print "    }\n};"
    definitions = statements = ""
}
BEGIN {
    name = file
    sub(/.*\//, "", name)
    gsub(/[^a-z_]/, "_", name)
}
/@code\{\.cpp\}/ { inside = 1; at = FNR + 1; next }
inside {
    line = $0
    last = sub(/ @endcode$/, "", line)
    if (!sub(/^ *\/\/\/     /, "", line)) line = ""
    text = "#line " FNR " \"" file "\"\n" line "\n"
    if (!defining && line ~ /^([a-z_:<>]+ )+[a-z_]+\([^=]*\) \{|^struct [a-z_]+ \{/) defining = 1
    if (defining) {
        definitions = definitions text
        if (line ~ /^\}|^[^ ].*\{.*\}$/) defining = 0
    } else {
        statements = statements text
    }
    if (last) {
        finish()
        inside = 0
    }
}
