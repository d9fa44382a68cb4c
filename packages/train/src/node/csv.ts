import { createReadStream } from 'node:fs';
import { type CsvTable, CsvTableBuilder, type CsvTableOptions } from '../csv.ts';
import { type CsvOptions, csvFormat } from '../csv-options.ts';
import { type CsvRow, csvRecords, rowsOf } from '../csv-rows.ts';

/**
 * `readCsv` of a path. The file is read in pieces: its text is never in memory as a whole.
 *
 * @throws FileFormatError and ValueError as `readCsv`; Error of Node when the file cannot be read
 * @example
 * ```ts
 * const table = await loadCsv('iris.csv', { types: { species: 'string' } });
 * ```
 */
export async function loadCsv(path: string, options: CsvTableOptions = {}): Promise<CsvTable> {
  const builder = new CsvTableBuilder('loadCsv', options);
  for await (const record of csvRecords('loadCsv', createReadStream(path), builder.format)) builder.add(record);
  return builder.end();
}

/**
 * `csvRows` of a path: the rows of a file that may be larger than memory, one by one.
 *
 * @throws FileFormatError and ValueError as `readCsv`; Error of Node when the file cannot be read
 * @example
 * ```ts
 * const rows = new IterableDataset(() => loadCsvRows('large.csv', { types: { label: 'int64' } }));
 * for await (const { x, label } of new DataLoader(rows, { batchSize: 256 })) step(x, label);
 * ```
 */
export async function* loadCsvRows(path: string, options: CsvOptions = {}): AsyncGenerator<CsvRow, void, undefined> {
  const format = csvFormat('loadCsvRows', options);
  yield* rowsOf('loadCsvRows', createReadStream(path), format);
}
