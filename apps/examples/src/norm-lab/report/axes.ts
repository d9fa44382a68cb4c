import { scaleLinear, scaleLog } from 'd3-scale';

/** A scale of numbers with the ticks to draw. */
export interface Axis {
  (value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

const short = (v: number): string =>
  v !== 0 && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e5) ? v.toExponential(0) : String(Number(v.toPrecision(3)));

/** Powers of ten, with 2 and 5 between them where there is room. */
function logTicks(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const steps = decades > 3.2 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 3, 5, 7];
  const first = Math.floor(Math.log10(low));
  const all = Array.from({ length: Math.ceil(decades) + 2 }, (_, i) => steps.map((s) => s * 10 ** (first + i))).flat();
  return all.filter((v) => v >= low * 0.999 && v <= high * 1.001);
}

/** An axis over these values; a logarithmic one leaves out what has no logarithm. */
export function axisOf(values: readonly number[], log: boolean, range: readonly [number, number], zero: boolean): Axis {
  const usable = values.filter((v) => Number.isFinite(v) && (!log || v > 0));
  const [low, high] = usable.length === 0 ? [log ? 0.1 : 0, 1] : [Math.min(...usable), Math.max(...usable)];
  if (log) {
    // One value, or equal ones, still get an axis.
    const [from, to] = high / low < 1.2 ? [low / 1.5, high * 1.5] : [low, high];
    const pad = (to / from) ** 0.03;
    const scale = scaleLog()
      .domain([from / pad, to * pad])
      .range([...range]);
    const ticks = logTicks(from / pad, to * pad).map((value) => ({ value, label: short(value) }));
    return Object.assign((v: number) => scale(Math.max(v, from / pad)), { ticks });
  }
  const from = zero ? Math.min(0, low) : low;
  const to = high > from ? high : from + 1;
  const scale = scaleLinear()
    .domain([from, to])
    .nice(5)
    .range([...range]);
  return Object.assign((v: number) => scale(v), { ticks: scale.ticks(5).map((value) => ({ value, label: short(value) })) });
}
