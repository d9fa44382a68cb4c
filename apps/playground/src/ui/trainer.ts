import { type Config, type FieldName, fields, tunable } from '../config/config.ts';
import { readLink, writeLink } from '../config/link.ts';
import type { Measured } from '../training/session.ts';
import type { DeviceReport, FromWorker, Plane, Shown, ToWorker } from '../worker/messages.ts';
import { draw, undraw, whenDrawn } from './frames.ts';
import { History } from './history.ts';

export type Phase = 'opening' | 'ready' | 'training' | 'pausing' | 'paused' | 'finished' | 'failed';

/** A run that was there before, kept to compare with. */
interface Previous {
  readonly label: string;
  readonly history: History;
}

/** All that the page shows. A change makes a new object. */
export interface Snapshot {
  readonly config: Config;
  /** What a link held that could not be understood. */
  readonly notices: readonly string[];
  readonly phase: Phase;
  /** Why the phase is `failed`. */
  readonly reason: string;
  readonly device: DeviceReport | null;
  readonly parameters: number;
  readonly weights: readonly string[];
  readonly shown: Shown | null;
  /** The data set that is shown, which may not be the configuration's yet. */
  readonly shownData: Config['data'];
  readonly measured: Measured | null;
  readonly plane: Plane | null;
  /** The curves; appended to in place. */
  readonly history: History;
  readonly previous: Previous | null;
}

/** A configuration in a few words. */
function describe(config: Config): string {
  const norm = config.norm === 'none' ? 'no normalization' : fields.norm.options[config.norm];
  return `${norm}, ${fields.optimizer.options[config.optimizer]} ${config.lr}, batch ${config.batch}`;
}

/** The page's side of the training: what is set, what the worker told, and who wants to know. */
export class Trainer {
  snapshot: Snapshot;
  readonly #worker: Worker;
  readonly #listeners = new Set<() => void>();
  #run = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    const { config, notices } = readLink(location.hash);
    this.snapshot = {
      config,
      notices,
      phase: 'opening',
      reason: '',
      device: null,
      parameters: 0,
      weights: [],
      shown: null,
      shownData: config.data,
      measured: null,
      plane: null,
      history: new History(0),
      previous: null,
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onerror = (event) => this.#update({ phase: 'failed', reason: event.message || 'The worker could not be loaded.' });
    addEventListener('hashchange', () => this.#follow());
    this.#open();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      undraw(listener);
      return this.#listeners.delete(listener);
    };
  }

  /** Changes one setting. What training cannot take up as it runs builds the network anew. */
  set<K extends FieldName>(name: K, value: Config[K]): void {
    const config = { ...this.snapshot.config, [name]: value };
    if (config[name] === this.snapshot.config[name]) return;
    history.replaceState(null, '', `#${writeLink(config)}`);
    if (tunable.includes(name)) {
      this.#update({ config });
      this.#tell({ type: 'tune', config });
    } else this.#openWith(config, []);
  }

  train(): void {
    const { epochs } = this.snapshot.config;
    const done = this.snapshot.measured?.epoch ?? 0;
    this.#train(done < epochs ? epochs : Math.ceil(done) + epochs);
  }

  trainOneEpoch(): void {
    this.#train(Math.floor(this.snapshot.measured?.epoch ?? 0) + 1);
  }

  pause(): void {
    this.#update({ phase: 'pausing' });
    this.#tell({ type: 'pause' });
  }

  /** The same network from its first weights. */
  reset(): void {
    this.#openWith(this.snapshot.config, []);
  }

  dismissNotices(): void {
    this.#update({ notices: [] });
  }

  forgetPrevious(): void {
    this.#update({ previous: null });
  }

  #train(until: number): void {
    this.#update({ phase: 'training' });
    this.#tell({ type: 'train', until });
  }

  /** A link was followed within the page, or its address edited. */
  #follow(): void {
    const { config, notices } = readLink(location.hash);
    this.#openWith(config, notices);
  }

  #openWith(config: Config, notices: readonly string[]): void {
    const { history: curves, config: before, previous } = this.snapshot;
    // Curves of another data set cannot be compared.
    const kept = curves.length > 1 ? { label: describe(before), history: curves } : previous;
    this.#update({ config, notices, previous: config.data === before.data ? kept : null });
    this.#open();
  }

  #open(): void {
    this.#run++;
    this.#update({ phase: 'opening', reason: '', measured: null, history: new History(0) });
    this.#tell({ type: 'open', run: this.#run, config: this.snapshot.config });
  }

  #hear(message: FromWorker): void {
    if (message.run !== this.#run) return;
    switch (message.type) {
      case 'opened': {
        const { device, parameters, weights, shown } = message;
        const shownData = this.snapshot.config.data;
        const phase = this.snapshot.phase === 'opening' ? 'ready' : this.snapshot.phase;
        this.#update({ device, parameters, weights, shown, shownData, phase, plane: null, history: new History(weights.length) });
        return;
      }
      case 'measured':
        this.snapshot.history.add(message.measured);
        this.snapshot = { ...this.snapshot, measured: message.measured, plane: message.plane, device: message.device };
        // Panel by panel, over several frames: all at once would block the page for longer than anyone who types may notice.
        for (const listener of this.#listeners) draw(listener, listener);
        whenDrawn(() => this.#tell({ type: 'drawn' }));
        return;
      case 'paused':
        // The answer to an earlier pause, after which training was asked for again.
        if (this.snapshot.phase === 'training' && !message.finished) return;
        // When the last measurement is drawn.
        whenDrawn(() => {
          if (message.run === this.#run) this.#update({ phase: message.finished ? 'finished' : 'paused' });
        });
        return;
      case 'failed':
        this.#update({ phase: 'failed', reason: message.reason });
    }
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #update(change: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
