import type { Backend } from '@nabla/core';
import digitsUrl from '../../data/digits.bin?url';
import type { Config } from '../config/config.ts';
import { DivergedError } from '../training/errors.ts';
import { Session } from '../training/session.ts';
import { deviceFor, reportOf } from './devices.ts';
import type { FromWorker, Shown, ToWorker } from './messages.ts';
import { planeOf } from './plane.ts';

/** The worker's side of the channel, of whose types TypeScript's library for pages knows nothing. */
interface PageEnd {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
}
const page = globalThis as unknown as PageEnd;

/** Milliseconds of training between looks at what the page has sent. */
const slice = 20;
/** Milliseconds between measurements at least, and for those who would rather have the time spent on training. */
const pause = { watch: 66, full: 200 };
/** Where there are no cores to spare, training leaves some time to the page, and rests while it draws: else it would wait for a core. */
const crowded = navigator.hardwareConcurrency <= 2;
/** Milliseconds that it rests at most. */
const rest = 150;
/** Milliseconds between measurements while the page has not drawn the last one: it may be hidden, and draws nothing then. */
const patience = 500;
/** Measuring takes no larger part of the time than one in this many. */
const share = 3;
/** Epochs a second for those who watch. */
const watched = 10;
/** Images shown with the network's answers. */
const shownImages = 40;

interface Run {
  readonly id: number;
  readonly session: Session;
  readonly device: Backend;
  config: Config;
}

let run: Run | null = null;
/** Epochs at which training stops; 0 while it is paused. */
let until = 0;
let looping = false;
/** Whether the page has drawn what was measured last. */
let drawn = true;
let whenDrawn = (): void => {};
/** The page's requests one after the other: opening takes time, and what follows is about what was opened. */
let queue: Promise<void> = Promise.resolve();

page.onmessage = ({ data: message }) => {
  if (message.type === 'drawn') {
    drawn = true;
    whenDrawn();
    return;
  }
  // At once: the loop must stop before its network is replaced.
  if (message.type === 'open' || message.type === 'pause') until = 0;
  queue = queue.then(() => handle(message)).catch((error: unknown) => fail(message.type === 'open' ? message.run : (run?.id ?? 0), error));
};

function fail(id: number, error: unknown): void {
  until = 0;
  page.postMessage({ type: 'failed', run: id, reason: error instanceof Error ? error.message : String(error) }, []);
}

async function handle(message: Exclude<ToWorker, { type: 'drawn' }>): Promise<void> {
  switch (message.type) {
    case 'open':
      return open(message.run, message.config);
    case 'tune':
      if (run !== null) {
        run.config = message.config;
        run.session.tune(message.config.lr, message.config.batch);
      }
      return;
    case 'train':
      until = message.until;
      if (run !== null && !looping) void train(run);
      return;
    case 'pause':
      // Again: a request to train may have been waiting.
      until = 0;
      return;
  }
}

let stopped: Promise<void> = Promise.resolve();

async function open(id: number, config: Config): Promise<void> {
  await stopped;
  run?.session.dispose();
  run = null;
  const device = await deviceFor(config.device);
  const session = await Session.open(config, device, digitsUrl);
  run = { id, session, device, config };
  const parameters = session.network.model.parameters().reduce((sum, p) => sum + p.size, 0);
  const shown = await show(session);
  const weights = session.network.weights.map(([name]) => name);
  const report = reportOf(device, config.device);
  page.postMessage({ type: 'opened', run: id, device: report, parameters, weights, shown }, [shown.values.buffer, shown.classes.buffer]);
  await measure(run);
}

async function show({ data }: Session): Promise<Shown> {
  const images = data.x.ndim === 4;
  const x = images ? data.heldOutX.narrow(0, 0, shownImages) : data.x;
  const y = images ? data.heldOutY.narrow(0, 0, shownImages) : data.y;
  return { values: Float32Array.from((await x.data()) as Float32Array), classes: Uint8Array.from((await y.data()) as Float32Array) };
}

/** Measures and tells the page. Whether all is still finite is the answer. */
async function measure({ id, session, device, config }: Run): Promise<boolean> {
  const measured = await session.measure();
  const plane = config.data === 'digits' ? null : await planeOf(session, device.caps.syncRead && device.name === 'cpu' ? 64 : 48);
  const transfer = [measured.gradients.buffer, measured.predictions.buffer, ...measured.histograms.map((h) => h.shares.buffer)];
  if (plane !== null) transfer.push(plane.pixels.buffer);
  drawn = false;
  page.postMessage({ type: 'measured', run: id, measured, plane, device: reportOf(device, config.device) }, transfer as Transferable[]);
  return Number.isFinite(measured.loss ?? 0) && Number.isFinite(measured.heldOutLoss);
}

async function train(current: Run): Promise<void> {
  looping = true;
  let ended = (): void => {};
  stopped = new Promise((resolve) => {
    ended = resolve;
  });
  try {
    // Asked again while the last measurement was made.
    do await trainUntilStopped(current);
    while (current.session.epoch < until);
  } catch (error) {
    fail(current.id, error);
  } finally {
    looping = false;
    ended();
  }
}

async function trainUntilStopped(current: Run): Promise<void> {
  const { session } = current;
  let due = performance.now();
  let paced = { since: performance.now(), epoch: session.epoch };
  let { pace } = current.config;
  while (session.epoch < until) {
    const begun = performance.now();
    if (current.config.pace !== pace) paced = { since: begun, epoch: session.epoch };
    pace = current.config.pace;
    const allowed = (): boolean => pace === 'full' || session.epoch - paced.epoch < ((performance.now() - paced.since) / 1000) * watched;
    while (session.epoch < until && performance.now() - begun < slice && allowed()) session.step();
    // A GPU is only told what to do: waiting for the result keeps the list of what it has been told short.
    await session.meanLoss();
    const now = performance.now();
    if (now >= due && (drawn || now >= due + patience)) {
      if (!(await measure(current))) throw new DivergedError();
      const took = performance.now() - now;
      if (crowded) await resting();
      due = now + Math.max(pause[pace], share * took);
    }
    await (crowded || !allowed() ? sleep(5) : turn());
  }
  const finished = until > 0;
  await measure(current);
  page.postMessage({ type: 'paused', run: current.id, finished }, []);
}

/** Until the page has drawn, or long enough. */
function resting(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, rest);
    whenDrawn = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Lets messages in. Timers would wait for 4 ms. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
