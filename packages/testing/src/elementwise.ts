import type { DType, Operand, Tensor } from '@nabla/core';
import { call, elementwiseOps, type FunctionRow, input, printJs } from '@nabla/core/internals';
import type { DTypeRule, ElementwiseOp, Typing } from '../../core/src/elementwise.ts';
import type { ElementwiseSamples, NdArray } from '../../core/src/op.samples.ts';
import type { Case } from './cases.ts';
import { awayFrom, type CaseInput, type Layout, layOut, quantized } from './inputs.ts';
import { type Draw, drawFor } from './random.ts';

/** The op of a name, or an error that says where names come from. */
export function elementwiseOp(name: string): ElementwiseOp {
  const op = elementwiseOps.get(name);
  if (op === undefined) throw new RangeError(`elementwise samples name '${name}', which defineElementwise never made`);
  return op;
}

/** The dtype rule that an op was defined with. */
export function ruleOf(op: ElementwiseOp): DTypeRule {
  return (op.row as FunctionRow & { readonly dtype?: DTypeRule }).dtype ?? 'float';
}

/** What an op takes, as it was defined. */
function typingOf(op: ElementwiseOp): Typing {
  return op.row as FunctionRow & Typing;
}

/** Whether operand `i` of an op may be a number. */
export function takesNumber(op: ElementwiseOp, i: number): boolean {
  const { tensors = 'one', parameters = op.row.arity } = typingOf(op);
  if (i >= parameters) return true;
  return tensors === 'one' ? op.row.arity > 1 : tensors === 'first' && i > 0;
}

/** A row as a plain JavaScript function of numbers of dtype `compute`. */
function rowFunction(row: FunctionRow, compute: DType): (...args: number[]) => number {
  const names = Array.from({ length: row.arity }, (_, i) => `x${i}`);
  const { lines, results, helpers } = printJs(
    [
      call(
        row,
        names.map((_, i) => input(i)),
      ),
    ],
    compute,
  );
  const helperNames = Object.keys(helpers);
  const make = new Function('F', ...helperNames, `return function(${names.join()}){${lines.join('')}return ${results[0]};}`);
  return make(Math.fround, ...helperNames.map((n) => helpers[n])) as (...args: number[]) => number;
}

/** A row at every element of broadcast operands. */
function evaluateRow(row: FunctionRow, compute: DType, operands: readonly NdArray[]): NdArray {
  const f = rowFunction(row, compute);
  const rank = Math.max(...operands.map((o) => o.shape.length));
  const shape = Array.from({ length: rank }, (_, d) => {
    const sizes = operands.map((o) => o.shape[d - rank + o.shape.length] ?? 1);
    return sizes.find((n) => n !== 1) ?? 1;
  });
  const n = shape.reduce((p, k) => p * k, 1);
  const data = Array.from({ length: n }, (_, k) => f(...operands.map((o) => elementAt(o, shape, k))));
  return { shape, data };
}

/** Element `k` of the broadcast shape. */
function elementAt(o: NdArray, shape: readonly number[], k: number): number {
  let rest = k;
  let at = 0;
  let step = 1;
  for (let d = shape.length - 1, e = o.shape.length - 1; e >= 0; d--, e--) {
    const i = rest % shape[d]!;
    rest = Math.floor(rest / shape[d]!);
    if (o.shape[e] !== 1) at += i * step;
    step *= o.shape[e]!;
  }
  return o.data[at]!;
}

/** How the operands of one case look: a shape for a tensor, null for a number. */
interface Arrangement {
  readonly variant: string;
  readonly shapes: readonly (readonly number[] | null)[];
  readonly layout: Layout;
  /** Write into a copy of the first operand (or into a transposed view of one). */
  readonly inPlace?: 'whole' | 'view';
}

function arrangements(op: ElementwiseOp, writable: boolean): Arrangement[] {
  const { arity } = op.row;
  const same = (shape: readonly number[]): (readonly number[])[] => new Array(arity).fill(shape);
  const out: Arrangement[] = (['contiguous', 'transposed', 'broadcast'] as const).map((layout) => ({
    variant: layout,
    shapes: same([2, 3]),
    layout,
  }));
  const plain = (variant: string, shapes: Arrangement['shapes']): Arrangement => ({ variant, shapes, layout: 'contiguous' });
  out.push(plain('0-d', same([])), plain('zero-size', same([0, 3])));
  if (arity > 1) {
    const shapes = [[2, 1, 3], [4, 1], [3]];
    const spread = Array.from({ length: arity }, (_, i) => shapes[i % shapes.length]!);
    out.push(plain('different ranks', spread), plain('different ranks reversed', [...spread].reverse()));
    out.push(
      plain('beside 0-d', [[2, 3], ...new Array(arity - 1).fill([])]),
      plain('zero-size beside 0-d', [[], ...same([0, 3]).slice(1)]),
    );
    for (let i = 0; i < arity; i++) {
      if (!takesNumber(op, i)) continue;
      out.push(
        plain(
          `number as operand ${i}`,
          same([2, 3]).map((s, k) => (k === i ? null : s)),
        ),
      );
    }
  }
  if (writable) {
    out.push({ variant: 'in place', shapes: same([2, 3]), layout: 'contiguous', inPlace: 'whole' });
    out.push({ variant: 'in place on a view', shapes: same([2, 3]), layout: 'contiguous', inPlace: 'view' });
    if (arity > 1)
      out.push({
        variant: 'in place beside 0-d',
        shapes: [[2, 3], ...new Array(arity - 1).fill([])],
        layout: 'contiguous',
        inPlace: 'whole',
      });
  }
  return out;
}

