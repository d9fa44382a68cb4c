import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { brief, percent } from './numbers.ts';
import type { Phase, Snapshot } from './trainer.ts';
import { useSnapshot, useTrainer } from './use-trainer.ts';

const phases: Readonly<Record<Phase, string>> = {
  opening: 'Building the network',
  ready: 'Ready to train',
  training: 'Training',
  pausing: 'Pausing',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Stopped by an error',
};

function wordsOf({ phase, measured, reason }: Snapshot): string {
  if (phase === 'failed') return `${phases[phase]}: ${reason}`;
  if (measured === null || measured.steps === 0) return `${phases[phase]}.`;
  return `${phases[phase]}: epoch ${brief(Math.floor(measured.epoch))}, held-out accuracy ${percent(measured.accuracy)}.`;
}

/** Milliseconds between announcements while training: a screen reader would never come to an end otherwise. */
const announced = 5000;

/** What assistive technology is told: each phase, and now and then how training goes. */
function Announcer(): JSX.Element {
  const trainer = useTrainer();
  const phase = useSnapshot((s) => s.phase);
  const [words, setWords] = useState('');
  useEffect(() => {
    const say = (): void => setWords(wordsOf(trainer.snapshot));
    say();
    if (phase !== 'training') return;
    const timer = setInterval(say, announced);
    return () => clearInterval(timer);
  }, [phase]);
  return (
    <p role="status" class="hidden" id="announced">
      {words}
    </p>
  );
}

function CopyLink(): JSX.Element {
  const [copied, setCopied] = useState<'' | 'done' | 'failed'>('');
  const copy = (): void => {
    const done = navigator.clipboard?.writeText(location.href) ?? Promise.reject(new Error('no clipboard here'));
    done.then(
      () => setCopied('done'),
      () => setCopied('failed'),
    );
  };
  return (
    <>
      <button type="button" onClick={copy} onBlur={() => setCopied('')}>
        {copied === 'done' ? 'Link copied' : 'Copy link'}
      </button>
      <span role="status" class={copied === 'failed' ? 'hint' : 'hidden'}>
        {copied === 'done' && 'The link to this page, with everything that is set, is on the clipboard.'}
        {copied === 'failed' && "The browser forbids writing to the clipboard: the page's address is the link."}
      </span>
    </>
  );
}

/** Train, pause, reset; and how far training has come. */
export function Actions(): JSX.Element {
  const trainer = useTrainer();
  const phase = useSnapshot((s) => s.phase);
  const epoch = useSnapshot((s) => Math.floor(s.measured?.epoch ?? 0));
  const accuracy = useSnapshot((s) => percent(s.measured?.accuracy));
  const loss = useSnapshot((s) => brief(s.measured?.loss ?? null));
  const busy = phase === 'training' || phase === 'pausing';
  return (
    <section class="panel actions" aria-label="Run">
      <div class="buttons">
        <button type="button" class="primary" onClick={() => (busy ? trainer.pause() : trainer.train())} disabled={phase === 'failed'}>
          {busy ? 'Pause' : 'Train'}
        </button>
        <button type="button" onClick={() => trainer.trainOneEpoch()} disabled={busy || phase === 'failed'}>
          One epoch
        </button>
        <button type="button" onClick={() => trainer.reset()}>
          Reset
        </button>
        <CopyLink />
      </div>
      <dl class="readings">
        <div>
          <dt>Epoch</dt>
          <dd>{epoch}</dd>
        </div>
        <div>
          <dt>Loss</dt>
          <dd>{loss}</dd>
        </div>
        <div>
          <dt>Held-out accuracy</dt>
          <dd id="accuracy">{accuracy}</dd>
        </div>
        <div>
          <dt>State</dt>
          <dd id="phase">{phases[phase]}</dd>
        </div>
      </dl>
      <Device />
      <Failure />
      <Announcer />
    </section>
  );
}

/** What the network really runs on. */
function Device(): JSX.Element {
  const device = useSnapshot((s) => s.device);
  const parameters = useSnapshot((s) => s.parameters);
  if (device === null) return <p class="device">Opening the device…</p>;
  return (
    <p class="device" id="device">
      <strong>{device.name}</strong> ({device.mode}), in a worker. {parameters.toLocaleString('en')} parameters.
      {device.missed && ' A GPU was asked for, and none works here.'}
      {device.fallbacks.length > 0 && ` Ran on the CPU instead: ${device.fallbacks.join(', ')}.`}
    </p>
  );
}

function Failure(): JSX.Element | null {
  const reason = useSnapshot((s) => (s.phase === 'failed' ? s.reason : ''));
  return (
    <p role="alert" class={reason === '' ? 'hidden' : 'failure'}>
      {reason}
    </p>
  );
}
