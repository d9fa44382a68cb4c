import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';

/** One line of a chart with the range of its values over seeds. */
export interface Curve {
  readonly name: string;
  /** CSS class that gives the colour and the dash pattern. */
  readonly style: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly low: number; readonly high: number }[];
}

const width = 640;
const height = 320;
const margin = { top: 12, right: 158, bottom: 44, left: 56 };

const quoted = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A line chart as SVG text. Colours and dashes come from the page's style sheet, so that it reads in print and in dark mode. */
export function lineChart(title: string, xLabel: string, yLabel: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((c) => c.points);
  const x = scaleLinear()
    .domain([0, Math.max(1, ...points.map((p) => p.x))])
    .range([margin.left, width - margin.right]);
  const y = scaleLinear()
    .domain([0, Math.max(1e-3, ...points.map((p) => p.high))])
    .nice()
    .range([height - margin.bottom, margin.top]);
  const band = area<Curve['points'][number]>()
    .x((p) => x(p.x))
    .y0((p) => y(p.low))
    .y1((p) => y(p.high));
  const path = line<Curve['points'][number]>()
    .x((p) => x(p.x))
    .y((p) => y(p.y));
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const grid = y
    .ticks(5)
    .map(
      (v) =>
        `<line class="grid" x1="${margin.left}" x2="${right}" y1="${y(v)}" y2="${y(v)}"/><text class="tick" x="${margin.left - 8}" y="${y(v) + 4}" text-anchor="end">${y.tickFormat(5)(v)}</text>`,
    );
  const ticks = x
    .ticks(6)
    .filter(Number.isInteger)
    .map((v) => `<text class="tick" x="${x(v)}" y="${bottom + 18}" text-anchor="middle">${v}</text>`);
  const bands = curves.map((c) => `<path class="band ${c.style}" d="${band([...c.points]) ?? ''}"/>`);
  const lines = curves.map((c) => `<path class="curve ${c.style}" d="${path([...c.points]) ?? ''}"/>`);
  const legend = curves.map((c, i) => {
    const at = margin.top + 14 + 20 * i;
    return `<line class="curve ${c.style}" x1="${right + 12}" x2="${right + 36}" y1="${at}" y2="${at}"/><text class="legend" x="${right + 42}" y="${at + 4}">${quoted(c.name)}</text>`;
  });
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${quoted(title)}">`,
    `<title>${quoted(title)}</title>`,
    ...grid,
    ...ticks,
    `<line class="axis" x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="label" x="${(margin.left + right) / 2}" y="${height - 6}" text-anchor="middle">${quoted(xLabel)}</text>`,
    `<text class="label" transform="translate(14 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${quoted(yLabel)}</text>`,
    ...bands,
    ...lines,
    ...legend,
    '</svg>',
  ].join('\n');
}
