// The style of the page. A contestant of ours is known by its colour, its shape, and its name.
// After a change here look at the page that ci/bench writes, light and dark
#include "compare/page.hpp"

namespace bench {

const std::string_view page_style = R"css(
:root {
  --page: #f6f7f9; --card: #fff; --ink: #1b2230; --soft: #5b6577; --line: #d9dee7; --rail: #eceff4;
  --ours: #1f5fc4; --form: #5a8de0; --tokio: #b75d00; --peer: #7b8496; --good: #1d7a46; --bad: #c22f2f;
  --good-soft: #e3f4ea; --bad-soft: #fdeaea; --chip: #eef1f6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151c; --card: #1a1f29; --ink: #e6eaf2; --soft: #9aa5b8; --line: #303848; --rail: #242b37;
    --ours: #6ea2f5; --form: #4a78c4; --tokio: #f0a050; --peer: #8690a4; --good: #6fd39b; --bad: #f47878;
    --good-soft: #1b3528; --bad-soft: #3d2226; --chip: #262d3b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
header, main { max-width: 1440px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 18px; margin: 28px 0 4px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 4px 0 12px; max-width: 90ch; }
.soft, figcaption { color: var(--soft); font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px;
  margin: 0; min-width: 0; }
.card p { margin: 0 0 6px; }
.wide { overflow-x: auto; } .fit { width: fit-content; max-width: 100%; }
.rows { display: grid; gap: 16px; margin: 12px 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); }
.series { grid-template-columns: repeat(auto-fill, minmax(min(100%, 520px), 1fr)); }
.counts { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 12px 0; }
.counts b { font-size: 20px; font-variant-numeric: tabular-nums; }
.met { color: var(--good); } .missed, .wrong { color: var(--bad); }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: 3px 16px 3px 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
td.number { text-align: right; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; font-size: 13.5px; margin: 8px 0; }
dt { color: var(--soft); } dd { margin: 0; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--soft); font-size: 13px; }
.legend svg { display: inline-block; vertical-align: -3px; margin-right: 5px; width: 14px; height: 14px; }
svg { display: block; max-width: 100%; height: auto; font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.grid { stroke: var(--line); } .rail { stroke: var(--rail); }
.one { stroke: var(--tokio); stroke-width: 1.5; }
.tick { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.name { fill: var(--ink); } .name.peer, .name.reference { fill: var(--soft); }
.name.ours, .value.ours { fill: var(--ours); font-weight: 700; }
.name.form, .value.form { fill: var(--ours); }
.name.tokio, .value.tokio { fill: var(--tokio); font-weight: 600; }
.value { fill: var(--ink); font-variant-numeric: tabular-nums; } .value.wrong { fill: var(--bad); font-weight: 700; }
.value.peer, .value.reference { fill: var(--soft); }
.mark { fill: var(--peer); stroke: var(--card); stroke-width: 1; }
.mark.ours { fill: var(--ours); } .mark.form { fill: var(--form); } .mark.tokio { fill: var(--tokio); }
.mark.reference { fill: var(--card); stroke: var(--peer); stroke-width: 1.5; }
.spread { stroke: var(--peer); stroke-width: 2; opacity: 0.55; }
.spread.ours { stroke: var(--ours); } .spread.form { stroke: var(--form); } .spread.tokio { stroke: var(--tokio); }
.line { fill: none; stroke: var(--peer); stroke-width: 1.25; }
.line.ours { stroke: var(--ours); stroke-width: 2.5; } .line.form { stroke: var(--form); stroke-width: 2; }
.line.tokio { stroke: var(--tokio); stroke-width: 2; } .line.reference { stroke-dasharray: 4 4; }
.lead { fill: none; stroke: var(--line); }
.goal path { stroke: var(--good); stroke-width: 3; }
)css";

}  // namespace bench
