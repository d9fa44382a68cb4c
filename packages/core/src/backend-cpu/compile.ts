import type { View } from '../backend.ts';
import type { DType } from '../dtype.ts';
import { BoundedCache } from '../expr/cache.ts';
import type { Expr } from '../expr/node.ts';

type Kernel = (...args: never[]) => void;

/** A function body that gives a kernel, and what it calls by name. */
interface Source {
  readonly code: string;
  readonly helpers: Record<string, unknown>;
}

/** Enough for every kernel of a large model; a program that makes expressions without end stays within it. */
const capacity = 4096;
const kernels: BoundedCache<Kernel> = new BoundedCache(capacity);
let compiled = 0;

let generates: boolean | undefined;

/** Whether code may be generated: a content-security policy without 'unsafe-eval' forbids it. Kernels are interpreted then. */
export function canGenerate(): boolean {
  if (generates === undefined) {
    try {
      generates = new Function('return true')() === true;
    } catch {
      generates = false;
    }
  }
  return generates;
}

/** Pretends that code may not be generated, or asks the engine again: for tests. */
export function forbidGeneration(forbidden: boolean): void {
  generates = forbidden ? false : undefined;
}

function build({ code, helpers }: Source): Kernel {
  const names = Object.keys(helpers);
  compiled++;
  return new Function('F', ...names, code)(Math.fround, ...names.map((n) => helpers[n])) as Kernel;
}

/** The kernel under `key`, compiled from `make`'s source on first use. */
export function compile(key: string, make: () => Source): Kernel {
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    kernel = build(make());
    kernels.set(key, kernel);
  }
  return kernel;
}

/** A kernel of expressions, and all that its source depends on. */
interface Site {
  readonly kind: 'map' | 'reduce';
  readonly exprs: readonly Expr[];
  readonly compute: DType;
  readonly inputs: readonly DType[];
  readonly outputs: readonly DType[];
  readonly form: number | string;
  readonly kernel: Kernel;
  /** Asked for since the hand of the clock went over it. */
  used: boolean;
}

// Kernels of expressions are remembered by the first of these, and found by comparing fields: making the text of a key, and
// hashing it, takes longer than a kernel of a few elements. A clock forgets what is not used.
const clock: Site[] = [];
let hand = 0;

/**
 * The kernel of these expressions, dtypes and `form`, which stands for everything else that the source of a `kind` depends
 * on; undefined when it has to be added.
 */
export function exprKernel(
  kind: Site['kind'],
  exprs: readonly Expr[],
  compute: DType,
  inputs: readonly View[],
  outputs: readonly DType[],
  form: number | string,
): Kernel | undefined {
  const known = exprs[0]!.memo as readonly Site[] | null;
  if (known === null) return undefined;
  for (let i = 0; i < known.length; i++) {
    const s = known[i]!;
    if (s.form !== form || s.kind !== kind || s.compute !== compute || !fits(s, exprs, inputs, outputs)) continue;
    s.used = true;
    return s.kernel;
  }
  return undefined;
}

function fits(s: Site, exprs: readonly Expr[], inputs: readonly View[], outputs: readonly DType[]): boolean {
  if (s.exprs.length !== exprs.length || s.inputs.length !== inputs.length) return false;
  for (let i = 0; i < exprs.length; i++) if (s.exprs[i] !== exprs[i] || s.outputs[i] !== outputs[i]) return false;
  for (let i = 0; i < inputs.length; i++) if (s.inputs[i] !== inputs[i]!.dtype) return false;
  return true;
}

/** Compiles the kernel that {@link exprKernel} finds from then on. */
export function addExprKernel(
  kind: Site['kind'],
  exprs: readonly Expr[],
  compute: DType,
  inputs: readonly View[],
  outputs: readonly DType[],
  form: number | string,
  source: Source,
): Kernel {
  const kernel = build(source);
  const types = { compute, inputs: inputs.map((v) => v.dtype), outputs: [...outputs] };
  const site: Site = { kind, exprs: [...exprs], ...types, form, kernel, used: true };
  const first = exprs[0]!;
  first.memo = [...((first.memo as readonly Site[] | null) ?? []), site];
  if (clock.length < capacity) clock.push(site);
  else {
    for (; clock[hand]!.used; hand = (hand + 1) % capacity) clock[hand]!.used = false;
    forget(clock[hand]!);
    clock[hand] = site;
    hand = (hand + 1) % capacity;
  }
  return kernel;
}

function forget(site: Site): void {
  const first = site.exprs[0]!;
  first.memo = (first.memo as Site[]).filter((s) => s !== site);
}

/** How many kernels were compiled since the program started. */
export function compiledKernels(): number {
  return compiled;
}

/** Forgets compiled kernels (tests that change a function's rows need it). */
export function clearKernels(): void {
  kernels.clear();
  clock.forEach(forget);
  clock.length = 0;
  hand = 0;
}
