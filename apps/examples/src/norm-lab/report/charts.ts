import { area, line } from 'd3-shape';
import type { Claim, DotFigure, Figure, LineFigure, Series } from '../analysis.ts';
import { average } from '../stats.ts';
import { type Axis, axisOf } from './axes.ts';
import { tickOf } from './text.ts';

// Charts as SVG text. Colours and dashes come from the page's style sheet, so that they read in print and in dark mode.

type Point = Series['points'][number];

const width = 680;

/** Text inside of markup. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** About how wide a text is, in the charts' 12 pixel type. */
const widthOf = (text: string): number => 7.2 * text.length;

function frame(title: string, height: number, parts: readonly string[], classes: string = ''): string {
  return [
    `<svg class="${classes}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    ...parts,
    '</svg>',
  ].join('\n');
}

function bottomAxis(x: Axis, label: string, left: number, right: number, bottom: number, top: number): string[] {
  return [
    ...x.ticks.map(
      ({ value, label: text }) =>
        `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${top}" y2="${bottom}"/><text class="tick" x="${x(value)}" y="${bottom + 17}" text-anchor="middle">${text}</text>`,
    ),
    `<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="label" x="${(left + right) / 2}" y="${bottom + 36}" text-anchor="middle">${escaped(label)}</text>`,
  ];
}

function lineChart({ title, x: xInfo, y: yInfo, series }: LineFigure): string {
  const names = series.map((s) => s.name);
  const right = width - 52 - Math.min(210, Math.max(...names.map(widthOf)));
  const [left, top, bottom] = [58, 10, 262];
  const points = series.flatMap((s) => s.points);
  const x = axisOf(
    points.map((p) => p.x),
    xInfo.log,
    [left, right],
    !xInfo.log,
  );
  const y = axisOf(
    points.flatMap((p) => [p.low, p.high]),
    yInfo.log,
    [bottom, top],
    !yInfo.log && Math.min(...points.map((p) => p.low)) < 0.4 * Math.max(...points.map((p) => p.high)),
  );
  const band = area<Point>()
    .x((p) => x(p.x))
    .y0((p) => y(p.low))
    .y1((p) => y(p.high));
  const path = line<Point>()
    .x((p) => x(p.x))
    .y((p) => y(p.y));
  const grid = y.ticks.map(
    ({ value, label }) =>
      `<line class="grid" x1="${left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" x="${left - 7}" y="${y(value) + 4}" text-anchor="end">${label}</text>`,
  );
  const legend = series.map((s, i) => {
    const at = top + 12 + 20 * i;
    return `<line class="curve ${s.style}" x1="${right + 12}" x2="${right + 38}" y1="${at}" y2="${at}"/><text x="${right + 44}" y="${at + 4}">${escaped(s.name)}</text>`;
  });
  return frame(title, bottom + 46, [
    ...grid,
    ...bottomAxis(x, xInfo.label, left, right, bottom, bottom),
    `<text class="label" transform="translate(14 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(yInfo.label)}</text>`,
    ...series.map((s) => `<path class="band ${s.style}" d="${band([...s.points]) ?? ''}"/>`),
    ...series.map((s) => `<path class="curve ${s.style}" d="${path([...s.points]) ?? ''}"/>`),
    ...legend,
  ]);
}

function dotChart({ title, x: xInfo, rows: all }: DotFigure): string {
  const rows = all.map((r) => ({ ...r, values: r.values.filter(Number.isFinite) }));
  const left = 14 + Math.min(270, Math.max(...rows.map((r) => widthOf(r.name))));
  const right = width - 14;
  const bottom = 12 + 24 * rows.length;
  const values = rows.flatMap((r) => r.values);
  const x = axisOf(values, xInfo.log, [left + 6, right - 6], !xInfo.log && Math.min(...values) < 0.4 * Math.max(...values));
  const body = rows.map((r, i) => {
    const at = 18 + 24 * i;
    const mean = average(r.values);
    return [
      `<text x="${left - 8}" y="${at + 4}" text-anchor="end">${escaped(r.name)}</text>`,
      ...r.values.map((v) => `<circle class="dot ${r.style}" cx="${x(v)}" cy="${at}" r="4"/>`),
      r.values.length === 0 ? '' : `<line class="mean ${r.style}" x1="${x(mean)}" x2="${x(mean)}" y1="${at - 9}" y2="${at + 9}"/>`,
    ].join('');
  });
  return frame(title, bottom + 46, [...bottomAxis(x, xInfo.label, left, right, bottom, 4), ...body]);
}

/** A figure as SVG. */
export function chart(figure: Figure): string {
  return figure.kind === 'lines' ? lineChart(figure) : dotChart(figure);
}

/** The paired differences of a claim, their mean and interval, beside zero and the margin. */
export function strip(c: Claim): string {
  const [left, right, middle] = [12, width - 12, 22];
  const ends = [c.interval.low, c.interval.high].filter(Number.isFinite);
  const values = [...c.differences, ...ends, 0];
  const x = axisOf([...values, ...(c.margin > 0 ? [-c.margin, c.margin] : [])], false, [left, right], true);
  const [low, high] = [
    Number.isFinite(c.interval.low) ? x(c.interval.low) : left,
    Number.isFinite(c.interval.high) ? x(c.interval.high) : right,
  ];
  const sides = c.direction === 'exactly' ? '' : `<line class="interval" x1="${low}" x2="${high}" y1="${middle}" y2="${middle}"/>`;
  return frame(
    `Paired differences: ${c.statement}`,
    62,
    [
      `<rect class="margin" x="${x(-c.margin)}" width="${Math.max(0.5, x(c.margin) - x(-c.margin))}" y="6" height="32"/>`,
      `<line class="zero" x1="${x(0)}" x2="${x(0)}" y1="4" y2="40"/>`,
      ...c.differences.map((d) => `<circle class="pair" cx="${x(d)}" cy="${middle}" r="3.5"/>`),
      sides,
      `<line class="center" x1="${x(c.interval.mean)}" x2="${x(c.interval.mean)}" y1="${middle - 9}" y2="${middle + 9}"/>`,
      `<line class="axis" x1="${left}" x2="${right}" y1="40" y2="40"/>`,
      ...x.ticks.map(({ value }) => {
        const anchor = x(value) < left + 20 ? 'start' : x(value) > right - 20 ? 'end' : 'middle';
        return `<text class="tick" x="${x(value)}" y="56" text-anchor="${anchor}">${escaped(tickOf(value, c.unit))}</text>`;
      }),
    ],
    'strip',
  );
}