/** Spacing of the values of operands that must differ: each operand has its own places on one lattice. */
const spacing = 0.1;

/** Values for one operand. */
export function operandValues(s: ElementwiseSamples, k: number, dtype: DType, n: number, draw: Draw): number[] {
  const [low, high] = s.domain[k]!;
  const avoid = s.avoid?.[k] ?? [];
  const draws = (one: () => number): number[] => Array.from({ length: n }, one);
  if (dtype === 'bool') return draws(() => draw.below(2));
  if (dtype !== 'float32' && dtype !== 'float64')
    return draws(() => Math.ceil(low) + draw.below(Math.max(Math.floor(high - Math.ceil(low)), 1)));
  if (s.distinct !== true) return draws(() => awayFrom(avoid, low, high, draw));
  const base = Math.min(...s.domain.map((d) => d[0]));
  const period = spacing * s.domain.length;
  const places: number[] = [];
  for (let x = base + spacing * (k + 0.5); x < high; x += period) {
    if (x - spacing / 5 >= low && x + spacing / 5 < high && avoid.every((a) => Math.abs(x - a) >= 0.07)) places.push(x);
  }
  if (places.length === 0) throw new RangeError(`${s.op}: no place in [${low}, ${high}) for operand ${k} away from the others`);
  return draws(() => quantized(places[draw.below(places.length)]! + draw.between(-spacing / 5, spacing / 5)));
}

/** The cases of an elementwise op. */
export function expandElementwise(s: ElementwiseSamples): Case[] {
  const op = elementwiseOp(s.op);
  const { row } = op;
  if (s.domain.length !== row.arity) throw new RangeError(`${s.op}: ${s.domain.length} domains for ${row.arity} operands`);
  const rule = ruleOf(op);
  const method = `${s.op}_`;
  // Integers alone would be computed in float32, which the float64 reference does not match.
  const floats = (a: Arrangement): boolean => s.integers === undefined || a.shapes.some((n, k) => n !== null && !s.integers!.includes(k));
  const meaningful = arrangements(op, hasOwnWrite(row, rule) && s.integers?.includes(0) !== true).filter(
    (a) => (rule !== 'select' || a.shapes[0] !== null) && floats(a),
  );
  return meaningful.map((a) => {
    const draw = drawFor(`${s.op}/${a.variant === 'transposed' ? 'contiguous' : a.variant}`);
    const dtypeOf = (k: number): DType =>
      s.integers?.includes(k) === true ? 'int32' : rule === 'select' && k === 0 ? 'bool' : rule === 'integral' ? 'int32' : 'float64';
    const values = a.shapes.map((shape, k) => {
      const n = shape === null ? 1 : shape.reduce((p, m) => p * m, 1);
      const drawn = operandValues(s, k, dtypeOf(k), n, draw);
      // Comparisons should meet equal operands too.
      return rule === 'compare' ? drawn.map((x) => Math.round(x * 2) / 2) : drawn;
    });
    const inputs: CaseInput[] = [];
    a.shapes.forEach((shape, k) => {
      if (shape !== null) inputs.push(layOut(dtypeOf(k), shape, values[k]!, a.layout));
    });
    const mixed = <T>(given: readonly T[], number: (x: number) => T): T[] => {
      let next = 0;
      return a.shapes.map((shape, k) => (shape === null ? number(values[k]![0]!) : given[next++]!));
    };
    return {
      op: s.op,
      sample: 'elementwise',
      variant: a.variant,
      inputs,
      run: (...tensors) => {
        const operands = mixed<Operand>(tensors, (x) => x);
        return a.inPlace === undefined ? op(...operands) : written(method, operands as [Tensor, ...Operand[]], a.inPlace);
      },
      reference: (...arrays) =>
        evaluateRow(
          row,
          rule === 'integral' ? 'int32' : 'float64',
          mixed<NdArray>(arrays, (x) => ({ shape: [], data: [x] })),
        ),
      tolerance: 1e-5,
      differentiable: isDifferentiable(row, rule, a, s.integers),
      hostOnly: false,
    };
  });
}

/** Whether defineElementwise gave the op an in-place method that takes the row's operands. */
function hasOwnWrite(row: FunctionRow, rule: DTypeRule): boolean {
  return rule !== 'compare' && rule !== 'select' && (row as FunctionRow & { readonly noInPlace?: boolean }).noInPlace !== true;
}

/** Whether some tensor operand of a row has a derivative. */
function isDifferentiable(row: FunctionRow, rule: DTypeRule, a: Arrangement, integers: readonly number[] = []): boolean {
  if (rule === 'compare' || rule === 'integral' || row.grad === undefined) return false;
  return row.grad.some((g, k) => g !== null && a.shapes[k] !== null && !integers.includes(k));
}

/** The op's in-place method on a copy, so that leaves stay as they are. */
function written(method: string, [self, ...rest]: [Tensor, ...Operand[]], how: 'whole' | 'view'): Tensor {
  type Methods = Record<string, (...args: Operand[]) => Tensor>;
  if (how === 'whole') return (self.clone() as unknown as Methods)[method]!(...rest);
  // The base holds the transpose of `self`; writing to the view must show in the base, through which the result is read.
  const base = self.transpose(0, 1).clone();
  (base.transpose(0, 1) as unknown as Methods)[method]!(...rest);
  return base.transpose(0, 1);
}
