import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, rand } from '@nabla/core';
import { loadCheckpoint } from '@nabla/io/node';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'nabla-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One file, which starts many times faster than sources that are compiled as they are loaded. */
beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, resolve: { conditions: ['@nabla/source', 'module', 'node', 'default'] } },
    build: {
      ssr: join(import.meta.dirname, 'kill-child.ts'),
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'child.mjs', codeSplitting: false } },
    },
  });
}, 60_000);

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** Runs the child to its end, and tells of each line as it comes. */
function live(path: string, onLine: (line: string, child: ChildProcess) => void): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(folder, 'child.mjs'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    let rest = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      for (const line of parts) {
        lines.push(line);
        onLine(line, child);
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, lines }));
  });
}

const stepOf = (line: string): number | null => (line.startsWith('step ') ? Number(line.slice(5)) : null);

it('a run that is killed 20 times, at any moment, ends with the bits of one that is not', async () => {
  const paths = ['whole', 'killed'].map((name) => join(folder, name));
  for (const path of paths) mkdirSync(path);
  const [reference, last] = paths.map((path) => join(path, 'last.ckpt')) as [string, string];
  const whole = await live(reference, () => {});
  expect([whole.code, whole.signal]).toEqual([0, null]);
  const steps = whole.lines.flatMap((l) => stepOf(l) ?? []);
  expect(steps).toEqual(Array.from({ length: 154 }, (_, i) => i + 1));

  const draws = Array.from(rand([40], { generator: new Generator(20) }).dataSync());
  const kills = 20;
  let [saved, whileSaving] = [0, 0];
  for (let k = 0; k < kills; k++) {
    // The kills are spread over the first half of the run, so that none comes too late. Each is after a step and up to
    // 15 ms later, or as a checkpoint begins to be written.
    const target = Math.floor(((k + draws[2 * k]!) * 84) / kills) + 4;
    const trigger = k % 2 === 0 ? 'save' : 'step';
    const delay = trigger === 'save' ? 0 : draws[2 * k + 1]! * 15;
    let reached = false;
    let killed = false;
    const life = await live(last, (line, child) => {
      const step = stepOf(line);
      if (step !== null && step >= target) reached = true;
      if (!reached || killed || !line.startsWith(trigger)) return;
      killed = true;
      if (delay === 0) child.kill('SIGKILL');
      else setTimeout(() => child.kill('SIGKILL'), delay);
    });
    // The kill came while it was training: nothing else ended it.
    expect([life.signal, life.code]).toEqual(['SIGKILL', null]);
    expect(life.lines.some((l) => l.startsWith('done'))).toBe(false);
    expect(life.lines.length).toBeGreaterThan(1);
    if (life.lines.at(-1) === 'save') whileSaving++;
    const found = await loadCheckpoint(last);
    expect(found?.path).toBe(last);
    expect(found!.skipped).toEqual([]);
    const { progress } = found!.state.get('fit') as { progress: { step: number } };
    // It began where the checkpoint before was, and what it saved since is there.
    expect(life.lines[0]).toBe(`start ${saved}`);
    expect(progress.step).toBeGreaterThanOrEqual(Math.max(saved, target - 4));
    saved = progress.step;
  }
  expect(whileSaving).toBeGreaterThanOrEqual(3);
  expect(whileSaving).toBeLessThanOrEqual(kills - 3);
  const end = await live(last, () => {});
  expect([end.code, end.lines[0]]).toEqual([0, `start ${saved}`]);
  expect(saved).toBeLessThan(154);
  expect(end.lines.at(-1)).toBe(whole.lines.at(-1));
  expect(whole.lines.at(-1)).toMatch(/^done \[\[\["0\.weight",/);
  // Nothing of the killed writers is left.
  expect(readdirSync(join(folder, 'killed')).sort()).toEqual(['last.ckpt', 'last.ckpt.1']);
}, 300_000);
