import { isGradEnabled } from './autograd/modes.ts';
import type { TensorInfo } from './autograd/node.ts';
import { type RecordedBackward, recordNode } from './autograd/record.ts';
import { needsGrad, viewData } from './autograd/views.ts';
import { type Observer, observer } from './debug.ts';
import type { DType } from './dtype.ts';
import { isFloating } from './dtype.ts';
import { ShapeError, ValueError } from './errors.ts';
import { sameShape } from './layout.ts';
import { show } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Shape and dtype of a result. */
export interface Meta {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** What backward is given. */
export interface BackwardContext<A> {
  readonly attrs: A;
  /** What `save` returned, in order. */
  readonly saved: readonly Tensor[];
  /** Shape, dtype and device of each input. */
  readonly inputs: readonly TensorInfo[];
  /** Whether the gradient of input i is wanted; others may be null. */
  readonly needs: readonly boolean[];
}

/** Everything one op is: one object in one place. Tests and the tensor method are derived from it. */
export interface OpDefinition<A> {
  readonly name: string;
  /**
   * Shape and dtype of every output; throws the op's typed errors. Runs before anything is computed.
   */
  infer(inputs: readonly Tensor[], attrs: A): readonly Meta[];
  /** Computes the outputs with kernels (never with recorded ops). */
  forward(inputs: readonly Tensor[], attrs: A, out: readonly Meta[]): readonly Tensor[];
  /** Tensors that backward needs; nothing when omitted. */
  save?(inputs: readonly Tensor[], outputs: readonly Tensor[], attrs: A): readonly Tensor[];
  /** Gradients of the inputs, written with tensor ops so that it can be differentiated itself. Omitted: no gradient flows. */
  backward?(ctx: BackwardContext<A>, grads: readonly (Tensor | null)[]): readonly (Tensor | null)[];
}

/** A defined op: checks, computes and records. */
export type OpFunction<A> = (inputs: readonly Tensor[], attrs: A) => readonly Tensor[];

/** Every op defined so far; tests go through it. Definitions are mutable here so that tests can perturb a backward. */
export const ops: Map<string, OpDefinition<never>> = new Map();

/** Defines an op of this package. */
export function defineOp<A>(definition: OpDefinition<A>): OpFunction<A> {
  return define(definition, true);
}

/**
 * Defines an op. See CONTRIBUTING for a walk through.
 *
 * @throws ValueError when the name is taken
 */
export function defineUserOp<A>(definition: OpDefinition<A>): OpFunction<A> {
  return define(definition, false);
}

function define<A>(definition: OpDefinition<A>, closed: boolean): OpFunction<A> {
  if (ops.has(definition.name)) throw new ValueError(`an op named '${definition.name}' exists already`);
  const def = { ...definition };
  ops.set(def.name, def as OpDefinition<never>);
  return (inputs, attrs) => {
    const metas = def.infer(inputs, attrs);
    const outputs = observer === null ? def.forward(inputs, attrs, metas) : observed(def, inputs, attrs, metas, observer);
    checkOutputs(def.name, inputs, outputs, metas);
    if (def.backward !== undefined && isGradEnabled()) record(def, closed, inputs, attrs, outputs);
    return outputs;
  };
}

// Functions of their own: one that holds a closure makes room for what it captures at every call.
const observed = <A>(def: OpDefinition<A>, inputs: readonly Tensor[], attrs: A, metas: readonly Meta[], by: Observer): readonly Tensor[] =>
  by.op(def.name, inputs, attrs, () => def.forward(inputs, attrs, metas));

function record<A>(def: OpDefinition<A>, closed: boolean, inputs: readonly Tensor[], attrs: A, outputs: readonly Tensor[]): void {
  if (!inputs.some(needsGrad) || !outputs.some(floats)) return;
  const save = def.save?.(inputs, outputs, attrs) ?? [];
  const call = new Call(def, attrs, inputs.map(wantsGrad));
  const node = recordNode(def.name, inputs, outputs, save, backwardOf as RecordedBackward<Call<A>>, call, closed);
  const { addInto } = def as Definition<A>;
  if (addInto !== undefined) node.addInto = (sum, grad) => addInto(sum, grad, attrs);
}

const floats = (t: Tensor): boolean => isFloating(t.dtype);
const wantsGrad = (t: Tensor): boolean => needsGrad(t) && floats(t);

/** Blames the author of an op whose forward does not give what its infer announced. */
function checkOutputs(name: string, inputs: readonly Tensor[], outputs: readonly Tensor[], metas: readonly Meta[]): void {
  if (outputs.length !== metas.length)
    throw new ValueError(`${name}: infer announced ${metas.length} outputs, forward gave ${outputs.length}`);
  for (let i = 0; i < outputs.length; i++) {
    const out = outputs[i]!;
    const { shape, dtype } = metas[i]!;
    if (inputs.includes(out))
      throw new ValueError(`${name}: forward gave one of its inputs as output ${i}; it must make a tensor of its own`);
    if (!sameShape(out.shape, shape) || out.dtype !== dtype) {
      const [got, want] = [`${out.dtype} ${show(out.shape)}`, `${dtype} ${show(shape)}`];
      throw new ShapeError(`${name}: infer announced ${want} for output ${i}, forward gave ${got}`);
    }
  }
}

/** A definition with what only views have. */
interface Definition<A> extends OpDefinition<A> {
  /** Adds the gradient of the output to a part of one of the input. */
  addInto?(sum: Tensor, grad: Tensor, attrs: A): void;
}

/** What the backward of a call needs beside its saved tensors. A class, as all that graphs are made of: see {@link recordNode}. */
class Call<A> {
  readonly def: OpDefinition<A>;
  readonly attrs: A;
  readonly needs: readonly boolean[];

