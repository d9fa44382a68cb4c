import { type Backend, type DType, type Fallback, grad, scope, setDefaultBackend, type Tensor } from '@nabla/core';
import { cpu, hostReason } from '@nabla/core/internals';
import { elementwiseSamples } from '../../core/src/ops/index.samples.ts';
import { allCases, type Case, isReal, nameOf, outputsOf } from './cases.ts';
import { ConformanceError, type ConformanceTest, compareValues } from './compare.ts';
import { contractTests } from './contract.ts';
import { elementwiseOp, operandValues, ruleOf } from './elementwise.ts';
import { argumentOf, dense, leafOf } from './inputs.ts';
import { drawFor } from './random.ts';

/** Tests that a backend does not have to pass, with the reason and the day it was written down. */
export interface Exemption {
  readonly match: RegExp;
  readonly reason: string;
  /** The day, as 2026-11-23. */
  readonly since: string;
}

/** Options of {@link conformance}. */
export interface ConformanceOptions {
  /** Only tests whose name matches. */
  readonly only?: RegExp;
  /** Tests that are left out. An entry that matches no test is an error. */
  readonly skip?: readonly Exemption[];
  /** Tests in which work may run on the CPU instead. An entry that matches no test is an error. */
  readonly fallbacks?: readonly Exemption[];
  /** Relative tolerance of float32 against float64; default 1e-4. */
  readonly tolerance?: number;
}

/**
 * The conformance suite of a backend: every sample of every op, forward and first-order gradient, in float32 against the
 * CPU in float64; elementwise ops in every other dtype that the backend has; and the contract itself.
 *
 * Nothing may fall back to the CPU silently or otherwise, unless `fallbacks` says so, and every test gives back all the
 * device memory that it took.
 *
 * @example
 * ```ts
 * for (const { name, run } of conformance(backend)) test(name, run);
 * ```
 */
export function conformance(backend: Backend, options: ConformanceOptions = {}): ConformanceTest[] {
  const tolerance = options.tolerance ?? 1e-4;
  const mayFall = (name: string): boolean => options.fallbacks?.some((e) => e.match.test(name)) === true;
  const every: ConformanceTest[] = [
    ...contractTests(backend),
    ...allCases()
      .filter((c) => !c.hostOnly || backend.caps.dtypes.includes('float64'))
      .map((c) => ({ name: nameOf(c), run: () => runCase(c, backend, tolerance) })),
    ...dtypeTests(backend),
  ];
  const watched = every.map(({ name, run }) => ({ name, run: () => watch(name, backend, mayFall(name), run) }));
  const kept = watched.filter(({ name }) => options.skip?.some((e) => e.match.test(name)) !== true);
  const exemptions = [...(options.skip ?? []), ...(options.fallbacks ?? [])];
  const stale = exemptions.filter((e) => !every.some(({ name }) => e.match.test(name)));
  kept.push({
    name: 'every exemption is dated and matches a test',
    run: async () => {
      const undated = exemptions.filter((e) => !/^\d{4}-\d\d-\d\d$/.test(e.since) || e.reason === '');
      if (stale.length > 0) throw new ConformanceError(`no test matches ${stale.map((e) => e.match).join(', ')}`);
      if (undated.length > 0) throw new ConformanceError(`no date or reason for ${undated.map((e) => e.match).join(', ')}`);
    },
  });
  return options.only === undefined ? kept : kept.filter(({ name }) => options.only!.test(name));
}

/** Runs a test on a backend as the default one; checks what it leaves behind and what fell back. */
async function watch(name: string, backend: Backend, mayFall: boolean, run: () => Promise<void>): Promise<void> {
  // An op whose algorithm no backend has is not one that this backend leaves out.
  const fell = (): readonly Fallback[] => backend.report().fallbacks.filter((f) => f.reason !== hostReason);
  const falls = (): number => fell().reduce((n, f) => n + f.count, 0);
  await backend.flush();
  const before = { falls: falls(), memory: backend.memory() };
  await run();
  const count = falls() - before.falls;
  if (count > 0 && !mayFall) {
    const list = fell().map((f) => `${f.op} (${f.reason}) ${f.count}x`);
    throw new ConformanceError(`${name}: ran on the CPU ${count} times; so far: ${list.join(', ')}`);
  }
  if (backend.caps.collected) return;
  await backend.flush();
  const left = backend.memory();
  if (left.buffers > before.memory.buffers) {
    throw new ConformanceError(`${name}: ${left.buffers - before.memory.buffers} buffers were not given back (${left.bytes} bytes held)`);
  }
}

/** Runs `fn` with `backend` as the one that samples create tensors on. */
function on<T>(backend: Backend, fn: () => T): T {
  const before = setDefaultBackend(backend);
  try {
    return fn();
  } finally {
    setDefaultBackend(before);
  }
}

