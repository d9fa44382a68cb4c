import { type DType, grad, manualSeed, noGrad, randn, type Tensor } from '@nabla/core';
import { type Blas, cpu, setBlas, setWasmMode } from '@nabla/core/internals';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { composeRecurrent, type RecurrentOutcome, recurrent } from '../src/parts/recurrent.ts';
import { type RecurrentKind, recurrentCells } from '../src/parts/recurrent-cells.ts';

interface Form {
  readonly name: string;
  readonly size: number;
  readonly sizes: readonly number[];
  readonly reverse?: boolean;
}

const same = (steps: number, rows: number): number[] => new Array<number>(steps).fill(rows);

const forms: readonly Form[] = [
  { name: 'vectors and whole tiles', size: 16, sizes: same(5, 8) },
  { name: 'from the end', size: 16, sizes: same(5, 8), reverse: true },
  { name: 'a size that is no multiple of 4', size: 7, sizes: same(4, 5) },
  { name: 'a size below 4', size: 3, sizes: same(4, 6), reverse: true },
  { name: 'a size of 1', size: 1, sizes: same(3, 4) },
  { name: 'one step', size: 10, sizes: [6] },
  { name: 'one row', size: 13, sizes: same(6, 1) },
  { name: 'one step of one row', size: 5, sizes: [1] },
  { name: 'rows that end', size: 9, sizes: [7, 7, 5, 4, 1, 1] },
  { name: 'rows that join in', size: 9, sizes: [7, 7, 5, 4, 1, 1], reverse: true },
  { name: 'several panels deep', size: 270, sizes: same(2, 5) },
  { name: 'several blocks of rows', size: 5, sizes: [133, 131], reverse: true },
];

const kinds = Object.keys(recurrentCells) as RecurrentKind[];

beforeEach(() => {
  manualSeed(0);
});

afterEach(() => {
  setWasmMode('auto');
  setBlas(null);
});

/** Inputs as views with gaps and an order of their own. */
function leavesOf(kind: RecurrentKind, { size, sizes }: Form, dtype: DType): Tensor[] {
  const { gates, bias, states } = recurrentCells[kind];
  const rows = sizes.reduce((a, b) => a + b, 0);
  const draw = (a: number, b: number, scale = 1): Tensor =>
    (randn([b, a], { dtype }).mul(scale).t() as Tensor).detach().requiresGrad_(true);
  return [
    draw(rows, gates * size),
    draw(gates * size, size, 1 / Math.sqrt(size)),
    ...(bias ? [randn([gates * size], { dtype }).requiresGrad_(true) as Tensor] : []),
    ...Array.from({ length: states }, () => draw(sizes[0]!, size)),
  ];
}

type Layer = (leaves: readonly Tensor[]) => RecurrentOutcome;

function layersOf(kind: RecurrentKind, form: Form): { fused: Layer; composed: Layer } {
  const parts = ([gates, weight, ...rest]: readonly Tensor[]) => {
    const bias = recurrentCells[kind].bias ? rest.shift()! : null;
    return [gates!, { weight: weight!, bias, projection: null }, rest] as const;
  };
  return {
    fused: (leaves) => recurrent(kind, ...parts(leaves), form),
    composed: (leaves) => composeRecurrent(kind, ...parts(leaves), form),
  };
}

/** Outputs, then gradients for the given gradients of the outputs, of which null ones take no part. */
function outcome(layer: Layer, leaves: readonly Tensor[], seeds: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  const { output, states } = layer(leaves);
  const outputs = [output, ...states];
  const used = outputs.filter((_, i) => seeds[i] !== null);
  return [...outputs, ...grad(used, leaves, { gradOutputs: seeds.filter((s) => s !== null), allowUnused: true })];
}

/** The largest difference, relative to numbers larger than 1. */
function difference(a: Tensor | null, b: Tensor | null): number {
  if (a === null || b === null) return a === b ? 0 : Number.POSITIVE_INFINITY;
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [a.dataSync(), b.dataSync()];
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const d = Math.abs(x[i]! - y[i]!) / Math.max(1, Math.abs(y[i]!));
    if (!(d <= largest)) largest = d;
  }
  return largest;
}

function seedsOf(leaves: readonly Tensor[], form: Form, dtype: DType, used: readonly boolean[]): (Tensor | null)[] {
  const rows = leaves[0]!.shape[0]!;
  return used.map((u, i) => (u ? (randn([i === 0 ? rows : form.sizes[0]!, form.size], { dtype }) as Tensor) : null));
}

