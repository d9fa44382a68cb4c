import { type DType, grad, isTensor, NablaError, type Tensor, zerosLike } from '@nabla/core';
import { difference, type Golden, type Json, Mismatch, numberOf, type TensorRef } from '../golden.ts';
import { formsOf, prepare } from './call.ts';
import { type GradRef, type OpCase, Skip } from './case.ts';

function compareTensor(golden: Golden<OpCase>, got: unknown, ref: TensorRef, what: string): void {
  if (!isTensor(got)) throw new Mismatch(`${what}: ${String(got)} is no tensor`);
  golden.compare(what, got, ref);
}

/** Compares a result of any structure; gives its tensors in order. */
function compareResult(golden: Golden<OpCase>, got: unknown, want: Json, what: string, tensors: Tensor[]): void {
  if (Array.isArray(want)) {
    const parts: unknown[] = Array.isArray(got) ? got : typeof got === 'object' && got !== null && !isTensor(got) ? Object.values(got) : [];
    if (parts.length !== want.length) throw new Mismatch(`${what}: ${parts.length} parts, expected ${want.length}`);
    want.forEach((w: Json, i) => {
      compareResult(golden, parts[i], w, `${what}[${i}]`, tensors);
    });
    return;
  }
  if (typeof want === 'object' && want !== null) {
    const fields = want as { readonly [key: string]: Json };
    if ('$t' in fields) {
      compareTensor(golden, got, fields as unknown as TensorRef, what);
      tensors.push(got as Tensor);
      return;
    }
    if ('$dtype' in fields) {
      if (got !== (fields['$dtype'] as DType)) throw new Mismatch(`${what}: ${String(got)}, expected ${String(fields['$dtype'])}`);
      return;
    }
    if (!Object.is(got, numberOf(want))) throw new Mismatch(`${what}: ${String(got)}, expected ${JSON.stringify(want)}`);
    return;
  }
  if (got !== want) throw new Mismatch(`${what}: ${String(got)}, expected ${String(want)}`);
}

/** A copy of the values of every input, to see that a call changes none that it should not. */
function snapshot(inputs: ReadonlyMap<string, Tensor>): ReadonlyMap<string, ArrayLike<number>> {
  return new Map([...inputs].filter(([, t]) => t.device.caps.syncRead).map(([path, t]) => [path, t.detach().dataSync().slice()]));
}

function unchanged(inputs: ReadonlyMap<string, Tensor>, before: ReadonlyMap<string, ArrayLike<number>>, except: ReadonlySet<string>): void {
  for (const [path, t] of inputs) {
    if (except.has(path) || !before.has(path)) continue;
    const now = t.detach().dataSync();
    const then = before.get(path)!;
    for (let i = 0; i < now.length; i++) {
      if (!Object.is(now[i], then[i])) throw new Mismatch(`${path} was changed: ${then[i]} became ${now[i]} at element ${i}`);
    }
  }
}

/** Gradients at paths; where PyTorch gave none, none or zeros. */
function compareGrads(golden: Golden<OpCase>, got: readonly (Tensor | null)[], want: readonly GradRef[], what: string): void {
  want.forEach((ref, i) => {
    const g = got[i] ?? null;
    const name = `${what} of ${ref.path}`;
    if (ref.none === true) {
      if (g === null) return;
      golden.read(g, (values) => {
        if (values.dataSync().some((v) => v !== 0)) throw new Mismatch(`${name}: a gradient that is not zero, expected none`);
      });
    } else if (g === null) {
      // A gradient that is nothing but zeros, up to rounding, may be none.
      const want = golden.load(ref.$t);
      const found = difference(zerosLike(want), want, ref.n, ref.nstruct);
      if (found !== null) throw new Mismatch(`${name}: none, expected a gradient (${found})`);
    } else compareTensor(golden, g, ref, name);
  });
}

async function replayError(c: OpCase, call: () => unknown, inputs: ReadonlyMap<string, Tensor>): Promise<void> {
  const before = snapshot(inputs);
  let thrown: unknown;
  try {
    await call();
  } catch (e) {
    thrown = e;
  }
  if (thrown === undefined) throw new Mismatch(`no error, expected ${c.error!.type}: ${c.error!.message}`);
  if (!(thrown instanceof NablaError))
    throw new Mismatch(`an untyped error, ${String(thrown)}; expected ${c.error!.type}: ${c.error!.message}`);
  unchanged(inputs, before, new Set());
}

