import type { JSX } from 'preact';
import type uPlot from 'uplot';
import { Chart, type Curve } from './chart.tsx';
import { History, merge } from './history.ts';
import { brief, percent } from './numbers.ts';
import { useSnapshot, useTrainer } from './use-trainer.ts';

type Columns = (history: History) => (number | null)[][];

const nothing = new History(0);

/** The columns of this run and of the one before, at the epochs of both. */
function together(pick: Columns, now: History, before: History | undefined): uPlot.AlignedData {
  if (before === undefined) return [now.epochs, ...pick(now)] as uPlot.AlignedData;
  const { epochs, columns } = merge({ epochs: now.epochs, columns: pick(now) }, { epochs: before.epochs, columns: pick(before) });
  return [epochs, ...columns] as uPlot.AlignedData;
}

const previously = (label: string, colour: string, dash: readonly number[]): Curve => ({ label, colour, dash, width: 1.5 });

const losses: Columns = ({ loss, heldOutLoss }) => [loss, heldOutLoss];
const accuracies: Columns = ({ accuracy }) => [accuracy];

/** Loss, accuracy and gradients over epochs, beside those of the run before. */
export function Curves(): JSX.Element {
  const trainer = useTrainer();
  const measured = useSnapshot((s) => s.measured);
  const previous = useSnapshot((s) => s.previous);
  const weights = useSnapshot((s) => s.weights);
  const history = useSnapshot((s) => (s.history.length > 0 ? s.history : nothing));
  const epochs = `after ${brief(measured?.epoch ?? 0)} epochs`;
  const before = previous?.history;
  return (
    <section aria-labelledby="curves-title" class="panel">
      <h2 id="curves-title">Curves</h2>
      {previous !== null && (
        <p class="previous">
          <span>Thin lines: the run before, with {previous.label}.</span>
          <button type="button" class="quiet" onClick={() => trainer.forgetPrevious()}>
            Forget it
          </button>
        </p>
      )}
      <Chart
        title="Loss"
        curves={[
          { label: 'training', colour: '--first' },
          { label: 'held-out', colour: '--second', dash: [7, 3] },
          ...(previous === null
            ? []
            : [previously('training before', '--first-faint', []), previously('held-out before', '--second-faint', [7, 3])]),
        ]}
        columns={() => together(losses, history, before)}
        summary={`Training ${brief(measured?.loss)}, held-out ${brief(measured?.heldOutLoss)}, ${epochs}`}
      />
      <Chart
        title="Accuracy on held-out data"
        curves={[
          { label: 'now', colour: '--second', dash: [7, 3] },
          ...(previous === null ? [] : [previously('before', '--second-faint', [7, 3])]),
        ]}
        columns={() => together(accuracies, history, before)}
        bounds={[0, 1.02]}
        summary={`${percent(measured?.accuracy)}, ${epochs}`}
      />
      <Chart
        title="Gradient norm of each weight"
        curves={weights.map((label, i) => ({
          label,
          colour: `--layer-${Math.round((i / Math.max(1, weights.length - 1)) * 5)}`,
          width: 1.5,
        }))}
        columns={() => [history.epochs, ...(history === nothing ? weights.map(() => []) : history.gradients)] as uPlot.AlignedData}
        logarithmic
        summary={`${weights.map((name, i) => `${name} ${brief(measured?.gradients[i])}`).join(', ')}, ${epochs}`}
      />
    </section>
  );
}
