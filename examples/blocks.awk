# Makes a source of the C++ in a page of the guide: its blocks, one after the other, are one program. A compiler names lines of the page.
#
# Usage: awk -f examples/blocks.awk docs/guide/threads.md >threads.md.cpp
#        awk -v kind=text -f examples/blocks.awk docs/guide/threads.md      what the program prints, as the page says
BEGIN { if (kind == "") kind = "cpp" }
/^```/ {
    if (inside) {
        inside = 0
    } else if ($0 == "```" kind) {
        inside = 1
        if (kind == "cpp") print "#line " FNR + 1 " \"" FILENAME "\""
    } else {
        skipping = !skipping
    }
    next
}
inside { print }