function compare(kind: RecurrentKind, form: Form, dtype: DType, bound: number, used = [true, true, true]): void {
  const leaves = leavesOf(kind, form, dtype);
  const seeds = seedsOf(leaves, form, dtype, used.slice(0, 1 + recurrentCells[kind].states));
  const { fused, composed } = layersOf(kind, form);
  const want = outcome(composed, leaves, seeds);
  outcome(fused, leaves, seeds).forEach((t, i) => {
    expect(difference(t, want[i]!), `result ${i}`).toBeLessThan(bound);
  });
  const unrecorded = noGrad(() => fused(leaves));
  [unrecorded.output, ...unrecorded.states].forEach((t, i) => {
    expect(difference(t, want[i]!), `result ${i} without a gradient`).toBeLessThan(bound);
  });
}

/** A library that multiplies as the definition says. */
const plainBlas: Blas & { calls: number } = {
  name: 'plain',
  calls: 0,
  gemm(_dtype, transA, transB, m, n, k, a, ao, lda, b, bo, ldb, beta, c, co, ldc) {
    this.calls++;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = beta === 1 ? c[co + i * ldc + j]! : 0;
        for (let p = 0; p < k; p++) sum += a[ao + (transA ? p * lda + i : i * lda + p)]! * b[bo + (transB ? j * ldb + p : p * ldb + j)]!;
        c[co + i * ldc + j] = sum;
      }
    }
  },
};

describe.each(kinds)('a fused %s equals its composition', (kind) => {
  describe.each(forms)('$name', (form) => {
    test('in float32, in WebAssembly', () => {
      setWasmMode('always');
      compare(kind, form, 'float32', 1e-5);
    });

    test('in float32, in JavaScript', () => {
      setWasmMode('off');
      compare(kind, form, 'float32', 1e-5);
    });

    test('in float64', () => compare(kind, form, 'float64', 1e-12));

    test.each(['float32', 'float64'] as const)('in %s, where a library multiplies', (dtype) => {
      setBlas(plainBlas, 0);
      plainBlas.calls = 0;
      for (const mode of ['auto', 'always', 'off'] as const) {
        setWasmMode(mode);
        compare(kind, form, dtype, dtype === 'float32' ? 1e-5 : 1e-12);
      }
      expect(plainBlas.calls).toBeGreaterThanOrEqual(9 * form.sizes.length);
    });
  });

  test('where only the last state is used, and where only outputs are', () => {
    setWasmMode('always');
    const form: Form = { name: '', size: 6, sizes: [4, 4, 3] };
    compare(kind, form, 'float32', 1e-5, [false, true, false]);
    compare(kind, form, 'float32', 1e-5, [true, false, false]);
  });

  test('gives the same bits whatever the other rows are', () => {
    setWasmMode('always');
    const form: Form = { name: '', size: 12, sizes: same(3, 9) };
    const leaves = leavesOf(kind, form, 'float32').map((t) => t.detach());
    const { bias } = recurrentCells[kind];
    const some = leaves.map((t, i) => {
      if (i === 0) return (t.reshape([3, 9, t.shape[1]!]) as Tensor).narrow(1, 4, 5).reshape([15, t.shape[1]!]) as Tensor;
      return i > (bias ? 2 : 1) ? t.narrow(0, 4, 5) : t;
    });
    const all = layersOf(kind, form).fused(leaves);
    const part = layersOf(kind, { ...form, sizes: same(3, 5) }).fused(some);
    expect(part.states[0]!.dataSync()).toEqual(all.states[0]!.narrow(0, 4, 5).dataSync());
  });
});

test('a layer of no rows has outputs and gradients of no rows', () => {
  const form: Form = { name: '', size: 4, sizes: [0, 0] };
  for (const kind of kinds) {
    const leaves = leavesOf(kind, form, 'float32');
    const found = outcome(
      layersOf(kind, form).fused,
      leaves,
      seedsOf(leaves, form, 'float32', [true, true, true].slice(0, 1 + recurrentCells[kind].states)),
    );
    expect(found.map((t) => t!.shape).slice(0, 2)).toEqual([
      [0, 4],
      [0, 4],
    ]);
    expect(found[1 + recurrentCells[kind].states + 1]!.dataSync().every((x) => x === 0)).toBe(true);
  }
});

test('the CPU has both sweeps', () => {
  expect(cpu.fused.recurrent).toBeDefined();
  expect(cpu.fused.recurrentGrad).toBeDefined();
});
