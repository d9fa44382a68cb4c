import { createGpuBackend } from '@nabla/backend-gpu';
import { cpu } from '@nabla/core';
import { loadSources } from './data.ts';
import type { Answer, Order, Setup } from './messages.ts';
import { Runner } from './runner.ts';
import { stepsOf } from './train.ts';

// One training process: the parent sends the setup, then runs, one at a time; this one answers with progress and results.
let runner: Promise<Runner> | null = null;

function say(answer: Answer): void {
  // The parent may be gone in this moment: then there is nobody to tell, and `disconnect` ends this process.
  process.send!(answer, undefined, undefined, () => {});
}

async function start({ sources, backend }: Setup): Promise<Runner> {
  const data = await loadSources(sources);
  const device = backend === 'gpu' ? await createGpuBackend() : cpu;
  const report = device.report();
  say({ kind: 'ready', device: `${report.device} (${report.mode})` });
  return new Runner(data, device);
}

process.on('message', async (order: Order) => {
  if (order.kind === 'setup') {
    runner = start(order.setup);
    return;
  }
  const { spec } = order;
  const before = process.cpuUsage();
  const steps = spec.kind === 'train' ? stepsOf(spec) : 1;
  const result = await (await runner!).run(spec, (n) => say({ kind: 'progress', share: n / steps }));
  const { user, system } = process.cpuUsage(before);
  say({ kind: 'done', result, cpuSeconds: (user + system) / 1e6 });
});

// The parent is gone: nobody waits for the result.
process.on('disconnect', () => process.exit(0));
