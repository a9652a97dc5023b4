// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the report's page looks. Classes are told apart by word, mark and height as well as by colour.
#pragma once

namespace micguard::cli {

inline constexpr char reportStyle[] = R"css(
:root{--paper:#f6f5f2;--card:#fff;--ink:#1d2430;--quiet:#5b6472;--rule:#dcdad3;--mute:#efede7;--none:#9aa1ab;
--continuous:#b3261e;--periodic:#8a5a00;--held:#1f5fa8;--released:#1d6b45;--unjudged:#5b6472;--tint:12%}
@media (prefers-color-scheme:dark){:root{--paper:#14171c;--card:#1c2128;--ink:#e8eaee;--quiet:#a3acb9;--rule:#323943;--mute:#272d36;
--none:#6f7884;--continuous:#ff8a7d;--periodic:#f0b95a;--held:#82b6f5;--released:#7ccfa2;--unjudged:#a3acb9;--tint:18%}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:72rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:2rem;line-height:1.2;margin:.1em 0 .2em;letter-spacing:-.01em}
h2{font-size:1.15rem;margin:0 0 .75rem}
p{margin:0 0 .75rem}
small{display:block;color:var(--quiet);font-size:.8125rem;line-height:1.4;overflow-wrap:anywhere}
.maker{margin:0;color:var(--quiet);font-size:.8125rem;letter-spacing:.08em;text-transform:uppercase}
.quiet,.not{color:var(--quiet)}
.sums{list-style:none;margin:1.5rem 0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem}
.sums li{background:var(--card);border:1px solid var(--rule);border-radius:.75rem;padding:.9rem 1rem;display:grid;
grid-template-columns:auto 1fr;grid-template-rows:auto 1fr;column-gap:.7rem;align-items:start}
.sums b{font-size:1.9rem;line-height:1;grid-row:span 2;min-width:1.3em;align-self:center}
.badge{display:inline-flex;align-items:center;gap:.4em;font-size:.875rem;font-weight:600;white-space:nowrap;color:var(--c)}
.continuous{--c:var(--continuous)}.periodic{--c:var(--periodic)}.held{--c:var(--held)}.released{--c:var(--released)}
.unjudged{--c:var(--unjudged)}
.badge i{width:.9em;height:.9em;border:2px solid var(--c);border-radius:50%;flex:none}
.continuous i{background:var(--c)}
.periodic i{background:linear-gradient(90deg,var(--c) 50%,transparent 50%)}
.held i{background:radial-gradient(circle,var(--c) 0 25%,transparent 28%)}
.unjudged i{border-style:dotted}
section,.wide{background:var(--card);border:1px solid var(--rule);border-radius:.75rem;padding:1.25rem;margin:0 0 1.25rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;margin:0 0 1rem;padding:0;font-size:.875rem;color:var(--quiet)}
.legend li{display:inline-flex;align-items:center;gap:.5em}
.legend svg{width:1.5rem;height:1rem}
.lines{display:grid;grid-template-columns:minmax(9rem,17rem) 1fr;gap:.55rem 1.25rem;align-items:center}
.who{overflow-wrap:anywhere;line-height:1.3;display:flex;flex-wrap:wrap;gap:0 .6rem;justify-content:space-between}
.numbers{position:relative;height:1.25rem;font-size:.8125rem;color:var(--quiet)}
.numbers span{position:absolute;text-align:center}
.line{display:block;width:100%;height:1.75rem}
.mute{fill:var(--mute)}.none{fill:var(--none)}.asks{fill:var(--continuous)}.holds{fill:var(--held)}
.assumed{fill-opacity:.3;stroke-width:1.5;stroke-dasharray:4 3;vector-effect:non-scaling-stroke}
.asks.assumed{stroke:var(--continuous)}.holds.assumed{stroke:var(--held)}
.mutes{margin:1rem 0 0;padding-left:1.4rem;font-size:.875rem;color:var(--quiet);columns:15rem auto;column-gap:2rem}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;font-weight:700;font-size:1.15rem;padding:0 0 .75rem}
th,td{text-align:left;vertical-align:top;padding:.7rem .75rem;border-top:1px solid var(--rule)}
th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
thead th{font-size:.8125rem;color:var(--quiet);border-top:0;padding-top:0;white-space:nowrap}
tbody th{font-weight:400;min-width:11rem}tbody th b{overflow-wrap:anywhere}
em{font-style:normal;font-size:.75rem;border:1px solid var(--rule);border-radius:1em;padding:.05em .6em;color:var(--quiet);white-space:nowrap}
td.number{white-space:nowrap}
.notes p{max-width:46rem}.notes p:last-child{margin:0}
.empty{font-size:1.15rem;margin:2rem 0}
.wide{overflow-x:auto}
@media (max-width:58rem){
main{padding:1.5rem 1rem 3rem}h1{font-size:1.6rem}
.sums{grid-template-columns:repeat(2,minmax(0,1fr));gap:.5rem}.sums li{padding:.7rem .6rem;column-gap:.4rem}.sums b{min-width:1em}
section,.wide{padding:1rem}
.lines{grid-template-columns:1fr;gap:.2rem}.line{margin-bottom:.7rem}.lines>.who:first-child{display:none}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
table,tbody,tr,caption,tbody th,td{display:block}
tbody tr{border-top:1px solid var(--rule);padding:.9rem 0}
tbody tr:last-child{padding-bottom:0}
tbody th,td,td.number{border:0;padding:.15rem 0;white-space:normal}
tbody th{padding-bottom:.4rem}
td{display:grid;grid-template-columns:8.5rem 1fr;gap:0 .75rem}
td::before{content:attr(data-label);color:var(--quiet);font-size:.875rem}
td>*{grid-column:2}
}
@media print{body{background:#fff}section,.wide,.sums li{break-inside:avoid}}
)css";

} // namespace micguard::cli
