import { defineOp, noGrad, type Profile, profile, type Tensor, tensor } from '@nabla/core';
import { observer } from '@nabla/core/internals';
import { Linear, Sequential } from '@nabla/nn';
import { describe, expect, test } from 'vitest';

const leaf = (n: number): Tensor => tensor(new Float32Array(n).fill(0.5), { requiresGrad: true });

/** An op whose forward calls another op. */
const outer = defineOp<void>({
  name: 'test.outer',
  infer: ([t]) => [{ shape: t!.shape, dtype: t!.dtype }],
  forward: ([t]) => [noGrad(() => t!.exp() as Tensor)],
});

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly cat?: string;
  readonly ts: number;
  readonly dur: number;
}

describe('profile', () => {
  const step = (): Profile<Tensor> =>
    profile(() => {
      const x = leaf(1000);
      const y = x.mul(x).exp().sum();
      y.backward();
      return y;
    });

  test('counts calls and bytes per op, forward and backward', () => {
    const p = step();
    const row = (name: string, phase: string) => p.rows.find((r) => r.name === name && r.phase === phase)!;
    expect(p.result.size).toBe(1);
    expect([row('mul', 'forward').calls, row('exp', 'forward').calls, row('sum', 'forward').calls]).toEqual([1, 1, 1]);
    expect([row('mul', 'forward').bytes, row('exp', 'forward').bytes, row('sum', 'forward').bytes]).toEqual([4000, 4000, 4]);
    expect(row('backward of exp', 'backward').calls).toBe(1);
    expect(p.rows.every((r) => r.calls > 0 && r.total >= r.self - 1e-9 && r.self >= 0)).toBe(true);
    expect(p.rows.reduce((sum, r) => sum + r.share, 0)).toBeCloseTo(1, 9);
    expect(p.rows.map((r) => r.self)).toEqual([...p.rows.map((r) => r.self)].sort((a, b) => b - a));
    expect(p.rows.reduce((sum, r) => sum + r.self, 0)).toBeLessThanOrEqual(p.duration);
  });

  test('an op inside of another counts for itself', () => {
    const p = profile(() => outer([leaf(1000)], undefined));
    const [a, b] = ['test.outer', 'exp'].map((name) => p.rows.find((r) => r.name === name)!);
    expect([a!.calls, b!.calls, a!.bytes, b!.bytes]).toEqual([1, 1, 0, 4000]);
    expect(a!.total).toBeGreaterThanOrEqual(b!.total);
    expect(a!.self).toBeCloseTo(a!.total - b!.total, 6);
  });

  test('what an op calls in backward belongs to backward', () => {
    const p = step();
    const inner = p.rows.filter((r) => r.phase === 'backward' && !r.name.startsWith('backward of'));
    expect(inner.length).toBeGreaterThan(0);
    const of = p.rows.find((r) => r.name === 'backward of mul')!;
    expect(of.total).toBeGreaterThan(of.self);
  });

  test('writes in place', () => {
    const p = profile(() => noGrad(() => leaf(8).add_(1)));
    expect(p.rows.map((r) => [r.name, r.calls])).toEqual([['add_', 1]]);
  });

  test('the table', () => {
    const lines = step().table().split('\n');
    expect(lines[0]).toMatch(/^op +phase +calls +total ms +self ms +share +bytes$/);
    expect(lines.some((l) => /^exp +forward +1 +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d% +4000$/.test(l))).toBe(true);
    expect(lines.at(-1)).toMatch(/^\d+ calls, \d+\.\d{3} ms in ops of \d+\.\d{3} ms$/);
    expect(new Set(lines.slice(0, -1).map((l) => l.length)).size).toBe(1);
  });

  test('the trace is JSON that nests: ops in modules, in order', () => {
    const model = new Sequential(new Linear(3, 4), new Linear(4, 2));
    const p = profile(() =>
      model
        .call(tensor([[1, 2, 3]]))
        .sum()
        .backward(),
    );
    const { traceEvents } = JSON.parse(p.chromeTrace()) as { traceEvents: Event[] };
    expect(traceEvents.filter((e) => e.ph === 'M').map((e) => e.name)).toEqual(['process_name', 'thread_name']);
    const spans = traceEvents.filter((e) => e.ph === 'X');
    expect(spans.filter((e) => e.cat === 'module').map((e) => e.name)).toEqual(['Sequential', '0 (Linear)', '1 (Linear)']);
    expect(spans.every((e) => Number.isFinite(e.ts) && e.ts >= 0 && e.dur >= 0)).toBe(true);
    expect(spans.map((e) => e.ts)).toEqual(spans.map((e) => e.ts).sort((a, b) => a - b));
    const [root, first] = spans.filter((e) => e.cat === 'module');
    expect(first!.ts).toBeGreaterThanOrEqual(root!.ts);
    expect(first!.ts + first!.dur).toBeLessThanOrEqual(root!.ts + root!.dur + 0.002);
  });

  test('asynchronous functions are measured to their end', async () => {
    const p = await profile(async () => {
      leaf(8).exp();
      await new Promise((resolve) => setTimeout(resolve, 5));
      return leaf(8).exp();
    });
    expect([p.result.size, p.rows.map((r) => [r.name, r.calls])]).toEqual([8, [['exp', 2]]]);
    expect(p.duration).toBeGreaterThan(4);
  });

  test('ends with the function, whether it succeeds or fails', async () => {
    step();
    expect(observer).toBeNull();
    expect(() =>
      profile(() => {
        throw new RangeError('inside');
      }),
    ).toThrow('inside');
    await expect(profile(async () => Promise.reject(new RangeError('inside')))).rejects.toThrow('inside');
    expect(observer).toBeNull();
  });

  test('two profiles at once both see what happens', () => {
    const p = profile(() => profile(() => leaf(8).exp()));
    expect([p.rows[0]!.name, p.result.rows[0]!.name]).toEqual(['exp', 'exp']);
  });
});
