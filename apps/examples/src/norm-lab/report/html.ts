import type { Claim, Figure, Table } from '../analysis.ts';
import type { Outcome } from '../lab.ts';
import { chart, escaped, strip } from './charts.ts';
import { style } from './style.ts';
import { howMeasured, marginOf, measured, type Report, rateRemark, tally } from './text.ts';

const classOf = ({ verdict }: Claim): string => verdict.replaceAll(' ', '-');

function tableOf({ caption, head, rows }: Table): string {
  const cells = (row: readonly string[]): string =>
    row.map((c, i) => (i === 0 ? `<th scope="row">${escaped(c)}</th>` : `<td>${escaped(c)}</td>`)).join('');
  return `<div class="scroll"><table><caption>${escaped(caption)}</caption>
<thead><tr>${head.map((h) => `<th scope="col">${escaped(h)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((r) => `<tr>${cells(r)}</tr>`).join('\n')}</tbody></table></div>`;
}

function figureOf(f: Figure): string {
  return `<figure><h3>${escaped(f.title)}</h3>${chart(f)}<figcaption>${escaped(f.caption)}</figcaption></figure>`;
}

function claimOf(c: Claim): string {
  return `<div class="claim ${classOf(c)}">
<h3>${escaped(c.statement)} <span class="verdict">${c.verdict}</span></h3>
<p class="source">${escaped(c.source)}</p>
<p class="metric">${escaped(c.metric)}; ${escaped(marginOf(c))}</p>
<p class="metric">Measured: ${escaped(measured(c))}</p>
${c.interval.n === 0 ? '' : strip(c)}
<p class="reading">${escaped(c.reading)}</p>
</div>`;
}

function section(outcome: Outcome, protocol: string): string {
  const { experiment: e, analysis } = outcome;
  const remarks = [...analysis.remarks, rateRemark(outcome)].filter((r) => r !== null);
  return `<section id="${e.name}">
<h2>${escaped(e.title)}</h2>
<p class="question">${escaped(e.question)}</p>
<p>${escaped(protocol)}</p>
${analysis.claims.map(claimOf).join('\n')}
${analysis.figures.map(figureOf).join('\n')}
${analysis.tables.map(tableOf).join('\n')}
${remarks.map((r) => `<p class="note">${escaped(r)}</p>`).join('\n')}
<p class="note">Sources: ${e.sources.map(escaped).join('; ')}.</p>
</section>`;
}

function overview({ outcomes }: Report): string {
  const rows = outcomes.flatMap(({ experiment, analysis }) =>
    analysis.claims.map(
      (c, i) =>
        `<tr>${i === 0 ? `<th scope="row" rowspan="${analysis.claims.length}"><a href="#${experiment.name}">${escaped(experiment.title)}</a></th>` : ''}<td>${escaped(c.statement)}</td><td><span class="verdict ${classOf(c)}">${c.verdict}</span></td></tr>`,
    ),
  );
  return `<div class="scroll"><table><caption>All claims and verdicts</caption>
<thead><tr><th scope="col">experiment</th><th scope="col">claim</th><th scope="col">verdict</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** The whole report as one self-contained page. */
export function reportHtml(report: Report, protocolOf: (o: Outcome) => string): string {
  const counts = tally(report.outcomes).map(([v, n]) => `${v} ${n}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Normalization lab</title>
<style>${style}</style>
</head>
<body>
<h1>Normalization lab</h1>
<p class="question">What is claimed of BatchNorm, LayerNorm and their relatives, measured. Verdicts on ${report.outcomes.flatMap((o) => o.analysis.claims).length} claims: ${counts.join(', ')}.</p>
${howMeasured(report)
  .map((p) => `<p class="note">${escaped(p)}</p>`)
  .join('\n')}
${overview(report)}
${report.outcomes.map((o) => section(o, protocolOf(o))).join('\n')}
</body>
</html>
`;
}
