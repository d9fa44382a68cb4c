import { ShapeError, ValueError } from '../../errors.ts';
import { show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

/** Labels of dimensions: 0 to 51 for the letters (capitals first), 52 and up for the dimensions of an ellipsis. */
export type Labels = readonly number[];

/** What an equation says, for given operands. */
export interface Equation {
  /** The labels of each operand's dimensions; a label may stand twice (a diagonal). */
  readonly inputs: readonly Labels[];
  readonly output: Labels;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Where the dimensions of an ellipsis stand. */
const ellipsis = -1;

/** What a label is called in messages. */
export function labelName(label: number): string {
  return label < letters.length ? letters[label]! : `dimension ${label - letters.length} of the ellipsis`;
}

/** The labels of one term of an equation; spaces mean nothing. */
function termOf(text: string, what: string): number[] {
  const out: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === ' ') continue;
    if (c === '.') {
      if (text.slice(i, i + 3) !== '...') throw new ValueError(`einsum: a '.' in '${text}' (${what}) that is no part of '...'`);
      if (out.includes(ellipsis)) throw new ValueError(`einsum: '...' stands twice in '${text}' (${what})`);
      out.push(ellipsis);
      i += 2;
      continue;
    }
    const label = letters.indexOf(c);
    if (label < 0) throw new ValueError(`einsum: '${c}' in '${text}' (${what}) is no letter a-z or A-Z`);
    out.push(label);
  }
  return out;
}

/** The terms of `ij,jk->ik`: one per operand, and that of the output when it is given. */
export function parseText(equation: string): { inputs: number[][]; output: number[] | null } {
  const arrow = equation.indexOf('->');
  const left = arrow < 0 ? equation : equation.slice(0, arrow);
  const inputs = left.split(',').map((text, i) => termOf(text, `operand ${i}`));
  return { inputs, output: arrow < 0 ? null : termOf(equation.slice(arrow + 2), 'the output') };
}

/** One entry of a sublist: a label from 0 to 51, or an ellipsis. */
export type Subscript = number | '...';

/** The labels of a sublist. */
export function parseSublist(list: readonly Subscript[], what: string): number[] {
  const out = list.map((s) => {
    if (s === '...') return ellipsis;
    if (!Number.isInteger(s) || s < 0 || s >= letters.length) {
      throw new ValueError(`einsum: subscript ${String(s)} of ${what} is neither '...' nor from 0 to ${letters.length - 1}`);
    }
    return s;
  });
  if (out.filter((s) => s === ellipsis).length > 1) throw new ValueError(`einsum: '...' stands twice in the subscripts of ${what}`);
  return out;
}

/** Gives the dimensions of ellipses labels of their own, aligned at the last one, and fills in the output. */
export function resolve(inputs: readonly number[][], output: readonly number[] | null, operands: readonly Tensor[]): Equation {
  if (operands.length === 0) throw new ValueError('einsum: at least one operand is needed');
  if (operands.length !== inputs.length) {
    throw new ValueError(`einsum: the equation has ${inputs.length} terms, but there are ${operands.length} operands`);
  }
  const covered = inputs.map((term, i) => coveredBy(term, operands[i]!.shape, i));
  const width = Math.max(0, ...covered);
  const all = Array.from({ length: width }, (_, k) => letters.length + k);
  const filled = inputs.map((term, i) => term.flatMap((s) => (s === ellipsis ? all.slice(width - covered[i]!) : [s])));
  return { inputs: filled, output: outputOf(inputs, output, all) };
}

/** How many dimensions the ellipsis of a term stands for. */
function coveredBy(term: readonly number[], shape: readonly number[], i: number): number {
  const named = term.filter((s) => s !== ellipsis).length;
  const open = term.includes(ellipsis);
  if (open ? named > shape.length : named !== shape.length) {
    throw new ShapeError(
      `einsum: operand ${i} ${show(shape)} has ${shape.length} dimensions, but its term names ${named}${open ? ' or more' : ''}`,
    );
  }
  return shape.length - named;
}

function outputOf(inputs: readonly number[][], output: readonly number[] | null, all: Labels): number[] {
  const counts = new Map<number, number>();
  for (const s of inputs.flat()) if (s !== ellipsis) counts.set(s, (counts.get(s) ?? 0) + 1);
  if (output === null) {
    const once = [...counts].filter(([, n]) => n === 1).map(([s]) => s);
    return [...all, ...once.sort((a, b) => a - b)];
  }
  const seen = new Set<number>();
  for (const s of output) {
    if (s === ellipsis) continue;
    if (!counts.has(s)) throw new ValueError(`einsum: the output has ${labelName(s)}, which no operand has`);
    if (seen.has(s)) throw new ValueError(`einsum: ${labelName(s)} stands twice in the output`);
    seen.add(s);
  }
  return output.flatMap((s) => (s === ellipsis ? all : [s]));
}
