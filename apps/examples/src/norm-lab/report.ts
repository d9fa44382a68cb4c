import { type Curve, lineChart } from './chart.ts';
import { type Arm, armNames, arms, type Experiment } from './experiments.ts';
import { type ArmSummary, average } from './summary.ts';
import type { JobResult } from './train.ts';

/** What the report says about how its numbers were made. */
export interface Protocol {
  readonly data: string;
  readonly trainImages: number;
  readonly testImages: number;
  readonly seeds: readonly number[];
  /** The device that computed, in the backend's own words. */
  readonly device: string;
}

/** Steps averaged into one point of a loss curve. */
function windowOf(steps: number): number {
  return Math.max(1, Math.round(steps / 60));
}

function lossCurve(arm: Arm, runs: readonly JobResult[]): Curve {
  const steps = Math.min(...runs.map((r) => r.losses.length));
  const window = windowOf(steps);
  const points = Array.from({ length: Math.floor(steps / window) }, (_, k) => {
    const values = runs.map((r) => average(r.losses.slice(k * window, (k + 1) * window)));
    return { x: (k + 1) * window, y: average(values), low: Math.min(...values), high: Math.max(...values) };
  });
  return { name: armNames[arm], style: arm, points };
}

function accuracyCurve(arm: Arm, runs: readonly JobResult[]): Curve {
  const epochs = Math.min(...runs.map((r) => r.accuracies.length));
  const points = Array.from({ length: epochs }, (_, k) => {
    const values = runs.map((r) => 100 * (1 - r.accuracies[k]!));
    return { x: k + 1, y: average(values), low: Math.min(...values), high: Math.max(...values) };
  });
  return { name: armNames[arm], style: arm, points };
}

const percent = (x: number): string => `${(100 * x).toFixed(2)}%`;

function section(e: Experiment, rows: readonly ArmSummary[], results: readonly JobResult[]): string {
  const runsOf = (arm: Arm): JobResult[] => results.filter((r) => r.experiment === e.name && r.arm === arm);
  const present = arms.filter((arm) => runsOf(arm).length > 0);
  const loss = lineChart(
    `Training loss: ${e.title}`,
    'optimizer step',
    'training loss',
    present.map((a) => lossCurve(a, runsOf(a))),
  );
  const error = lineChart(
    `Test error: ${e.title}`,
    'epoch',
    'test error, %',
    present.map((a) => accuracyCurve(a, runsOf(a))),
  );
  const body = rows
    .filter((r) => r.experiment === e.name)
    .map(
      (r) =>
        `<tr><th scope="row"><span class="swatch ${r.arm}"></span>${armNames[r.arm]}</th><td>${percent(r.mean)}</td><td>± ${percent(r.deviation)}</td><td>${percent(r.lowest)} to ${percent(r.highest)}</td><td>${r.finalLoss.toFixed(4)}</td><td>${r.stepMs.toFixed(1)}</td></tr>`,
    );
  return `<section>
<h2>${e.title}</h2>
<p>${e.description} Batches of ${e.batchSize}; ${e.optimizer === 'SGD' ? 'stochastic gradient descent with momentum 0.9' : 'Adam'}, learning rate ${e.learningRate} falling linearly to zero: the same for every arm.</p>
<table>
<thead><tr><th scope="col">arm</th><th scope="col">test accuracy</th><th scope="col">deviation</th><th scope="col">range over seeds</th><th scope="col">final loss</th><th scope="col">ms per step</th></tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>
<figure>${loss}<figcaption>Training loss, averaged over windows of steps. Line: mean over seeds; band: lowest to highest seed.</figcaption></figure>
<figure>${error}<figcaption>Test error after each epoch, in evaluation mode.</figcaption></figure>
</section>`;
}

const style = `
:root { color-scheme: light dark; --text: #1c1e21; --soft: #5d646e; --line: #d6dae0; --page: #ffffff; --none: #6b7280; --batch: #c2410c; --layer: #1d4ed8; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #a3abb6; --line: #3a4048; --page: #16181c; --none: #a8b0bc; --batch: #fb923c; --layer: #7da7ff; } }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 3rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); } th:first-child { text-align: left; white-space: nowrap; } td { white-space: nowrap; }
thead th { color: var(--soft); font-weight: 500; font-size: .85rem; } tbody th { font-weight: 600; }
figure { margin: 1.5rem 0; } figcaption, .note { color: var(--soft); font-size: .88rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--text); font-size: 12px; } svg .tick, svg .label { fill: var(--soft); }
.grid { stroke: var(--line); } .axis { stroke: var(--soft); }
.curve { fill: none; stroke-width: 2; } .band { stroke: none; opacity: .16; }
.curve.none { stroke: var(--none); stroke-dasharray: 2 3; } .curve.batch { stroke: var(--batch); } .curve.layer { stroke: var(--layer); stroke-dasharray: 8 3; }
.band.none { fill: var(--none); } .band.batch { fill: var(--batch); } .band.layer { fill: var(--layer); }
.swatch { display: inline-block; width: .7rem; height: .7rem; margin-right: .5rem; border-radius: 2px; }
.swatch.none { background: var(--none); } .swatch.batch { background: var(--batch); } .swatch.layer { background: var(--layer); }
@media print { body { max-width: none; } section { break-inside: avoid; } }
`;

/** The whole report as one self-contained page. */
export function reportHtml(
  experiments: readonly Experiment[],
  rows: readonly ArmSummary[],
  results: readonly JobResult[],
  p: Protocol,
): string {
  const shown = experiments.filter((e) => rows.some((r) => r.experiment === e.name));
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
<p>The same networks trained without normalization, with BatchNorm and with LayerNorm, from the same initial weights and on the same batches, over ${p.seeds.length} seed${p.seeds.length === 1 ? '' : 's'} (${p.seeds.join(', ')}).</p>
<p class="note">Data: ${p.data}, ${p.trainImages} training and ${p.testImages} test images. Device: ${p.device}. The learning rate is one for all arms and was not tuned for any of them, so a difference here is a difference at this learning rate.</p>
${shown.map((e) => section(e, rows, results)).join('\n')}
</body>
</html>
`;
}
