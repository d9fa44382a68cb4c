import { ValueError } from '@nabla/core';
import { type CsvColumn, CsvColumns } from './csv-columns.ts';
import { type CsvFormat, type CsvOptions, csvFormat } from './csv-options.ts';
import { type CsvRecord, CsvRecords, csvDecoder } from './csv-records.ts';

/** A value of a row: a bigint in an int64 column, a boolean in a bool column, else a number or a text. */
export type CsvValue = number | bigint | boolean | string;

/** A row: its values by the names of their columns. */
export type CsvRow = Readonly<Record<string, CsvValue>>;

/** Pieces of a file: texts or bytes, one after the other. */
export type CsvSource = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> | ReadableStream<string | Uint8Array>;

/** Not every browser iterates over streams. */
async function* piecesOf(source: CsvSource): AsyncGenerator<string | Uint8Array, void, undefined> {
  const given = typeof source === 'object' && source !== null;
  if (given && (Symbol.asyncIterator in source || Symbol.iterator in source)) {
    yield* source as AsyncIterable<string | Uint8Array>;
    return;
  }
  if (!given || !('getReader' in source)) throw new ValueError('csvRows: expected texts or bytes in an iterable or a ReadableStream');
  const reader = (source as ReadableStream<string | Uint8Array>).getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel();
  }
}

/** The rows of a file whose pieces come one by one. No more than a piece and a row of it are in memory. */
export async function* csvRecords(of: string, source: CsvSource, format: CsvFormat): AsyncGenerator<CsvRecord, void, undefined> {
  const records = new CsvRecords(format);
  const decoder = csvDecoder(of, format.encoding);
  for await (const piece of piecesOf(source)) yield* records.push(typeof piece === 'string' ? piece : decoder.decode(piece, false));
  yield* records.push(decoder.decode(new Uint8Array(0), true));
  yield* records.end();
}

function present(value: number | string, { type }: CsvColumn): CsvValue {
  if (type === 'int64') return BigInt(value);
  return type === 'bool' ? value === 1 : value;
}

/**
 * The rows of a CSV file that may be larger than memory, one by one. For a `DataLoader`, an `IterableDataset` begins anew at
 * every epoch.
 *
 * @param source the file in pieces: `response.body`, `file.stream()`, an iterable of texts or bytes
 * @throws what `readCsv` throws
 * @example
 * ```ts
 * const rows = new IterableDataset(async function* () {
 *   yield* csvRows((await fetch('large.csv')).body, { types: { label: 'int64' } });
 * });
 * for await (const { x, label } of new DataLoader(rows, { batchSize: 256 })) step(x, label);
 * ```
 */
export async function* csvRows(source: CsvSource, options: CsvOptions = {}): AsyncGenerator<CsvRow, void, undefined> {
  yield* rowsOf('csvRows', source, csvFormat('csvRows', options));
}

/** {@link csvRows} for someone else. */
export async function* rowsOf(of: string, source: CsvSource, format: CsvFormat): AsyncGenerator<CsvRow, void, undefined> {
  let layout: CsvColumns | null = null;
  for await (const record of csvRecords(of, source, format)) {
    const first = layout === null;
    layout ??= new CsvColumns(of, record, format);
    layout.check(record);
    if (first && format.header === true) continue;
    const known = layout;
    yield Object.fromEntries(known.columns.map((c) => [c.name, present(known.value(record, c), c)]));
  }
  // An empty file has no columns, which is told.
  if (layout === null) new CsvColumns(of, null, format);
}
