import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { About, Answers, Request, Task } from '../protocol.ts';
import { ResidentMemory } from './memory.ts';

/** What a step gives: the loss of training, nothing for an op. */
type Step = number | undefined;

/** A task made ready. */
export interface Runner {
  /** Before the steps of a round: training starts from the initial weights. */
  reset?(): void;
  /** Everything that is timed. */
  step(): Step | Promise<Step>;
  /** What an op computes: its output, or the gradients of its operands. */
  outputs?(): Float32Array[] | Promise<Float32Array[]>;
}

/** A library under measurement, as its process sees it. */
export interface Library {
  about(): About;
  load(task: Task, file: string): Runner;
}

async function timed(runner: Runner, steps: number): Promise<Answers['run']> {
  runner.reset?.();
  let last: Step;
  const start = performance.now();
  for (let i = 0; i < steps; i++) {
    const result = runner.step();
    last = result instanceof Promise ? await result : result;
  }
  return { milliseconds: performance.now() - start, loss: last ?? null };
}

/** Answers requests until the driver hangs up. */
export async function serve(library: Library): Promise<void> {
  // Libraries greet on the console; standard output belongs to the protocol.
  console.log = console.error;
  console.info = console.error;
  const memory = new ResidentMemory();
  let runner: Runner | null = null;
  const ready = (): Runner => {
    if (runner === null) throw new Error('nothing is loaded');
    return runner;
  };
  const answer = async (request: Request): Promise<Answers[keyof Answers]> => {
    switch (request.kind) {
      case 'about':
        return library.about();
      case 'load':
        runner = library.load(request.task, request.file);
        memory.drawLine();
        return {};
      case 'run':
        return await timed(ready(), request.steps);
      case 'outputs': {
        const outputs = (await ready().outputs?.()) ?? [];
        writeFileSync(request.file, Buffer.concat(outputs.map((t) => new Uint8Array(t.buffer, t.byteOffset, t.byteLength))));
        return { sizes: outputs.map((t) => t.length) };
      }
      case 'memory':
        return memory.measure();
    }
  };
  for await (const line of createInterface({ input: process.stdin })) {
    let reply: object;
    try {
      reply = { answer: await answer(JSON.parse(line) as Request) };
    } catch (e) {
      reply = { error: e instanceof Error ? e.message : String(e) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
