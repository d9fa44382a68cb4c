import { isTensor, noGrad, type Tensor } from '@nabla/core';
import type { Module } from './module.ts';
import { PackedSequence } from './packed-sequence.ts';
import { isParameter } from './parameter.ts';
import { nameOf } from './state.ts';

/** One module of a {@link ModelSummary}. */
export interface SummaryRow {
  /** Its path, empty for the model itself. */
  readonly path: string;
  /** Its class. */
  readonly type: string;
  /** Shapes of the tensors that it gave; empty when it was not called. */
  readonly outputShapes: readonly (readonly number[])[];
  /** Elements of the parameters that it holds itself. */
  readonly parameters: number;
  /** Multiplications with an addition in its own products, those of its parts left out. */
  readonly multAdds: number;
}

/** What {@link summary} found. */
export interface ModelSummary {
  readonly rows: readonly SummaryRow[];
  /** Elements of all parameters, tied ones once. */
  readonly totalParameters: number;
  /** Elements of those that are trained. */
  readonly trainableParameters: number;
  readonly totalMultAdds: number;
  /** The table, to be printed. */
  toString(): string;
}

/** Every tensor in a value, depth first. */
function tensorsIn(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  if (value instanceof PackedSequence) return [value.data];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(tensorsIn) : [];
}

function ownParameters(m: Module): Tensor[] {
  return m.namedParameters().flatMap(([path, p]) => (path.includes('.') ? [] : [p]));
}

/** Counts of layers whose work is products of their weights; what other modules do counts as nothing. */
function multAddsOf(m: Module, args: readonly unknown[], output: unknown): number {
  const [x] = tensorsIn(args[0]);
  const [y] = tensorsIn(output);
  if (x === undefined || y === undefined) return 0;
  const weights = ownParameters(m).filter((p) => p.ndim > 1);
  const elements = weights.reduce((sum, p) => sum + p.size, 0);
  const name = nameOf(m);
  if (name === 'Linear') return (y.size / y.shape[y.ndim - 1]!) * elements;
  if (name === 'Bilinear') return (y.size / y.shape[y.ndim - 1]!) * elements;
  if (/^Conv[123]d$/.test(name)) return (y.size / (m as unknown as { outChannels: number }).outChannels) * elements;
  if (/^ConvTranspose[123]d$/.test(name)) return (x.size / (m as unknown as { inChannels: number }).inChannels) * elements;
  if (/^(RNN|LSTM|GRU)(Cell)?$/.test(name)) return (x.size / x.shape[x.ndim - 1]!) * elements;
  if (name === 'MultiheadAttention') return attentionMultAdds(m, args);
  return 0;
}

/** Projections of queries, keys and values, scores, and weighted sums. */
function attentionMultAdds(m: Module, args: readonly unknown[]): number {
  const { embedDim, kdim, vdim, batchFirst } = m as unknown as { embedDim: number; kdim: number; vdim: number; batchFirst: boolean };
  const [query, key] = args as [Tensor, Tensor];
  const time = query.ndim === 3 && batchFirst ? 1 : 0;
  const [length, size] = [query.shape[time]!, key.shape[time]!];
  const count = query.ndim === 3 ? query.shape[1 - time]! : 1;
  return count * embedDim * (length * embedDim + size * (kdim + vdim) + 2 * length * size);
}

/**
 * Calls a model in evaluation mode without recording and lists its modules: shapes of results, parameters, and
 * multiply-adds.
 *
 * @param args of its `forward`
 * @throws what `forward` throws; the model's modes are as before then too
 * @example
 * ```ts
 * console.log(String(summary(model, zeros([1, 3, 32, 32]))));
 * ```
 */
export function summary(model: Module, ...args: readonly unknown[]): ModelSummary {
  const modules = model.namedModules();
  const modes = modules.map(([, m]) => m.training);
  const seen = new Map<Module, { shapes: readonly (readonly number[])[]; multAdds: number }>();
  const hooks = modules.map(([, m]) =>
    m.registerForwardHook((_, given, output) => {
      const multAdds = (seen.get(m)?.multAdds ?? 0) + multAddsOf(m, given as readonly unknown[], output);
      seen.set(m, { shapes: tensorsIn(output).map((t) => [...t.shape]), multAdds });
    }),
  );
  try {
    model.eval();
    noGrad(() => (model as unknown as { call(...args: readonly unknown[]): unknown }).call(...args));
  } finally {
    for (const remove of hooks) remove();
    modules.forEach(([, m], i) => {
      m.training = modes[i]!;
    });
  }
  const rows = modules.map(([path, m]) => ({
    path,
    type: nameOf(m),
    outputShapes: seen.get(m)?.shapes ?? [],
    parameters: ownParameters(m).reduce((sum, p) => sum + p.size, 0),
    multAdds: seen.get(m)?.multAdds ?? 0,
  }));
  const all = model.parameters().filter(isParameter);
  const result = {
    rows,
    totalParameters: all.reduce((sum, p) => sum + p.size, 0),
    trainableParameters: all.filter((p) => p.requiresGrad).reduce((sum, p) => sum + p.size, 0),
    totalMultAdds: rows.reduce((sum, r) => sum + r.multAdds, 0),
  };
  return { ...result, toString: () => table(result) };
}

/** A number with thin groups of three digits. */
function digits(n: number): string {
  return n.toLocaleString('en-US');
}

function table(s: Omit<ModelSummary, 'toString'>): string {
  const cells = s.rows.map((r) => {
    const depth = r.path === '' ? 0 : r.path.split('.').length;
    const shapes = r.outputShapes.map((shape) => `[${shape.join(', ')}]`).join(', ');
    const label = r.path === '' ? r.type : `${'  '.repeat(depth)}${r.path.slice(r.path.lastIndexOf('.') + 1)}: ${r.type}`;
    return [label, shapes || '-', r.parameters === 0 ? '-' : digits(r.parameters), r.multAdds === 0 ? '-' : digits(r.multAdds)];
  });
  const lines = [['Layer', 'Output', 'Parameters', 'Mult-adds'], ...cells];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...lines.map((line) => line[i]!.length)));
  const row = (line: readonly string[]): string =>
    line
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  const rule = '-'.repeat(widths.reduce((a, b) => a + b, 6));
  return [
    row(lines[0]!),
    rule,
    ...cells.map(row),
    rule,
    `Parameters: ${digits(s.totalParameters)}, of which ${digits(s.trainableParameters)} are trained`,
    `Mult-adds: ${digits(s.totalMultAdds)}`,
  ].join('\n');
}
