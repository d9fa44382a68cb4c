import { compareLosses, compareOutputs, type Disagreement } from '../../agreement.ts';
import { hasSettled, nextCount, summarize } from '../../statistics.ts';
import type { Workload } from '../../workloads/workload.ts';
import type { GpuCell, GpuRow } from '../table.ts';
import type { Loaded, PageContender } from './contender.ts';

/** How long everything may take. Times are in milliseconds. */
export interface PageSettings {
  readonly rounds: number;
  /** What an op is repeated for in one round. */
  readonly round: number;
  /** Least warming up before the first round. */
  readonly warmUp: number;
  /** A contender that has taken this long in its rounds takes part in no more of them. */
  readonly budget: number;
}

export const fullSettings: PageSettings = { rounds: 11, round: 100, warmUp: 1000, budget: 30_000 };
export const quickSettings: PageSettings = { rounds: 3, round: 30, warmUp: 100, budget: 6_000 };

/** A contender at work on one workload. */
class Turn {
  readonly id: string;
  readonly samples: number[] = [];
  readonly losses: (number | null)[] = [];
  outputs: readonly Float32Array[] = [];
  elsewhere: readonly string[] = [];
  /** Why there is no result; null so far. */
  failure: string | null = null;
  readonly #contender: PageContender;
  readonly #workload: Workload;
  readonly #settings: PageSettings;
  #loaded: Loaded | null = null;
  #steps: number;
  #spent = 0;

  constructor(contender: PageContender, workload: Workload, settings: PageSettings) {
    this.id = contender.facts.id;
    this.#contender = contender;
    this.#workload = workload;
    this.#settings = settings;
    this.#steps = workload.steps ?? 1;
  }

  /** Does something; a contender that cannot is out, and says why. */
  async #try(action: () => Promise<void>): Promise<void> {
    if (this.failure !== null) return;
    try {
      // The page stays alive between turns.
      await new Promise((done) => setTimeout(done, 20));
      await action();
    } catch (error) {
      this.failure = (error as Error).message;
    }
  }

  async #run(): Promise<{ milliseconds: number; loss: number | null }> {
    const { runner, settle } = this.#loaded!;
    runner.reset?.();
    await settle();
    let last: number | undefined;
    const start = performance.now();
    for (let i = 0; i < this.#steps; i++) last = await runner.step();
    await settle();
    return { milliseconds: performance.now() - start, loss: last ?? null };
  }

  /** Loads the task, and runs until kernels are compiled and times get no better; finds out how many calls make a round. */
  async warmUp(): Promise<void> {
    const { warmUp, round, budget } = this.#settings;
    const isOp = this.#workload.steps === null;
    await this.#try(async () => {
      this.#loaded = this.#contender.load(this.#workload);
      let total = 0;
      const times: number[] = [];
      for (;;) {
        const { milliseconds } = await this.#run();
        total += milliseconds;
        times.push(milliseconds / this.#steps);
        if (isOp) this.#steps = nextCount(this.#steps, milliseconds, round);
        const long = !isOp || milliseconds >= round / 2;
        if ((long && total >= warmUp && hasSettled(times)) || total >= budget / 4) return;
      }
    });
  }

  async round(): Promise<void> {
    if (this.#spent >= this.#settings.budget) return;
    await this.#try(async () => {
      const { task } = this.#workload;
      const { milliseconds, loss } = await this.#run();
      this.#spent += milliseconds;
      this.samples.push(milliseconds / this.#steps / (task.kind === 'op' ? task.calls : 1));
      if (task.kind === 'train') this.losses.push(loss);
    });
  }

  async finish(): Promise<void> {
    await this.#try(async () => {
      this.outputs = (await this.#loaded!.runner.outputs?.()) ?? [];
    });
    this.elsewhere = this.#loaded?.finish() ?? [];
  }

  cell(): GpuCell {
    return this.failure === null ? { time: summarize(this.samples) } : { reason: this.failure };
  }
}

function compare(own: Turn, peer: Turn, { task, tolerance }: Workload): Disagreement | null {
  if (task.kind === 'train') return compareLosses(peer.id, own.losses, peer.losses, tolerance);
  const names = task.backward ? task.operands.map((name) => `the gradient of ${name}`) : ['the result'];
  return compareOutputs(peer.id, names, own.outputs, peer.outputs, tolerance);
}

/** Times a workload: the contenders one after the other, round by round, so that a slow moment of the machine hits all of them. */
export async function measure(workload: Workload, contenders: readonly PageContender[], settings: PageSettings): Promise<GpuRow> {
  const turns = contenders.filter((c) => c.facts.reason === null).map((c) => new Turn(c, workload, settings));
  for (const t of turns) await t.warmUp();
  for (let round = 0; round < settings.rounds; round++) {
    // Another one begins each time.
    for (let i = 0; i < turns.length; i++) await turns[(i + round) % turns.length]!.round();
  }
  for (const t of turns) await t.finish();
  const cells = Object.fromEntries(turns.map((t) => [t.id, t.cell()]));
  const measured = turns.filter((t) => t.failure === null);
  const own = measured.find((t) => t.id === contenders[0]!.facts.id);
  const peers = own === undefined ? [] : measured.filter((t) => t !== own);
  const disagreements = peers.map((peer) => compare(own!, peer, workload)).filter((d) => d !== null);
  return { workload: workload.name, shapes: workload.shapes, cells, disagreements, elsewhere: own?.elsewhere ?? [] };
}