  constructor(def: OpDefinition<A>, attrs: A, needs: readonly boolean[]) {
    this.def = def;
    this.attrs = attrs;
    this.needs = needs;
  }
}

function backwardOf<A>(
  { def, attrs, needs }: Call<A>,
  saved: readonly (Tensor | null)[],
  grads: readonly (Tensor | null)[],
  inputs: readonly TensorInfo[],
): readonly (Tensor | null)[] {
  if (grads.every((g) => g === null)) return inputs.map(() => null);
  return def.backward!({ attrs, saved: saved as readonly Tensor[], inputs, needs }, grads);
}

/** Which elements of a storage a view shows. */
export interface ViewWindow {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A view op: the result shares the storage of its one input. */
export interface ViewDefinition<A> {
  readonly name: string;
  /** The window; throws the op's typed errors. */
  window(t: Tensor, attrs: A): ViewWindow;
  /** Gradient of the input from the gradient of the view, written with tensor ops. */
  backward(ctx: { readonly attrs: A; readonly input: TensorInfo }, grad: Tensor): Tensor;
  /** The window shows each entry once at most, and leaves some out: a gradient of it can be added to a part of another one. Default false. */
  readonly partial?: boolean;
}

/** Defines a view op of this package. */
export function defineView<A>(definition: ViewDefinition<A>): (t: Tensor, attrs: A) => Tensor {
  return view(definition, true);
}

/** Defines a view op. Writes to the result are writes to the input. */
export function defineUserView<A>(definition: ViewDefinition<A>): (t: Tensor, attrs: A) => Tensor {
  return view(definition, false);
}

function view<A>(definition: ViewDefinition<A>, closed: boolean): (t: Tensor, attrs: A) => Tensor {
  const form: Definition<A> = {
    name: definition.name,
    infer: ([t], attrs) => {
      const { shape, strides, offset } = definition.window(t!, attrs);
      const meta: Meta & ViewWindow = { shape, strides, offset, dtype: t!.dtype };
      return [meta];
    },
    forward: ([t], _attrs, [meta]) => {
      const w = meta as Meta & ViewWindow;
      return [viewData(t!, w.shape, w.strides, w.offset)];
    },
    backward: ({ attrs, inputs }, [g]) => [g == null ? null : definition.backward({ attrs, input: inputs[0]! }, g)],
  };
  if (definition.partial === true) {
    form.addInto = (sum, grad, attrs) => {
      const w = definition.window(sum, attrs);
      const part = viewData(sum, w.shape, w.strides, w.offset);
      part.add_(grad);
      part.dispose();
    };
  }
  const run = define(form, closed);
  return (t, attrs) => run([t], attrs)[0]!;
}
