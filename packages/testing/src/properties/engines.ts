import * as nabla from '@nabla/core';
import { type DType, elementwise, type Operand, type Tensor, tensor } from '@nabla/core';
import { call, type Expr, elementwiseOps, functions } from '@nabla/core/internals';
import { takesNumber } from '../elementwise.ts';
import { type Input, sizeOf } from './arbitrary.ts';
import type { Program } from './program.ts';
import { ruleOf } from './rules.ts';

/** An input as a tensor: a view of a larger buffer whose other elements are NaN. */
export function place({ shape, placement, values }: Input, dtype: DType): Tensor {
  const { order, steps, skips, repeated } = placement;
  const stored = shape.map((n, d) => (repeated[d] ? 1 : n));
  const extent = stored.map((n, d) => skips[d]! + Math.max(n - 1, 0) * steps[d]! + 2);
  const strides = new Array<number>(shape.length).fill(0);
  let total = 1;
  for (const d of [...order].reverse()) {
    strides[d] = total;
    total *= extent[d]!;
  }
  const buffer = new Array<number>(total).fill(NaN);
  values.forEach((value, k) => {
    let rest = k;
    let at = 0;
    for (let d = shape.length - 1; d >= 0; d--) {
      const i = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
      at += (skips[d]! + (repeated[d] ? 0 : i) * steps[d]!) * strides[d]!;
    }
    buffer[at] = value;
  });
  let t: Tensor = tensor(buffer, { dtype }).reshape(order.map((d) => extent[d]!)) as Tensor;
  t = t.permute(...order.map((_, d) => order.indexOf(d))) as Tensor;
  stored.forEach((n, d) => {
    t = t.slice(d, skips[d]!, skips[d]! + (n === 0 ? 0 : (n - 1) * steps[d]! + 1), steps[d]!);
  });
  return t.expand([...shape]) as Tensor;
}

/** Evaluates a program on tensors. */
export type Engine = (program: Program, xs: readonly Tensor[]) => Tensor;

/** The whole program as one op. */
export const fused: Engine = (program, xs) => {
  const define = (...args: Expr[]): Expr => {
    const made: (Expr | number)[] = [];
    for (const n of program.nodes) {
      if (n.kind === 'input') made.push(args[n.index]!);
      else if (n.kind === 'number') made.push(n.value);
      else
        made.push(
          call(
            functions.get(n.name)!,
            n.args.map((a) => made[a]!),
          ),
        );
    }
    return made.at(-1) as Expr;
  };
  // elementwise() asks the definition how many arguments it takes.
  Object.defineProperty(define, 'length', { value: program.inputs });
  return elementwise('prop', define)(...xs);
};

/** Every call as an op of its own. */
export const stepwise: Engine = (program, xs) => {
  const made: Operand[] = [];
  for (const n of program.nodes) {
    if (n.kind === 'input') made.push(xs[n.index]!);
    else if (n.kind === 'number') made.push(n.value);
    else
      made.push(
        apply(
          n.name,
          n.args.map((a) => made[a]!),
        ),
      );
  }
  return made.at(-1) as Tensor;
};

const isNumber = (x: Operand): x is number => typeof x === 'number';
const asTensor = (x: Operand): Tensor => (isNumber(x) ? tensor(x, { dtype: 'float64' }) : (x as Tensor));

/** Methods that do not take the function's arguments as they stand. */
const otherwise = new Set(['where', 'nanToNum', 'polygamma', 'pow']);

function apply(name: string, given: readonly Operand[]): Tensor {
  const op = elementwiseOps.get(name);
  if (name === 'powScalar') return nabla.pow(asTensor(given[0]!), given[1] as number);
  if (name === 'polygamma') return asTensor(given[1]!).polygamma(given[0] as number);
  if (op === undefined) return alone(name, given);
  if (ruleOf(name).domains[0] === 'integer') return ofIntegers(name, given);
  const numbers = given.every(isNumber);
  const args = given.map((x, i) => ((numbers && i === 0) || !takesNumber(op, i) ? asTensor(x) : x));
  if (name === 'where') return nabla.where(asTensor(args[0]!).ne(0), args[1] as Tensor, asTensor(args[2]!));
  const [first, ...rest] = args;
  const method = otherwise.has(name) || isNumber(first!) ? undefined : (first as unknown as Record<string, unknown>)[name];
  const y = typeof method === 'function' ? (method.apply(first, rest) as Tensor) : op(...args);
  return y.dtype === 'bool' ? y.to('float64') : y;
}

/** A function of integers, by way of int32. */
function ofIntegers(name: string, given: readonly Operand[]): Tensor {
  const args = given.map((x) => asTensor(x).detach().to('int32'));
  return elementwiseOps.get(name)!(...args).to('float64');
}

/** A function that has no op (derivatives of others): an expression of that one call. */
function alone(name: string, given: readonly Operand[]): Tensor {
  const row = functions.get(name)!;
  const tensors = given.every(isNumber) ? [asTensor(given.at(-1)!)] : given.filter((x) => !isNumber(x));
  const fixed = given.map((x, i) => (isNumber(x) && !(given.every(isNumber) && i === given.length - 1) ? x : null));
  const define = (...xs: Expr[]): Expr => {
    let next = 0;
    return call(
      row,
      fixed.map((x) => x ?? xs[next++]!),
    );
  };
  Object.defineProperty(define, 'length', { value: tensors.length });
  return elementwise(name, define)(...tensors);
}

/** The elements of a tensor in row-major order. */
export function elements(t: Tensor): number[] {
  return sizeOf(t.shape) === 0 ? [] : Array.from(t.dataSync(), Number);
}
