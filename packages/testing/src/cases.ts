import type { DType, Tensor } from '@nabla/core';
import type { LayoutVariant, NdArray, OpSamples, Sample } from '../../core/src/op.samples.ts';
import { elementwiseSamples, opSamples } from '../../core/src/ops/index.samples.ts';
import { autogradSamples } from './autograd.samples.ts';
import { expandElementwise } from './elementwise.ts';
import { type CaseInput, canRepeat, type Layout, makeInputs } from './inputs.ts';

/** One call of an op on inputs of a certain layout: what every derived test starts from. */
export interface Case {
  readonly op: string;
  readonly sample: string;
  /** How this case varies the sample: the layout, or which operands are numbers or broadcast. */
  readonly variant: string;
  readonly inputs: readonly CaseInput[];
  readonly run: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  readonly reference?: ((...inputs: NdArray[]) => NdArray | readonly NdArray[]) | undefined;
  /** Relative tolerance of gradient checks. */
  readonly tolerance: number;
  readonly differentiable: boolean;
  /** Not for backends without float64 and exact integers. */
  readonly hostOnly: boolean;
}

/** The name of a case in test lists and messages. */
export function nameOf(c: Pick<Case, 'op' | 'sample' | 'variant'>): string {
  return `${c.op}: ${c.sample}, ${c.variant}`;
}

/** The outputs of a case as a list. */
export function outputsOf(result: Tensor | readonly Tensor[]): readonly Tensor[] {
  return Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
}

const layouts: readonly Layout[] = ['contiguous', 'transposed', 'broadcast'];

function expandSample(op: string, s: Sample): Case[] {
  const makesSense = (layout: Layout): boolean => {
    if (layout === 'contiguous') return true;
    if (s.without?.includes(layout as LayoutVariant) === true) return false;
    return layout === 'transposed' ? s.inputs.length > 0 : s.inputs.some(canRepeat);
  };
  return layouts.filter(makesSense).map((layout) => ({
    op,
    sample: s.name,
    variant: layout,
    inputs: makeInputs(s.inputs, layout, `${op}/${s.name}`),
    run: s.run,
    reference: s.reference,
    tolerance: s.tolerance ?? 1e-5,
    differentiable: s.differentiable ?? true,
    hostOnly: s.hostOnly ?? false,
  }));
}

/** Cases of a list of op samples. */
export function expandOps(list: readonly OpSamples[]): Case[] {
  return list.flatMap(({ op, samples }) => samples.flatMap((s) => expandSample(op, s)));
}

let all: readonly Case[] | null = null;

/** Every case of every op, the elementwise ones and those of the differentiation machinery included. */
export function allCases(): readonly Case[] {
  all ??= [...expandOps(opSamples), ...elementwiseSamples.flatMap(expandElementwise), ...expandOps(autogradSamples)];
  return all;
}

/** Whether a case has inputs without elements. */
export function isEmpty(c: Case): boolean {
  return c.inputs.some((x) => x.shape.includes(0));
}

/** The dtypes that gradients are taken in. */
export function isReal(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}
