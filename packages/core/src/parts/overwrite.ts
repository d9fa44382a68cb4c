import { elementValue } from '../dtype.ts';
import { copyData, fullData } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { zerosLike } from '../ops/create.ts';

// What overwriting in place computes. The old values get a zero gradient, not none: a tensor that was overwritten keeps
// its history, as in PyTorch.

/** A tensor like the first, filled with a number. */
export const fillOp: OpFunction<number> = defineOp<number>({
  name: 'fill',
  infer: ([t]) => [{ shape: t!.shape, dtype: t!.dtype }],
  forward: ([t], value) => [fullData(t!.device, elementValue('fill_', value, t!.dtype), t!.dtype, t!.shape)],
  backward: (_ctx, [g]) => [zerosLike(g!)],
});

/** A copy of the second tensor, which has the first's shape and dtype, in the place of the first. */
export const overwriteOp: OpFunction<void> = defineOp<void>({
  name: 'overwrite',
  infer: ([t]) => [{ shape: t!.shape, dtype: t!.dtype }],
  forward: ([_, src]) => [copyData(src!)],
  backward: ({ needs }, [g]) => [needs[0] ? zerosLike(g!) : null, g!],
});
