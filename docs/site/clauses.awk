# Makes the page that lists for each clause of the contract what names it, from the contract and from the XML that Doxygen has made.
#
# Usage: awk -f docs/site/clauses.awk model/README.md build/docs/xml/*.xml
function attribute(line, name) {
    if (!match(line, " " name "=\"[^\"]*\"")) return ""
    return substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
}
FILENAME ~ /\.md$/ {
    if (/^\| `[a-z_.-]+` \| /) {
        name = $2
        gsub(/`/, "", name)
        order[++count] = name
        promise[name] = $0
        sub(/^\| `[a-z_.-]+` \| /, "", promise[name])
        sub(/ \|$/, "", promise[name])
    }
    next
}
/<compounddef / {
    kind = attribute($0, "kind")
    compound = id = attribute($0, "id")
    member = ""
}
/<compoundname>/ {
    scope = $0
    gsub(/.*<compoundname>|<\/compoundname>.*/, "", scope)
    sub(/^tailrace::/, "", scope)
}
/<memberdef / {
    id = attribute($0, "id")
    member = "?"
}
/^ *<name>/ && member == "?" {
    member = $0
    gsub(/.*<name>|<\/name>.*/, "", member)
}
/<\/memberdef>/ {
    member = ""
    id = compound
}
/<ref refid="[a-z]*_1clause-/ {
    if (kind == "page" || kind == "file") next
    rest = $0
    while (match(rest, /<ref refid="[a-z]*_1clause-[^"]*"[^>]*>[^<]*</)) {
        found = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        gsub(/.*>|<$/, "", found)
        # A member of a namespace is on the page of its header: its id says so.
        where = id
        what = kind == "group" || kind == "namespace" ? "" : scope
        if (member != "") {
            match(where, /.*_1/)
            where = substr(where, 1, RLENGTH - 2) ".html#" substr(where, RLENGTH + 1)
            what = what (what == "" ? "" : "::") member
        } else {
            where = where ".html"
        }
        gsub(/&amp;/, "\\&", what)
        key = found SUBSEP what
        if (key in seen) continue
        seen[key] = 1
        gsub(/&/, "\\&amp;", what)
        gsub(/&amp;lt;/, "\\&lt;", what)
        gsub(/</, "\\&lt;", what)
        named[found] = named[found] (named[found] == "" ? "" : ", ") "<a href=\"" where "\"><code>" what "</code></a>"
    }
}
END {
    print "# Clauses and functions {#clauses}"
    print ""
    print "Each clause of the [contract](@ref contract), and what names it."
    print ""
    print "<dl class=\"clauses\">"
    for (i = 1; i <= count; ++i) {
        name = order[i]
        anchor = name
        gsub(/\./, "-", anchor)
        print "<dt id=\"functions-" anchor "\">@ref clause-" anchor " \"" name "\"</dt>"
        print "<dd>" (named[name] == "" ? "(none)" : named[name]) "</dd>"
        if (named[name] == "") { ++without; print "clauses.awk: nothing names the clause " name >"/dev/stderr" }
    }
    print "</dl>"
    if (without) exit 1
}
