import { ValueError } from '../errors.ts';
import { inScope, scope } from '../scope.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import { enableGrad, isGradEnabled, refusePromise } from './modes.ts';
import type { SavedSlot } from './node.ts';
import { Segment, slotFor } from './recompute.ts';
import { edgeOf } from './views.ts';

/** An argument of a checkpointed function: a tensor that is kept like any saved one, or a value as it is. */
type Argument = { readonly slot: SavedSlot } | { readonly value: unknown };

/** Temporaries go at once where a scope keeps track of them; elsewhere the collector takes them. */
function tidied<T>(fn: () => T): T {
  return inScope() ? scope(fn) : fn();
}

/**
 * `fn(...args)`, without keeping what its gradient needs: backward runs `fn` again and then takes it from there. Memory for
 * intermediate results is exchanged for a second forward pass.
 *
 * The arguments are kept, and what `fn` uses from outside (parameters) stays alive by itself. Gradients reach both. Every
 * {@link Generator} that `fn` draws from is set back for the second run, so that dropout drops the same elements. Calls may
 * be nested, `fn` may give several tensors or other values and take arguments that are no tensors, and gradients of every
 * order work: the second run happens for each backward that needs it.
 *
 * `fn` must compute the same both times. What else it does (counting, logging, updating running statistics) happens twice.
 * In a {@link scope}, tensors born in `fn` are freed but for its result.
 *
 * @returns what `fn` returns
 * @throws ValueError when `fn` is asynchronous; AutogradError in backward when the second run saved other tensors than the
 * first; InPlaceError in backward when an argument was written to in between
 * @example
 * ```ts
 * let h = x;
 * for (const block of blocks) h = checkpoint((h) => block.call(h), h);
 * h.sum().backward();
 * ```
 * @see https://pytorch.org/docs/stable/checkpoint.html
 * @see Chen et al., "Training deep nets with sublinear memory cost" (2016)
 */
export function checkpoint<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): R {
  if (!isGradEnabled()) return refusePromise(fn(...args), 'checkpoint');
  // Kept where a checkpoint around this one says, so that nested ones hold nothing.
  const kept = args.map((a): Argument => (isTensor(a) ? { slot: slotFor(a, 'checkpoint', edgeOf(a)) } : { value: a }));
  return segmentOf(fn, kept).record(() => tidied(() => refusePromise(fn(...args), 'checkpoint')));
}

// A function of its own: the segment, which the graph holds, must hold the slots only, not the arguments themselves.
function segmentOf<A extends readonly unknown[]>(fn: (...args: A) => unknown, kept: readonly Argument[]): Segment {
  const again = (): void => {
    enableGrad(() => {
      tidied(() => {
        fn(...(kept.map((k) => ('slot' in k ? k.slot.unpack() : k.value)) as unknown as A));
      });
    });
  };
  const done = (): void => {
    for (const k of kept) if ('slot' in k) k.slot.release();
  };
  return new Segment(again, done);
}

/** A step of {@link checkpointSequential}: a function of a tensor, or a module. */
export type SequentialStep = ((x: Tensor) => Tensor) | { call(x: Tensor): Tensor };

/**
 * Steps one after the other, in `segments` parts of equal length, each under {@link checkpoint} but the last, whose
 * intermediate results are the first that backward needs.
 *
 * @param steps functions or modules; a `Sequential` will do
 * @param segments how many parts; the square root of the number of steps needs least memory
 * @throws ValueError when there are no steps, or `segments` is not an integer between 1 and their number
 * @example
 * ```ts
 * const y = checkpointSequential(model, 4, x); // model: a Sequential of 16 layers
 * ```
 * @see https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential
 */
export function checkpointSequential(steps: Iterable<SequentialStep>, segments: number, input: Tensor): Tensor {
  const list = [...steps];
  if (list.length === 0) throw new ValueError('checkpointSequential: there are no steps');
  if (!Number.isInteger(segments) || segments < 1 || segments > list.length) {
    throw new ValueError(
      `checkpointSequential: segments must be an integer from 1 to ${list.length}, the number of steps, got ${segments}`,
    );
  }
  const length = Math.floor(list.length / segments);
  const part = (from: number, to: number) => (x: Tensor) =>
    list.slice(from, to).reduce((y, step) => (typeof step === 'function' ? step(y) : step.call(y)), x);
  let x = input;
  for (let k = 0; k < segments - 1; k++) x = checkpoint(part(k * length, (k + 1) * length), x);
  return part((segments - 1) * length, list.length)(x);
}
