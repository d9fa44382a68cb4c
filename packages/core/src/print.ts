import { isFloating, type TypedArray } from './dtype.ts';
import { contiguousStrides } from './layout.ts';
import type { Tensor } from './tensor.ts';

/**
 * Tensors as text, by the rules of PyTorch's printer (torch/_tensor_str.py): one column width for all elements, scientific
 * notation when magnitudes differ too much, summaries of large tensors.
 */

/** Digits after the point. */
const precision = 4;
/** Tensors with more elements are summarized. */
const threshold = 1000;
/** Entries shown at either end of a summarized dimension. */
const edge = 3;
const lineWidth = 80;

/** How one element is written; every element gets the width of the widest. */
interface Format {
  readonly width: number;
  write(value: number): string;
}

/** Python's "%.4e": halves are rounded to even, and the exponent has two digits at least. */
function scientific(x: number): string {
  const named = special(x);
  if (named !== null) return named;
  const [digits, exponent] = Math.abs(x).toExponential(precision).split('e') as [string, string];
  // More digits than a double this close to a half can hide behind.
  const [exact] = Math.abs(x).toExponential(60).split('e') as [string];
  const rest = exact.slice(digits.length);
  const mantissa = /^50*$/.test(rest) ? halfToEven(digits, exact.slice(0, digits.length)) : digits;
  return `${minus(x)}${mantissa}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
}

/** Python's "%.4f": halves are rounded to even. */
function fixed(x: number): string {
  const named = special(x);
  if (named !== null) return named;
  const up = Math.abs(x).toFixed(precision);
  // A binary fraction lies halfway between two decimals of four digits only when it is an odd multiple of 1/32.
  const tie = Math.abs(x * 32) % 2 === 1;
  return (
    minus(x) +
    (tie
      ? halfToEven(
          up,
          Math.abs(x)
            .toFixed(precision + 1)
            .slice(0, -1),
        )
      : up)
  );
}

/** Of a half's two neighbours (JavaScript rounds up) the one that ends in an even digit. */
function halfToEven(up: string, down: string): string {
  return Number(down.at(-1)) % 2 === 0 ? down : up;
}

const minus = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');

function special(x: number): string | null {
  if (x !== x) return 'nan';
  return x === Infinity ? 'inf' : x === -Infinity ? '-inf' : null;
}

function padded(write: (x: number) => string, width: number): Format {
  return { width, write: (x) => write(x).padStart(width) };
}

const widest = (values: readonly number[], write: (x: number) => string): number =>
  values.reduce((w, x) => Math.max(w, write(x).length), 1);

function formatFor(values: readonly number[], dtype: string, floating: boolean): Format {
  if (!floating) {
    const write = dtype === 'bool' ? (x: number) => (x !== 0 ? 'true' : 'false') : (x: number) => String(x === 0 ? 0 : x);
    return padded(write, widest(values, write));
  }
  const numbers = values.filter((x) => Number.isFinite(x) && x !== 0);
  const integral = numbers.every((x) => Number.isInteger(x));
  const magnitudes = numbers.map(Math.abs);
  const least = magnitudes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = magnitudes.reduce((a, b) => Math.max(a, b), 0);
  const wide = numbers.length > 0 && (most / least > 1000 || most > 1e8 || (!integral && least < 1e-4));
  if (wide) return padded(scientific, widest(numbers, scientific));
  if (integral) {
    // A point tells that the numbers are floating; nan and inf need none.
    const write = (x: number): string => special(x) ?? `${minus(x)}${Math.abs(x)}.`;
    return padded(write, widest(numbers, write));
  }
  return padded(fixed, widest(numbers, fixed));
}

/** The row-major positions of what is shown, for choosing a format. */
function shownValues(data: TypedArray, shape: readonly number[], summarize: boolean): number[] {
  if (!summarize) return Array.from(data);
  const strides = contiguousStrides(shape);
  const out: number[] = [];
  const walk = (d: number, at: number): void => {
    if (d === shape.length) {
      out.push(data[at]!);
      return;
    }
    for (const i of shownIndices(shape[d]!, true)) if (i >= 0) walk(d + 1, at + i * strides[d]!);
  };
  walk(0, 0);
  return out;
}

/** Indices shown along a dimension; -1 stands for those left out. */
function shownIndices(n: number, summarize: boolean): number[] {
  const all = (count: number, from: number): number[] => Array.from({ length: count }, (_, i) => from + i);
  return summarize && n > 2 * edge ? [...all(edge, 0), -1, ...all(edge, n - edge)] : all(n, 0);
}

/** The elements in brackets, lines broken and indented as PyTorch does. */
function contents(data: TypedArray, shape: readonly number[], format: Format, summarize: boolean, indent: number): string {
  const strides = contiguousStrides(shape);
  const build = (d: number, at: number, margin: number): string => {
    if (d === shape.length) return format.write(data[at]!);
    const indices = shownIndices(shape[d]!, summarize);
    const inner = d === shape.length - 1;
    const entries = indices.map((i) => {
      if (i < 0) return inner ? ' ...' : '...';
      return build(d + 1, at + i * strides[d]!, margin + 1);
    });
    const newline = (lines: number): string => `,${'\n'.repeat(lines)}${' '.repeat(margin + 1)}`;
    if (!inner) return `[${entries.join(newline(shape.length - 1 - d))}]`;
    const perLine = Math.max(1, Math.floor((lineWidth - margin) / (format.width + 2)));
    const lines: string[] = [];
    for (let k = 0; k < entries.length; k += perLine) lines.push(entries.slice(k, k + perLine).join(', '));
    return `[${lines.join(newline(1))}]`;
  };
  return build(0, 0, indent);
}

/** What follows the elements: only what cannot be seen from them. */
function suffixes(t: Tensor, readable: boolean): string[] {
  const out: string[] = [];
  const empty = t.size === 0;
  if (!readable || (empty && t.ndim !== 1)) out.push(`shape=[${t.shape.join(', ')}]`);
  if (t.device.name !== 'cpu') out.push(`device='${t.device.name}'`);
  // float32 is the default; int64 and bool show in how elements are written.
  const plain = t.dtype === 'float32' || (readable && !empty && (t.dtype === 'int64' || t.dtype === 'bool'));
  if (!plain) out.push(`dtype=${t.dtype}`);
  const { gradFn } = t;
  if (gradFn !== null) out.push(`gradFn=<${gradFn.name}>`);
  else if (t.requiresGrad) out.push('requiresGrad=true');
  return out;
}

/** The text of a tensor, as `print(t)` in PyTorch. Elements that the device cannot give at once are left out. */
export function tensorText(t: Tensor): string {
  if (t.disposed || t.storage.freed) return `tensor(<freed>, shape=[${t.shape.join(', ')}])`;
  const prefix = 'tensor(';
  const readable = t.device.caps.syncRead;
  let text = `${prefix}<pending>`;
  if (readable) {
    const data = t.dataSync();
    const summarize = t.size > threshold;
    const format = formatFor(shownValues(data, t.shape, summarize), t.dtype, isFloating(t.dtype));
    text = prefix + (t.size === 0 ? '[]' : contents(data, t.shape, format, summarize, prefix.length));
  }
  // One more than the length of the last line, as PyTorch counts.
  let last = text.length - text.lastIndexOf('\n') + 1;
  for (const s of suffixes(t, readable)) {
    const fits = last + s.length + 2 <= lineWidth;
    text += fits ? `, ${s}` : `,\n${' '.repeat(prefix.length)}${s}`;
    last = fits ? last + s.length + 2 : prefix.length + s.length;
  }
  return `${text})`;
}
