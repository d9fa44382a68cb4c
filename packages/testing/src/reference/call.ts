import * as nabla from '@nabla/core';
import { float, isTensor } from '@nabla/core';
import { camelCase } from '@nabla/core/internals';
import { functional } from '@nabla/nn';
import { type DecodeOptions, type Golden, hosted, isReference, type Json } from '../golden.ts';
import { type OpCase, Skip } from './case.ts';
import { rows } from './rows/index.ts';
import type { Arguments, OpRow, OpSpec } from './rows.ts';

type Callable = (...args: readonly unknown[]) => unknown;

interface Parameter {
  readonly name: string;
  readonly variadic: boolean;
  readonly weak: boolean;
  readonly option: boolean;
}

function parametersOf(text: string): Parameter[] {
  let option = false;
  const parameters: Parameter[] = [];
  for (const word of text.split(/\s+/).filter((w) => w !== '')) {
    if (word === '|') {
      option = true;
      continue;
    }
    const [, marks, name] = /^([*~]*)(\w+)$/.exec(word)!;
    parameters.push({ name: name!, variadic: marks!.includes('*'), weak: marks!.includes('~'), option });
  }
  return parameters;
}

/** Arguments of PyTorch about where and how memory lies, which change no value. */
const immaterial = ['device', 'layout', 'pin_memory', 'memory_format'];

/** Tensors of numbers that decide shapes: where values come later, the numbers are passed themselves. */
const decisive: Readonly<Record<string, readonly string[]>> = {
  'nn.functional.ctc_loss': ['input_lengths', 'target_lengths'],
  repeat_interleave: ['repeats'],
  tensor_split: ['indices_or_sections'],
};

/** Whether the values on a family's device come later. */
function isLate(golden: Golden<OpCase>): boolean {
  return golden.device !== null && !golden.device.caps.syncRead;
}

/** Binds the arguments of a case to PyTorch's parameter names. */
function bind(golden: Golden<OpCase>, c: OpCase, parameters: readonly Parameter[], options: DecodeOptions): Map<string, unknown> {
  const bound = new Map<string, unknown>();
  const numbers = isLate(golden) ? (decisive[c.op] ?? []) : [];
  const decode = (value: Json, path: string, p: Parameter): unknown =>
    numbers.includes(p.name) && isReference(value)
      ? Array.from(golden.load(value.$t).dataSync())
      : golden.decode(value, { ...options, path, ...(p.weak ? { float } : {}) });
  c.args.forEach((value, i) => {
    const last = parameters[parameters.length - 1];
    const p = parameters[i] ?? (last?.variadic ? last : undefined);
    const variadic = parameters.slice(0, i + 1).find((q) => q.variadic) ?? p;
    if (variadic === undefined) throw new Error(`${c.op} has no parameter ${i}`);
    if (variadic.variadic)
      bound.set(variadic.name, [...((bound.get(variadic.name) as unknown[]) ?? []), decode(value, `args.${i}`, variadic)]);
    else bound.set(variadic.name, decode(value, `args.${i}`, variadic));
  });
  for (const [name, value] of Object.entries(c.kwargs)) {
    const p = parameters.find((q) => q.name === name);
    if (p === undefined && name === 'out') throw new Skip('results are new tensors here: there is no out= (since 2026-11-23)');
    if (p === undefined && immaterial.includes(name)) continue;
    if (p === undefined) throw new Error(`${c.op} has no parameter '${name}'`);
    bound.set(name, decode(value, `kwargs.${name}`, p));
  }
  return bound;
}

/** Positional arguments and options as they are written here. */
function written(parameters: readonly Parameter[], bound: ReadonlyMap<string, unknown>): unknown[] {
  const positional: unknown[] = [];
  const options: Record<string, unknown> = {};
  for (const p of parameters) {
    // Python's None for an option is its default; as a positional argument it may have a meaning.
    if (p.option) {
      if (bound.get(p.name) !== undefined && bound.get(p.name) !== null) options[camelCase(p.name)] = bound.get(p.name);
    } else positional.push(bound.get(p.name));
  }
  if (Object.keys(options).length > 0) return [...positional, options];
  while (positional.length > 0 && positional[positional.length - 1] === undefined) positional.pop();
  return positional;
}

const spaces: readonly (readonly [string, object])[] = [
  ['nn.functional.', functional],
  ['linalg.', (nabla as { readonly linalg?: object }).linalg ?? {}],
];

/** The ways to make the call of a case. Every decode makes tensors of its own, so each form has its own leaves. */
export function formsOf(op: string): readonly ('function' | 'method' | 'own')[] {
  const row = rowOf(op);
  if (row === undefined) return [];
  const spec: OpSpec = typeof row === 'string' ? { params: row } : row;
  if (spec.call !== undefined) return ['own'];
  const name = nameOf(op, spec);
  const forms: ('function' | 'method')[] = [];
  if (functionOf(op, name) !== undefined) forms.push('function');
  if (!op.includes('.') && name in nabla.Tensor.prototype) forms.push('method');
  return forms;
}

/** The row of an op. In-place methods without one take the arguments of their op, unless that is called in a special way. */
function rowOf(op: string): OpRow | undefined {
  const own = rows[op];
  if (own !== undefined || !op.endsWith('_') || op.includes('.')) return own;
  const base = rows[op.slice(0, -1)];
  return typeof base === 'object' && (base.call !== undefined || base.name !== undefined) ? undefined : base;
}

function nameOf(op: string, spec: OpSpec): string {
  const last = op.slice(op.lastIndexOf('.') + 1);
  return spec.name ?? (last.endsWith('_') ? `${camelCase(last.slice(0, -1))}_` : camelCase(last));
}

function functionOf(op: string, name: string): Callable | undefined {
  const space = spaces.find(([prefix]) => op.startsWith(prefix))?.[1] ?? nabla;
  return (space as Record<string, Callable | undefined>)[name];
}

/** Prepares the call of a case in one form; tensors that require gradients are collected in `options.leaves`. */
export function prepare(golden: Golden<OpCase>, c: OpCase, form: 'function' | 'method' | 'own', options: DecodeOptions): () => unknown {
  const row: OpRow = rowOf(c.op)!;
  const spec: OpSpec = typeof row === 'string' ? { params: row } : row;
  const parameters = parametersOf(spec.params);
  const bound = bind(golden, c, parameters, options);
  if (spec.call !== undefined) {
    const arg: Arguments = Object.fromEntries(bound);
    return () => spec.call!(arg);
  }
  const named = nameOf(c.op, spec);
  const args = written(parameters, bound);
  const late = isLate(golden);
  // Where values come later, what needs them has an asynchronous twin.
  const name = late && `${named}Async` in nabla ? `${named}Async` : named;
  const own = name === named ? functionOf(c.op, name) : (nabla as unknown as Record<string, Callable>)[name];
  if (form === 'function') return () => own!(...args);
  const [self, ...rest] = args;
  if (!isTensor(self)) throw new Error(`${c.op}: the first argument is no tensor`);
  if (late && name === 'item') return async () => (await hosted(self)).item();
  return () => {
    const member = (self as unknown as Record<string, unknown>)[name];
    return typeof member === 'function' ? (member as Callable).apply(self, rest) : member;
  };
}