/** Replays one recorded call in every form it has here; throws {@link Mismatch} or {@link Skip}. */
export async function replayOp(golden: Golden<OpCase>, c: OpCase): Promise<void> {
  const forms = formsOf(c.op);
  if (forms.length === 0) throw new Mismatch(`there is no ${c.op}`);
  for (const form of forms) {
    // A call with a plain number first has no method form.
    const first = c.args[0];
    if (form === 'method' && forms.length > 1 && !(typeof first === 'object' && first !== null && '$t' in first)) continue;
    try {
      await replayForm(golden, c, form);
    } catch (e) {
      if (e instanceof Skip) throw e;
      const text = e instanceof Mismatch ? e.message : e instanceof Error ? `${e.name}: ${e.message}` : String(e);
      throw new Mismatch(forms.length > 1 ? `as a ${form}: ${text}` : text, { cause: e });
    }
  }
}

async function replayForm(golden: Golden<OpCase>, c: OpCase, form: 'function' | 'method' | 'own'): Promise<void> {
  const inputs = new Map<string, Tensor>();
  const call = prepare(golden, c, form, { leaves: inputs });
  if (c.error !== undefined) {
    await replayError(c, call, inputs);
    return;
  }
  const before = snapshot(inputs);
  const result = await call();
  const outputs: Tensor[] = [];
  compareResult(golden, result, c.out!, 'result', outputs);
  const mutated = c.mutated ?? [];
  unchanged(inputs, before, new Set(mutated.map((m) => m.path)));
  for (const m of mutated) compareTensor(golden, inputs.get(m.path), m, `${m.path} after the call`);
  if (c.grads === undefined) return;
  const seeds = c.grad_out!.map((r) => (r === null ? null : golden.input(r.$t).requiresGrad_(c.gradgrad !== undefined)));
  const flowing = outputs.flatMap((t, i) => (seeds[i] == null ? [] : [{ t, seed: seeds[i]! }]));
  const leaves = c.grads.map((r) => inputs.get(r.path)!);
  const gradients = flowing.some((f) => f.t.requiresGrad)
    ? gradOf(
        flowing.filter((f) => f.t.requiresGrad).map((f) => f.t),
        leaves,
        flowing.filter((f) => f.t.requiresGrad).map((f) => f.seed),
        c.gradgrad !== undefined,
      )
    : leaves.map(() => null);
  compareGrads(golden, gradients, c.grads, 'gradient');
  if (c.gradgrad !== undefined) replaySecond(golden, c.gradgrad, gradients, inputs, seeds);
}

function replaySecond(
  golden: Golden<OpCase>,
  second: NonNullable<OpCase['gradgrad']>,
  gradients: readonly (Tensor | null)[],
  inputs: ReadonlyMap<string, Tensor>,
  seeds: readonly (Tensor | null)[],
): void {
  const terms = gradients.flatMap((g, j) => {
    const w = second.weights[j];
    return g === null || w == null || !g.requiresGrad ? [] : [{ g, w: golden.input(w.$t) }];
  });
  const firsts = second.grads.map((r) => inputs.get(r.path)!);
  const wantedSeeds = second.grad_out_grads.map((ref, i): GradRef => ({ ...(ref ?? { $t: '', none: true }), path: `grad_out ${i}` }));
  const targets = [...firsts, ...seeds.filter((s) => s !== null)];
  const found =
    terms.length === 0
      ? targets.map(() => null)
      : gradOf(
          terms.map((t) => t.g),
          targets,
          terms.map((t) => t.w),
          false,
        );
  compareGrads(golden, found.slice(0, firsts.length), second.grads, 'second gradient');
  let next = firsts.length;
  const atSeeds = seeds.map((s) => (s === null ? null : (found[next++] ?? null)));
  compareGrads(golden, atSeeds, wantedSeeds, 'second gradient');
}

function gradOf(outputs: Tensor[], inputs: Tensor[], gradOutputs: Tensor[], createGraph: boolean): (Tensor | null)[] {
  return grad(outputs, inputs, { gradOutputs, allowUnused: true, createGraph });
}
