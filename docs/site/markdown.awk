# What Doxygen reads of a document: its headings have the names that links use on the web, its links lead to pages of the site, and the
# clauses of the contract can be linked to. A link to what is not on the site becomes its text. Lines keep their numbers.
#
# Usage: awk -f docs/site/markdown.awk model/README.md
BEGIN {
    file = ARGV[1]
    if (index(file, ENVIRON["PWD"] "/") == 1) file = substr(file, length(ENVIRON["PWD"]) + 2)
    page = page_of(file)
    folder = file
    if (!sub(/\/[^\/]*$/, "", folder)) folder = "."
}

# The name of a document's page; nothing if it is not on the site.
function page_of(path) {
    if (path == "docs/README.md") return "index"
    if (path == "model/README.md") return "contract"
    if (path == "impl/DESIGN.md") return "design"
    if (path ~ /^docs\/(guide\/)?[a-z-]+\.md$/) {
        sub(/^docs\/guide\//, "guide-", path)
        sub(/^docs\//, "", path)
        sub(/\.md$/, "", path)
        return path
    }
    return ""
}
# As GitHub makes it.
function anchor_of(heading) {
    heading = tolower(heading)
    gsub(/[^a-z0-9 _-]/, "", heading)
    gsub(/ /, "-", heading)
    return heading
}
function resolved(path, parts, n, i, depth, out) {
    n = split((folder == "." ? "" : folder "/") path, parts, "/")
    depth = 0
    for (i = 1; i <= n; ++i) {
        if (parts[i] == "." || parts[i] == "") continue
        if (parts[i] == "..") { if (depth) --depth; continue }
        out[++depth] = parts[i]
    }
    path = out[1]
    for (i = 2; i <= depth; ++i) path = path "/" out[i]
    return path
}
function links(text, result, label, target, path, anchor, to) {
    while (match(text, /\[[^]]*\]\([^) ]+\)/)) {
        label = target = substr(text, RSTART, RLENGTH)
        result = result substr(text, 1, RSTART - 1)
        text = substr(text, RSTART + RLENGTH)
        sub(/\]\(.*/, "", label)
        label = substr(label, 2)
        sub(/.*\]\(/, "", target)
        sub(/\)$/, "", target)
        if (target ~ /:\/\//) {
            result = result "[" label "](" target ")"
            continue
        }
        path = anchor = target
        sub(/#.*/, "", path)
        if (!sub(/^[^#]*#/, "", anchor)) anchor = ""
        path = path == "" ? file : resolved(path)
        if (path ~ /^impl\/include\/tailrace\/[a-z_]+\.hpp$/) {
            sub(/.*\//, "", path)
            gsub(/[^a-z_]/, "_", path)
            to = "group__header__" gensub_underscores(path) ".html"
            result = result "<a href=\"" to "\">" html(label) "</a>"
            continue
        }
        to = page_of(path)
        if (to == "") result = result label
        else result = result "[" label "](@ref " to (anchor == "" ? "" : "-" anchor) ")"
    }
    return result text
}
# Doxygen doubles an underscore in the name of a file.
function gensub_underscores(text) { gsub(/_/, "__", text); return text }
function html(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    while (match(text, /`[^`]*`/)) {
        text = substr(text, 1, RSTART - 1) "<code>" substr(text, RSTART + 1, RLENGTH - 2) "</code>" substr(text, RSTART + RLENGTH)
    }
    return text
}

/^```/ { fenced = !fenced; print; next }
fenced || /^    / { print; next }
page == "" { print; next }
/^# / && NR == 1 {
    if (page == "contract") $0 = "# The contract"
    print $0 (page == "index" ? "" : " {#" page "}")
    next
}
/^##+ / {
    heading = $0
    sub(/^#+ /, "", heading)
    print $0 " {#" page "-" anchor_of(heading) "}"
    next
}
page == "contract" && /^\| `[a-z_.-]+` \| / {
    name = $2
    gsub(/`/, "", name)
    anchor = name
    gsub(/\./, "-", anchor)
    rest = $0
    sub(/^\| `[a-z_.-]+` \| /, "", rest)
    print "| @anchor clause-" anchor " <a href=\"clauses.html#functions-" anchor "\"><code>" name "</code></a> | " links(rest)
    next
}
{ print links($0) }
