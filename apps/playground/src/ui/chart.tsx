import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { draw, undraw } from './frames.ts';
import { brief } from './numbers.ts';

/** A curve. Colours are names of CSS variables, so that they follow the theme. */
export interface Curve {
  readonly label: string;
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly width?: number;
}

interface ChartProps {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Epochs, and a column for each curve. */
  readonly columns: () => uPlot.AlignedData;
  readonly logarithmic?: boolean;
  /** Bounds of the values; those of the data otherwise. */
  readonly bounds?: readonly [number, number];
  /** What the chart shows, in words. */
  readonly summary: string;
}

const height = 170;

/** A chart of curves over epochs, drawn by uPlot. */
export function Chart({ title, curves, columns, logarithmic = false, bounds, summary }: ChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(columns);
  latest.current = columns;
  const key = JSON.stringify(curves);

  useEffect(() => {
    const element = host.current!;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, curves, logarithmic, bounds), latest.current(), element);
    };
    make();
    const theme = matchMedia('(prefers-color-scheme: dark)');
    const resized = new ResizeObserver(() => {
      draw(resized, () => plot.current?.setSize({ width: element.clientWidth, height }));
    });
    theme.addEventListener('change', make);
    resized.observe(element);
    return () => {
      theme.removeEventListener('change', make);
      resized.disconnect();
      undraw(resized);
      undraw(plot);
      plot.current?.destroy();
      plot.current = null;
    };
    // The curves are new objects each time; their text tells whether they changed.
  }, [key, logarithmic]);

  useEffect(() => {
    draw(plot, () => plot.current?.setData(latest.current()));
  });

  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {curves.map(({ label, colour, dash }) => (
            <li key={label}>
              <svg width="22" height="8" aria-hidden="true">
                <line x1="0" y1="4" x2="22" y2="4" stroke={`var(${colour})`} stroke-width="2.5" stroke-dasharray={dash?.join(' ')} />
              </svg>
              {label}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={host} role="img" aria-label={`${title}. ${summary}`} class="plot" />
    </figure>
  );
}

function optionsOf(
  element: HTMLElement,
  curves: readonly Curve[],
  logarithmic: boolean,
  bounds?: readonly [number, number],
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  // Of a logarithmic axis, the powers of ten.
  const isPower = (v: number): boolean => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-6;
  const filter = (_: uPlot, values: number[]): (number | null)[] => values.map((v) => (isPower(v) ? v : null));
  const lines = (filtered: boolean): uPlot.Axis.Grid => ({ stroke: colour('--line'), width: 1, ...(filtered ? { filter } : {}) });
  const axis = (filtered = false): uPlot.Axis => ({
    stroke: colour('--muted'),
    grid: lines(filtered),
    ticks: { ...lines(filtered), size: 4 },
    ...(filtered ? { filter } : {}),
    font: `11px ${style.fontFamily}`,
  });
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false },
      y: {
        ...(logarithmic ? { distr: 3 as const } : {}),
        ...(bounds === undefined ? {} : { range: [bounds[0], bounds[1]] as [number, number] }),
      },
    },
    axes: [
      { ...axis(), size: 28, values: (_, ticks) => ticks.map((t) => brief(t)) },
      { ...axis(logarithmic), size: 46, values: (_, ticks) => ticks.map((t) => (t === null ? '' : brief(t))) },
    ],
    series: [
      {},
      ...curves.map(({ label, colour: name, dash, width = 2 }) => ({
        label,
        stroke: colour(name),
        width,
        spanGaps: true,
        points: { show: false },
        ...(dash === undefined ? {} : { dash: [...dash] }),
      })),
    ],
  };
}
