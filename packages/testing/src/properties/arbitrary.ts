import fc from 'fast-check';
import { build, type Program, type Step, show } from './program.ts';
import { ruleNames } from './rules.ts';

/** How the elements of an input lie in a larger buffer. */
interface Placement {
  /** The dimensions from the outermost in memory to the innermost. */
  readonly order: readonly number[];
  /** Per dimension: every so many-th entry counts ... */
  readonly steps: readonly number[];
  /** ... after so many others. */
  readonly skips: readonly number[];
  /** Per dimension: stored once and expanded, with stride 0. */
  readonly repeated: readonly boolean[];
}

/** One input of a case. */
export interface Input {
  readonly shape: readonly number[];
  readonly placement: Placement;
  /** Row-major, repeated elements written out. */
  readonly values: readonly number[];
  readonly requiresGrad: boolean;
}

/** An expression and what it is evaluated on. */
export interface Case {
  readonly program: Program;
  readonly inputs: readonly Input[];
  /** The shape that the inputs broadcast to. */
  readonly shape: readonly number[];
  /** The incoming gradient. */
  readonly seeds: readonly number[];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);

const maxElements = 24;

const below = (n: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: n - 1 });
const four = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: 4, maxLength: 4 });

const step: fc.Arbitrary<Step> = fc.record({
  name: below(ruleNames.length).map((k) => ruleNames[k]!),
  picks: four(fc.record({ choice: below(1000), adapter: below(1000) })),
  main: below(12),
});

const raw = fc.record({
  steps: fc.array(step, { minLength: 4, maxLength: 9, size: 'max' }),
  inputs: fc.integer({ min: 1, max: 4 }),
  dims: fc.array(below(16), { maxLength: 4, size: 'max' }),
  views: four(
    fc.record({
      dropped: below(8),
      ones: four(below(4)),
      order: four(below(100)),
      steps: four(fc.integer({ min: 1, max: 3 })),
      skips: four(below(3)),
      repeated: four(below(4)),
      grad: below(5),
    }),
  ),
  values: fc.array(below(2 ** 20), { minLength: 12, maxLength: 31, size: 'max' }),
  seeds: fc.array(below(2 ** 20), { minLength: 5, maxLength: 11, size: 'max' }),
  wild: fc.boolean(),
});

type Raw = typeof raw extends fc.Arbitrary<infer T> ? T : never;

const wildNumbers = [Infinity, -Infinity, NaN, 1e10, -1e10, 1e-10, -1e-10, 1e300, 1e-300, 5e-324, -1e5, 1e5];
const ordinary = (n: number): number => (((n >> 4) % 4096) - 2048) / 640 + ((n >> 16) & 15) / 4096;

/** A number from a random integer: mostly ordinary, often round, and in wild cases any. */
function numberOf(n: number, wild: boolean): number {
  const kind = n % 16;
  if (kind === 0) return n & 16 ? -0 : 0;
  if (kind === 1 && wild) return wildNumbers[(n >> 4) % wildNumbers.length]!;
  if (kind === 2 || kind === 3) return ((n >> 4) % 13) / 2 - 3;
  return ordinary(n);
}

/** Sizes 1 to 4, and now and then 0, with few elements in all. */
function sizesOf(dims: readonly number[]): number[] {
  let total = 1;
  return dims.map((d) => {
    const wanted = d === 0 ? 0 : 1 + (d % 4);
    const n = total * wanted > maxElements ? 1 : wanted;
    total *= Math.max(n, 1);
    return n;
  });
}

function inputOf(r: Raw, full: readonly number[], i: number): Input {
  const view = r.views[i]!;
  // The first input has the whole shape, so that the result has many elements.
  const whole = i === 0;
  const kept = whole ? full : full.slice(Math.min(view.dropped, full.length) % (full.length + 1));
  const shape = kept.map((n, d) => (!whole && view.ones[d] === 0 ? 1 : n));
  const rank = shape.length;
  const order = Array.from({ length: rank }, (_, d) => d).sort((a, b) => view.order[a]! - view.order[b]! || a - b);
  const repeated = shape.map((n, d) => n > 0 && view.repeated[d] === 0);
  const placement = { order, steps: view.steps.slice(0, rank), skips: view.skips.slice(0, rank), repeated };
  const values = Array.from({ length: sizeOf(shape) }, (_, k) => {
    // Repeated elements are those at 0.
    let rest = k;
    let at = 0;
    let stride = 1;
    for (let d = rank - 1; d >= 0; d--) {
      if (!repeated[d]) at += (rest % shape[d]!) * stride;
      rest = Math.floor(rest / shape[d]!);
      stride *= shape[d]!;
    }
    return numberOf(r.values[(at + 7 * i) % r.values.length]!, r.wild);
  });
  return { shape, placement, values, requiresGrad: view.grad !== 0 };
}

/** The shape that all broadcast to. */
export function broadcast(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, d) => {
    const sizes = shapes.map((s) => s[d - rank + s.length] ?? 1);
    return sizes.find((n) => n !== 1) ?? 1;
  });
}

function caseOf(r: Raw): Case & fc.WithToStringMethod {
  const program = build(r.inputs, r.steps);
  const full = sizesOf(r.dims);
  const inputs = Array.from({ length: program.inputs }, (_, i) => inputOf(r, full, i));
  const shape = broadcast(inputs.map((x) => x.shape));
  const seeds = Array.from({ length: sizeOf(shape) }, (_, k) => ordinary(r.seeds[k % r.seeds.length]!));
  const made: Case = { program, inputs, shape, seeds };
  return { ...made, [fc.toStringMethod]: () => describeCase(made) };
}

function describeCase({ program, inputs, seeds }: Case): string {
  const lines = inputs.map(({ shape, placement: p, values, requiresGrad }, i) => {
    const where = `order ${p.order} steps ${p.steps} skips ${p.skips} repeated ${p.repeated.map(Number)}`;
    return `x${i}${requiresGrad ? ' (wants a gradient)' : ''} [${shape}] ${where}: ${values.map((v) => (Object.is(v, -0) ? '-0' : v)).join(', ')}`;
  });
  return `\n${show(program)}\n${lines.join('\n')}\nseeds ${seeds.join(', ')}\n`;
}

/** Random expressions of depth 4 and more on random tensors, drawn evenly: small numbers are no likelier than others. */
export const cases: fc.Arbitrary<Case> = fc.noBias(raw.map(caseOf));
