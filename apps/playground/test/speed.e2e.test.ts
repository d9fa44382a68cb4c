import type { Page } from 'playwright';
import { afterAll, describe, expect, it } from 'vitest';
import { idleDuring, quiet } from './idle.ts';
import { accuracy, closeBrowser, openPage, train } from './page.ts';
import { type Task, tasksDuring } from './trace.ts';

afterAll(closeBrowser);

/** Milliseconds from the beginning of the page's loading. */
interface Times {
  readonly paint: number;
  readonly interactive: number;
  /** When the first network could be trained. */
  readonly network: number;
}

async function times(page: Page): Promise<Times> {
  // The browser notes a paint some time after it.
  await page.waitForFunction(() =>
    ['first-contentful-paint', 'interactive', 'network'].every((name) => performance.getEntriesByName(name).length > 0),
  );
  return page.evaluate(() => {
    const at = (name: string): number => Math.round(performance.getEntriesByName(name)[0]!.startTime);
    return { paint: at('first-contentful-paint'), interactive: at('interactive'), network: at('network') };
  });
}

describe('speed', () => {
  it('paints within 1 s and can be used within 2 s', async () => {
    const all: Times[] = [];
    const within = (allowance: number): boolean =>
      all.some((t) => t.paint <= 1000 * allowance && Math.max(t.interactive, t.network) <= 2000 * allowance);
    const idle = await idleDuring(async () => {
      // The best of a few: the first one waits for the browser itself to start.
      for (let attempt = 0; attempt < 4 && !within(1); attempt++) {
        const page = await openPage();
        all.push(await times(page));
        await page.context().close();
      }
    });
    console.log(`${(100 * idle).toFixed(0)} % of the processors idle; ms: ${JSON.stringify(all)}`);
    // Several times as long where everything waits for a core.
    expect(within(idle < quiet ? 5 : 1)).toBe(true);
  });

  it.each([
    ['at the pace to watch', '#epochs=20'],
    ['as fast as it goes, with many layers', '#epochs=20&pace=full&layers=8&norm=batch'],
    ['on images', '#data=digits&kind=conv&width=4&batch=128&epochs=5&pace=full&norm=layer'],
  ])('never blocks the main thread for 50 ms while training %s', async (_, hash) => {
    let run = await trained(hash);
    // What the page itself does too long at a time, it does every time.
    for (let attempt = 1; attempt < 5 && run.long.length > 0; attempt++) run = await trained(hash);
    expect(run.tasks.length).toBeGreaterThan(20);
    expect(run.accuracy).toBeGreaterThan(50);
    expect(Math.max(...run.tasks.map((t) => t.processor))).toBeLessThan(50);
    // A thread that waits for a core blocks the page as well, but that is the doing of what else runs on the machine.
    if (run.idle >= 2 * quiet) expect(run.long).toEqual([]);
  });
});

/** A training as a user sees it. */
interface Training {
  readonly tasks: readonly Task[];
  /** Milliseconds of what the browser itself calls long tasks. */
  readonly long: readonly number[];
  readonly accuracy: number;
  readonly idle: number;
}

async function trained(hash: string): Promise<Training> {
  const page = await openPage(hash);
  // What drives the page puts code of its own into it when it is first asked for a button.
  await page.getByRole('button', { name: 'Train', exact: true }).hover();
  // And what opening has left to draw is drawn.
  await page.waitForTimeout(1000);
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(globalThis, { longTasks: seen });
    new PerformanceObserver((list) => seen.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
  });
  let idle = 0;
  const tasks = await tasksDuring(page, async () => {
    idle = await idleDuring(() => train(page));
  });
  const long = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
  const reached = await accuracy(page);
  await page.context().close();
  const [wall, processor] = [Math.max(...tasks.map((t) => t.wall)), Math.max(...tasks.map((t) => t.processor))];
  console.log(
    `${(100 * idle).toFixed(0)} % of the processors idle; ${tasks.length} tasks, the longest ${wall.toFixed(0)} ms, ${processor.toFixed(0)} ms of the processor; long tasks: ${JSON.stringify(long)}`,
  );
  return { tasks, long, accuracy: reached, idle };
}
