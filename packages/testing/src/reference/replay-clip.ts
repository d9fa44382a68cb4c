import { type Tensor, zeros } from '@nabla/core';
import { clipGradNorm_, clipGradValue_ } from '@nabla/optim';
import { type Golden, type Json, Mismatch, numberOf, type TensorRef } from '../golden.ts';
import { type RecordedError, raises } from './raises.ts';

/** A recorded call of gradient clipping. */
export interface ClipCase {
  readonly id: string;
  readonly fn: string;
  readonly dtype: 'f32' | 'f64';
  readonly kwargs: { readonly [key: string]: Json };
  readonly shapes: readonly (readonly number[])[];
  readonly grads: readonly (TensorRef | null)[];
  readonly after?: readonly (TensorRef | null)[];
  readonly total_norm?: Json;
  readonly error?: RecordedError;
}

/** The call of a case. `norm_type` may be Python's 'inf'. */
function prepare(golden: Golden<ClipCase>, c: ClipCase, params: readonly Tensor[]): () => Tensor | undefined {
  const given = (name: string): number | undefined => {
    const value = c.kwargs[name];
    return value === undefined ? undefined : Number(String(golden.decode(value)).replace(/^(-?)inf$/, '$1Infinity'));
  };
  if (c.fn === 'clip_grad_value_') return () => void clipGradValue_(params, given('clip_value')!);
  if (c.fn !== 'clip_grad_norm_') throw new Mismatch(`there is no ${c.fn}`);
  const normType = given('norm_type');
  const errorIfNonfinite = golden.decode(c.kwargs['error_if_nonfinite']) === true;
  return () => clipGradNorm_(params, given('max_norm')!, { ...(normType === undefined ? {} : { normType }), errorIfNonfinite });
}

/** Replays one case; throws {@link Mismatch}. */
export function replayClip(golden: Golden<ClipCase>, c: ClipCase): void {
  const dtype = c.dtype === 'f32' ? 'float32' : 'float64';
  const params = c.shapes.map((s) => zeros(s, { dtype, requiresGrad: true, ...golden.placed }) as Tensor);
  params.forEach((p, i) => {
    const grad = c.grads[i];
    p.grad = grad == null ? null : golden.input(grad.$t);
  });
  const call = prepare(golden, c, params);
  if (c.error !== undefined) {
    raises(c.error, call);
    return;
  }
  const total = call();
  if (c.total_norm !== undefined) {
    const want = numberOf(c.total_norm);
    const tolerance = dtype === 'float32' ? 1e-5 : 1e-10;
    golden.readNumber(total!, (got) => {
      if (Object.is(got, want) || Math.abs(got - want) <= tolerance + tolerance * Math.abs(want)) return;
      throw new Mismatch(`total norm: ${got}, expected ${want}`);
    });
  }
  (c.after ?? []).forEach((want, i) => {
    const { grad } = params[i]!;
    if ((want === null) !== (grad === null))
      throw new Mismatch(`gradient ${i}: ${String(grad)}, expected ${want === null ? 'none' : 'one'}`);
    if (want === null || grad === null) return;
    golden.compare(`gradient ${i}`, grad, want);
  });
}
