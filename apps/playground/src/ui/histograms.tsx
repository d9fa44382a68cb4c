import type { JSX } from 'preact';
import type { Histogram } from '../training/histogram.ts';
import { brief, percent } from './numbers.ts';
import { useSnapshot } from './use-trainer.ts';

const [width, height] = [128, 44];

/** The bars as one outline. Their heights are square roots: ReLU makes so many zeros that nothing else would be seen. */
function outline({ shares }: Histogram): string {
  const highest = Math.max(...shares, 1e-9);
  const bar = width / shares.length;
  return [...shares]
    .map(
      (s, i) => `M${(i * bar).toFixed(1)} ${height}v${(-Math.sqrt(s / highest) * height).toFixed(1)}h${(bar - 0.6).toFixed(1)}V${height}z`,
    )
    .join('');
}

/** How the outputs of each activation function are spread, on held-out samples. */
export function Histograms(): JSX.Element {
  const histograms = useSnapshot((s) => s.measured?.histograms);
  return (
    <section aria-labelledby="histograms-title" class="panel">
      <h2 id="histograms-title">Activations of each hidden layer</h2>
      <p class="hint">Outputs of the activation functions, on held-out samples. Heights are square roots of shares.</p>
      {histograms?.length === 0 && <p>The network has no hidden layer.</p>}
      <ol class="histograms">
        {histograms?.map((h, i) => {
          const words = `mean ${brief(h.mean)}, deviation ${brief(h.deviation)}, ${percent(h.zeros)} zero`;
          return (
            <li key={i}>
              <h3>Layer {i + 1}</h3>
              <svg
                viewBox={`0 0 ${width} ${height}`}
                preserveAspectRatio="none"
                role="img"
                aria-label={`Histogram from ${brief(h.from)} to ${brief(h.to)}`}
              >
                <path d={outline(h)} />
              </svg>
              <p class="ends" aria-hidden="true">
                <span>{brief(h.from)}</span>
                <span>{brief(h.to)}</span>
              </p>
              <p>{words}</p>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
