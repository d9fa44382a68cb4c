import { isFloating } from '../dtype.ts';
import { AutogradError, ShapeError } from '../errors.ts';
import { checkWritable } from '../inplace.ts';
import { copyData, fullData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { show } from '../shape.ts';
import { type Storage, storagesMade } from '../storage.ts';
import { isTensor, Tensor } from '../tensor.ts';
import { attach, infoOf } from './meta.ts';
import { enableGrad, isGradEnabled, noGrad } from './modes.ts';
import { GraphNode, type TensorInfo } from './node.ts';
import { type RecordedBackward, recordNode } from './record.ts';
import { checkRecordable, edgeOf, rebase } from './views.ts';

/** What forward and backward of one call of a custom function share. */
export interface FunctionContext<Attrs extends object = Record<string, unknown>> {
  /** For what backward needs beside tensors: an empty object in forward, the same object in backward. */
  readonly attrs: Attrs;
  /** For each argument, whether it is a tensor whose gradient is wanted. */
  readonly needsInputGrad: readonly boolean[];
  /**
   * Names the tensors that backward needs: arguments, results or others. Only these may be kept: they are checked against
   * later in-place writes, freed after backward, and connected when backward is itself differentiated.
   */
  save(...tensors: readonly Tensor[]): void;
  /** In backward: what {@link FunctionContext.save} was given, in order. */
  readonly saved: readonly Tensor[];
  /** Names results through which no gradient flows. Results of integer dtype need not be named. */
  markNonDifferentiable(...outputs: readonly Tensor[]): void;
  /**
   * Names arguments that forward writes to in place, before it does so. Each must be among the results.
   *
   * @throws InPlaceError for an argument that cannot be written where gradients are recorded, such as a leaf that requires them
   */
  markDirty(...args: readonly Tensor[]): void;
  /** Whether backward is given zeros (true, the default) or null for a result to which no gradient arrived. */
  setMaterializeGrads(value: boolean): void;
}

/** A function with a backward of its own. */
export interface CustomFunction<Args extends readonly unknown[], R extends Tensor | readonly Tensor[], Attrs extends object> {
  /** How the function is called in graphs and messages; it need not be unique. */
  readonly name: string;
  /** Computes the result. Nothing in it is recorded. A result that shares memory with an argument or another result is copied. */
  forward(ctx: FunctionContext<Attrs>, ...args: Args): R;
  /**
   * The gradients of the arguments from those of the results (zeros where none arrived; null after
   * `ctx.setMaterializeGrads(false)`, for which parameters are declared `Tensor | null`): one per argument, null for what
   * is not a tensor or needs none. Written with tensor ops it can be differentiated in turn.
   */
  backward(ctx: FunctionContext<Attrs>, ...grads: readonly Tensor[]): Tensor | null | readonly (Tensor | null)[];
  /**
   * Backward is not written with tensor ops (or its derivative would be wrong): it is not recorded, and differentiating it is
   * an error. Default false.
   */
  readonly onceDifferentiable?: boolean;
}

class Context<Attrs extends object> implements FunctionContext<Attrs> {
  readonly attrs: Attrs = {} as Attrs;
  readonly needsInputGrad: readonly boolean[];
  readonly #name: string;
  /** What forward named; handed over to the graph when the call is recorded. */
  #toSave: readonly Tensor[] = [];
  #flat: readonly Tensor[] = [];
  #dirty: readonly Tensor[] = [];
  #args: readonly Tensor[];
  #materialize = true;
  #saved: readonly Tensor[] | null = null;

  constructor(name: string, args: readonly Tensor[], needsInputGrad: readonly boolean[]) {
    this.#name = name;
    this.#args = args;
    this.needsInputGrad = needsInputGrad;
  }

  save(...tensors: readonly Tensor[]): void {
    if (!tensors.every(isTensor)) throw new AutogradError(`${this.#name}: save() takes tensors; use ctx.attrs for other values`);
    this.#toSave = tensors;
  }

  get saved(): readonly Tensor[] {
    if (this.#saved === null) throw new AutogradError(`${this.#name}: ctx.saved can be read in backward only`);
    return this.#saved;
  }

  markNonDifferentiable(...outputs: readonly Tensor[]): void {
    this.#flat = outputs;
  }

  markDirty(...args: readonly Tensor[]): void {
    for (const t of args) {
      if (!this.#args.includes(t)) throw new AutogradError(`${this.#name}: markDirty() takes arguments of the function`);
      if (!this.needsInputGrad.includes(true)) continue;
      enableGrad(() => {
        checkWritable(this.#name, t);
        checkRecordable(this.#name, t, true);
      });
    }
    this.#dirty = args;
  }

  setMaterializeGrads(value: boolean): void {
    this.#materialize = value;
  }

  get materialize(): boolean {
    return this.#materialize;
  }

  /** Ends forward: gives what it named and lets go of it. */
  take(): { toSave: readonly Tensor[]; flat: readonly Tensor[]; dirty: readonly Tensor[] } {
    const taken = { toSave: this.#toSave, flat: this.#flat, dirty: this.#dirty };
    this.#toSave = [];
    this.#flat = [];
    this.#dirty = [];
    this.#args = [];
    return taken;
  }

  /** Runs a backward with these saved tensors in reach. */
  within<T>(saved: readonly Tensor[], fn: () => T): T {
    const before = this.#saved;
    this.#saved = saved;
    try {
      return fn();
    } finally {
      this.#saved = before;
    }
  }
}

/**
 * Defines a function whose gradient is written by hand: where the derivative that the ops would give is wanted
 * differently, or is unstable or wasteful. Gradients of higher order follow when `backward` is written with tensor ops.
 *
 * @returns a function that is called as `forward` is, without the context
 * @throws AutogradError when called, if `forward` returns no tensor or writes to an argument that it did not name; in backward, if `backward`
 * does not return one gradient per argument. ShapeError in backward if a gradient has not the shape of its argument
 * @example
 * ```ts
 * // Rounds, and lets the gradient through as if it had not.
 * const roundThrough = customFunction({
 *   name: 'roundThrough',
 *   forward: (ctx, x: Tensor) => x.round(),
 *   backward: (ctx, g) => g,
 * });
 * ```
 * @see https://pytorch.org/docs/stable/notes/extending.html#extending-torch-autograd
 */
export function customFunction<
  Args extends readonly unknown[],
  R extends Tensor | readonly Tensor[],
  Attrs extends object = Record<string, unknown>,
>(definition: CustomFunction<Args, R, Attrs>): (...args: Args) => R {
  const { name } = definition;
  return (...args) => {
    const tensors = args.filter(isTensor);
    const record = isGradEnabled();
    const ctx = new Context<Attrs>(
      name,
      tensors,
      args.map((a) => record && isTensor(a) && isFloating(a.dtype) && edgeOf(a) !== null),
    );
    const versions = tensors.map((t) => t.storage.version);
    const since = storagesMade();
    const result = noGrad(() => definition.forward(ctx, ...args));
    const raw = isTensor(result) ? [result] : (result as unknown);
    if (!Array.isArray(raw) || !raw.every(isTensor)) {
      throw new AutogradError(`${name}: forward must return a tensor or an array of tensors`);
    }
    const { toSave, flat, dirty } = ctx.take();
    if (!dirty.every((t) => raw.includes(t))) throw new AutogradError(`${name}: an argument that markDirty() named must be a result`);
    if (!ctx.needsInputGrad.includes(true)) return result;
    const written = new Set(dirty.map((t) => t.storage));
    tensors.forEach((t, i) => {
      if (t.storage.version !== versions[i] && !written.has(t.storage)) {
        throw new AutogradError(
          `${name}: forward wrote to one of its arguments in place; name it with ctx.markDirty(), or clone() it first`,
        );
      }
    });
    const outputs = own(raw as Tensor[], since, dirty);
    const swap = (t: Tensor): Tensor => outputs[raw.indexOf(t)] ?? t;
    const saved = toSave.map((t) => (tensors.includes(t) && !dirty.includes(t) ? t : swap(t)));
    const differentiable = outputs.filter((t, i) => isFloating(t.dtype) && !flat.includes(raw[i] as Tensor));
    if (differentiable.length === 0) return result;
    const slots = outputs.map((t) => ({ info: infoOf(t), index: differentiable.indexOf(t) }));
    recordNode(name, tensors, differentiable, saved, backwardOf(definition, ctx, args.map(isTensor), slots), undefined, false);
    const results = outputs.map((t, i) => {
      const argument = raw[i] as Tensor;
      if (!dirty.includes(argument)) return t;
      rebase(argument, t);
      return argument;
    });
    return (isTensor(result) ? results[0]! : results) as R;
  };
}

/**
 * Results as tensors that may get a history, and that may be written to: one that shares memory with an argument, with
 * anything else that was there before or with another result is copied. A stand-in takes the history of an argument that
 * was written to.
 */
function own(raw: readonly Tensor[], since: number, dirty: readonly Tensor[]): Tensor[] {
  const taken = new Set<Storage>();
  return raw.map((t) => {
    if (dirty.includes(t)) return new Tensor(t.storage, t.shape, t.strides, t.offset);
    if (t.storage.id < since || taken.has(t.storage)) return copyData(t);
    taken.add(t.storage);
    return t.viewOf === null ? t : new Tensor(t.storage, t.shape, t.strides, t.offset);
  });
}

/** A result of forward: what it is and which of the node's outputs (-1: no gradient flows). */
interface OutputSlot {
  readonly info: TensorInfo;
  readonly index: number;
}

// A function of its own: the closure must not hold the forward call's tensors.
function backwardOf<Args extends readonly unknown[], R extends Tensor | readonly Tensor[], Attrs extends object>(
  definition: CustomFunction<Args, R, Attrs>,
  ctx: Context<Attrs>,
  isTensorArg: readonly boolean[],
  slots: readonly OutputSlot[],
): RecordedBackward<undefined> {
  return (_, saved, grads, inputs) => {
    const given = slots.map(({ info, index }) => grads[index] ?? (ctx.materialize ? zeros(info) : null)) as Tensor[];
    const run = (): (Tensor | null)[] => {
      const result = ctx.within(saved as readonly Tensor[], () => definition.backward(ctx, ...given));
      const list = Array.isArray(result) ? (result as readonly (Tensor | null)[]) : [result as Tensor | null];
      return checked(definition.name, list, isTensorArg, inputs);
    };
    if (definition.onceDifferentiable !== true || !isGradEnabled()) return run();
    return sealed(definition.name, noGrad(run), [...(saved as readonly Tensor[]), ...given]);
  };
}

const zeros = ({ device, dtype, shape }: TensorInfo): Tensor => fullData(device, 0, dtype, shape);

/** Gradients that cannot be differentiated: a backward that reaches them says so. */
function sealed(name: string, grads: readonly (Tensor | null)[], from: readonly (Tensor | null)[]): (Tensor | null)[] {
  const edges = from.map((t) => (t === null ? null : edgeOf(t)));
  if (edges.every((e) => e === null)) return [...grads];
  return grads.map((g) => {
    if (g === null) return null;
    const out = g.detach();
    const refuse = (): never => {
      throw new AutogradError(`the backward of '${name}' is onceDifferentiable: its gradient cannot be differentiated again`);
    };
    attach(
      out,
      new GraphNode(
        `${name}Backward`,
        edges,
        from.map((t) => infoOf(t ?? out)),
        [infoOf(out)],
        refuse,
      ),
      0,
    );
    return out;
  });
}

/** One gradient per tensor argument, or an error that blames the author of the function. */
function checked(
  name: string,
  list: readonly (Tensor | null)[],
  isTensorArg: readonly boolean[],
  inputs: readonly TensorInfo[],
): (Tensor | null)[] {
  const surplus = list.slice(isTensorArg.length).some((g) => g !== null);
  if (list.length < isTensorArg.length || surplus) {
    throw new AutogradError(
      `the backward of '${name}' returned ${list.length} gradients for ${isTensorArg.length} arguments; return one each, null where none is needed`,
    );
  }
  const out: (Tensor | null)[] = [];
  isTensorArg.forEach((wanted, i) => {
    const g = list[i] ?? null;
    if (g !== null && !isTensor(g))
      throw new AutogradError(`the backward of '${name}' returned no tensor (and not null) for argument ${i}`);
    if (!wanted) {
      if (g !== null) throw new AutogradError(`the backward of '${name}' returned a gradient for argument ${i}, which is not a tensor`);
      return;
    }
    const { shape } = inputs[out.length]!;
    if (g !== null && !sameShape(g.shape, shape)) {
      throw new ShapeError(`the backward of '${name}' gave a gradient of shape ${show(g.shape)} for argument ${i} of shape ${show(shape)}`);
    }
    out.push(g);
  });
  return out;
}
