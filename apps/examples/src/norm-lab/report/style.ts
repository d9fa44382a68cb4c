/** The style sheet of the report: one set of names for colours, with values for light and for dark; print is light. */
export const style = `
:root { color-scheme: light dark; --text: #1c1e21; --soft: #59616c; --line: #dde1e6; --page: #ffffff; --card: #f6f7f9;
  --none: #6b7280; --batch: #c2410c; --layer: #1d4ed8; --group: #047857; --instance: #7e22ce; --rms: #a16207;
  --yes: #047857; --no: #b91c1c; --open: #6b7280; }
@media screen and (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #a7afba; --line: #343a42; --page: #15171b; --card: #1d2025;
  --none: #a8b0bc; --batch: #fb923c; --layer: #7da7ff; --group: #34d399; --instance: #c99bff; --rms: #e3c04b;
  --yes: #34d399; --no: #ff8a8a; --open: #a8b0bc; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 50rem; margin: 2.5rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; margin-bottom: .5rem; } h2 { margin: 3.5rem 0 .25rem; border-top: 1px solid var(--line); padding-top: 2rem; } h3 { margin: 0 0 .25rem; font-size: 1rem; }
a { color: inherit; }
.question { font-size: 1.1rem; margin: 0 0 1rem; } .note, figcaption, caption, .source, .metric { color: var(--soft); font-size: .88rem; }
.metric { margin: .15rem 0; } .source { margin: 0; } .reading { margin: .4rem 0 0; }
.scroll { overflow-x: auto; margin: 1.25rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; } tbody th { font-weight: 600; }
.claim { background: var(--card); border-left: 4px solid var(--open); border-radius: 4px; padding: .8rem 1rem; margin: 1rem 0; break-inside: avoid; }
.claim.holds { border-color: var(--yes); } .claim.does-not-hold { border-color: var(--no); }
.verdict { font-weight: 700; white-space: nowrap; color: var(--open); } .holds .verdict, .verdict.holds { color: var(--yes); } .does-not-hold .verdict, .verdict.does-not-hold { color: var(--no); }
figure { margin: 1.75rem 0; break-inside: avoid; } figure h3 { font-weight: 600; }
svg { display: block; width: 100%; height: auto; } svg.strip { margin-top: .4rem; }
svg text { fill: var(--text); font-size: 12px; font-family: inherit; } svg .tick, svg .label { fill: var(--soft); }
.grid { stroke: var(--line); } .axis { stroke: var(--soft); } .zero { stroke: var(--text); stroke-width: 1.5; } .margin { fill: var(--soft); opacity: .16; }
.curve { fill: none; stroke-width: 2.2; stroke: var(--none); } .band { stroke: none; opacity: .13; fill: var(--none); } .dot { fill-opacity: .45; stroke-width: 1.2; fill: var(--none); stroke: var(--none); } .mean { stroke-width: 3; stroke: var(--none); }
.curve.batch, .mean.batch, .dot.batch { stroke: var(--batch); } .dot.batch, .band.batch { fill: var(--batch); }
.curve.layer, .mean.layer, .dot.layer { stroke: var(--layer); } .dot.layer, .band.layer { fill: var(--layer); }
.curve.group, .mean.group, .dot.group { stroke: var(--group); } .dot.group, .band.group { fill: var(--group); }
.curve.instance, .mean.instance, .dot.instance { stroke: var(--instance); } .dot.instance, .band.instance { fill: var(--instance); }
.curve.rms, .mean.rms, .dot.rms { stroke: var(--rms); } .dot.rms, .band.rms { fill: var(--rms); }
.curve.none { stroke-dasharray: 2 3; } .curve.layer { stroke-dasharray: 9 3; } .curve.group { stroke-dasharray: 9 3 2 3; } .curve.instance { stroke-dasharray: 5 2; } .curve.rms { stroke-dasharray: 4 2 1 2; }
.curve.shared, .curve.noisy { stroke-dasharray: 1 3; stroke-width: 2.8; } .curve.post { stroke-dasharray: 2 4; stroke-width: 2.8; }
.pair { fill: var(--soft); opacity: .65; } .interval { stroke: var(--text); stroke-width: 3; } .center { stroke: var(--text); stroke-width: 3; }
@media print { body { max-width: none; margin: 0; font-size: 11pt; } h2 { break-after: avoid; } .scroll { overflow: visible; } .claim { background: none; border: 1px solid var(--line); border-left-width: 4px; print-color-adjust: exact; } }
`;