/** Results of a case: outputs, then gradients (null where none flows). */
interface Outcome {
  readonly outputs: readonly Tensor[];
  readonly gradients: readonly (Tensor | null)[];
}

/** `wide` is what inputs of float64 become; those of float32 stay as they are. */
function evaluateOn(backend: Backend, c: Case, wide: DType): Outcome {
  return on(backend, () =>
    scope(() => {
      const leaves = c.inputs.map((x) => {
        const dtype = x.dtype === 'float64' && !c.hostOnly ? wide : x.dtype;
        return leafOf(x, {
          device: backend,
          dtype,
          requiresGrad: c.differentiable,
          values: isReal(dtype) ? x.values.map(Math.fround) : x.values,
        });
      });
      const outputs = outputsOf(c.run(...c.inputs.map((x, i) => argumentOf(x, leaves[i]!))));
      // Samples may hand back what they were given; the scope must not free it under the reader.
      return { outputs: outputs.map((t) => t.detach()), gradients: gradientsOf(backend, c, leaves, outputs) };
    }),
  );
}

function gradientsOf(backend: Backend, c: Case, leaves: readonly Tensor[], outputs: readonly Tensor[]): (Tensor | null)[] {
  const wanted = leaves.filter((t) => t.requiresGrad);
  const used = outputs.filter((t) => t.requiresGrad);
  if (!c.differentiable || wanted.length === 0 || used.length === 0) return [];
  const draw = drawFor(`${nameOf(c)}/conformance`);
  const seeds = used.map((t) =>
    dense(
      Array.from({ length: t.size }, () => (draw.below(31) - 15) / 16),
      t.dtype,
      t.shape,
      backend,
    ),
  );
  return grad(used, wanted, { gradOutputs: seeds, allowUnused: true });
}

async function runCase(c: Case, backend: Backend, tolerance: number): Promise<void> {
  const exact = evaluateOn(cpu, c, 'float64');
  const typed = evaluateOn(cpu, c, 'float32');
  const here = evaluateOn(backend, c, 'float32');
  const slack = tolerance * Math.max(1, c.tolerance / 1e-5);
  if (here.outputs.length !== exact.outputs.length) throw new ConformanceError(`${nameOf(c)}: ${here.outputs.length} outputs`);
  for (const [i, t] of here.outputs.entries()) {
    await compareTensors(`${nameOf(c)}, output ${i}`, t, exact.outputs[i]!, typed.outputs[i]!, slack);
  }
  for (const [i, t] of here.gradients.entries()) {
    const want = exact.gradients[i]!;
    if (t === null || want === null) {
      if (t !== want) throw new ConformanceError(`${nameOf(c)}, gradient ${i}: is ${t === null ? 'missing' : 'not expected'}`);
    } else await compareTensors(`${nameOf(c)}, gradient ${i}`, t, want, typed.gradients[i]!, slack);
  }
  for (const t of [...here.outputs, ...here.gradients]) t?.dispose();
}

async function compareTensors(what: string, got: Tensor, want: Tensor, typed: Tensor, slack: number): Promise<void> {
  if (got.dtype !== typed.dtype) throw new ConformanceError(`${what}: dtype ${got.dtype}, on the CPU ${typed.dtype}`);
  if (got.shape.join() !== want.shape.join()) throw new ConformanceError(`${what}: shape [${got.shape}], on the CPU [${want.shape}]`);
  compareValues(what, await got.data(), await want.data(), isReal(got.dtype) ? slack : 0);
}

/** Elementwise ops in the dtypes other than float32, against the CPU in the same dtype. */
function dtypeTests(backend: Backend): ConformanceTest[] {
  const others = backend.caps.dtypes.filter((d) => d !== 'float32');
  return elementwiseSamples.flatMap((s) =>
    others.map((dtype) => ({
      name: `${s.op}: elementwise, ${dtype}`,
      run: async () => {
        const op = elementwiseOp(s.op);
        const draw = drawFor(`${s.op}/${dtype}`);
        const inputs = s.domain.map((_, k) => {
          const type = ruleOf(op) === 'select' && k === 0 ? 'bool' : dtype;
          return { type, values: operandValues(s, k, type, 6, draw) };
        });
        const attempt = (device: Backend): Tensor | Error => {
          try {
            return scope(() => op(...inputs.map(({ type, values }) => dense(values, type, [2, 3], device))));
          } catch (error) {
            return error as Error;
          }
        };
        const want = attempt(cpu);
        const got = attempt(backend);
        if (want instanceof Error || got instanceof Error) {
          const [a, b] = [got, want].map((x) => (x instanceof Error ? `${x.name}: ${x.message}` : 'a result'));
          if (a !== b) throw new ConformanceError(`${s.op} on ${dtype}: ${a}, on the CPU ${b}`);
          return;
        }
        await compareTensors(`${s.op} on ${dtype}`, got, want, want, dtype === 'float64' ? 1e-12 : 1e-4);
        got.dispose();
      },
    })),
  );
}
