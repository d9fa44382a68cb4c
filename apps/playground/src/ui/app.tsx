import type { JSX } from 'preact';
import { type Config, initialConfig } from '../config/config.ts';
import { writeLink } from '../config/link.ts';
import { Actions } from './actions.tsx';
import { Code } from './code.tsx';
import { Controls } from './controls.tsx';
import { Curves } from './curves.tsx';
import { Histograms } from './histograms.tsx';
import { ImagesView } from './images-view.tsx';
import { PlaneView } from './plane-view.tsx';
import type { Trainer } from './trainer.ts';
import { TrainerContext, useSnapshot, useTrainer } from './use-trainer.ts';

/** Settings that show what normalization does, and what it does not. */
const tries: readonly (readonly [label: string, change: Partial<Config>])[] = [
  ['Twelve sigmoid layers', { data: 'circles', layers: 12, activation: 'sigmoid' }],
  ['The same with BatchNorm', { data: 'circles', layers: 12, activation: 'sigmoid', norm: 'batch' }],
  ['SGD at rate 3', { optimizer: 'sgd', lr: 3, layers: 4 }],
  ['The same with LayerNorm', { optimizer: 'sgd', lr: 3, layers: 4, norm: 'layer' }],
  ['First weights ten times as large', { init: 10, layers: 4, optimizer: 'sgd', lr: 0.1 }],
  ['The same with RMSNorm', { init: 10, layers: 4, optimizer: 'sgd', lr: 0.1, norm: 'rms' }],
  ['BatchNorm on batches of two', { norm: 'batch', batch: 2, epochs: 20 }],
  ['BatchNorm on one sample: an error', { norm: 'batch', batch: 1 }],
  ['Digits by convolutions', { data: 'digits', kind: 'conv', width: 8, norm: 'batch', epochs: 10, pace: 'full' }],
];

function Tries(): JSX.Element {
  return (
    <nav class="panel tries" aria-labelledby="tries-title">
      <h2 id="tries-title">Try</h2>
      <ul>
        {tries.map(([label, change]) => (
          <li key={label}>
            <a href={`#${writeLink({ ...initialConfig, ...change })}`}>{label}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Notices(): JSX.Element | null {
  const trainer = useTrainer();
  const notices = useSnapshot((s) => s.notices);
  return (
    <div role="alert" class={notices.length === 0 ? 'hidden' : 'notices panel'}>
      {notices.length > 0 && (
        <>
          <ul>
            {notices.map((notice) => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
          <button type="button" onClick={() => trainer.dismissNotices()}>
            Dismiss
          </button>
        </>
      )}
    </div>
  );
}

function Picture(): JSX.Element {
  const images = useSnapshot((s) => s.config.data === 'digits');
  return (
    <section class="panel" aria-labelledby="picture-title">
      <h2 id="picture-title">{images ? 'Held-out images, and what the network reads' : 'Decision boundary'}</h2>
      {images ? <ImagesView /> : <PlaneView />}
    </section>
  );
}

export function App({ trainer }: { readonly trainer: Trainer }): JSX.Element {
  return (
    <TrainerContext.Provider value={trainer}>
      <Notices />
      <div class="columns">
        <form class="settings" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
          <Controls />
        </form>
        <div class="middle">
          <Actions />
          <Picture />
          <Tries />
        </div>
        <div class="side">
          <Curves />
          <Histograms />
        </div>
      </div>
      <Code />
    </TrainerContext.Provider>
  );
}
