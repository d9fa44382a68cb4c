import { type Backend, fromBuffer, stack, type Tensor, ValueError } from '@nabla/core';
import { allocate } from '@nabla/core/internals';
import type { Bytes } from '@nabla/io';
import { bytesOf, quote } from '@nabla/io/internals';
import { CsvColumns } from './csv-columns.ts';
import { type ColumnType, type CsvFormat, type CsvOptions, csvFormat } from './csv-options.ts';
import { type CsvRecord, CsvRecords, csvDecoder } from './csv-records.ts';

/** Options of {@link readCsv}. */
export interface CsvTableOptions extends CsvOptions {
  /** Where the tensors live; the default backend if omitted. */
  device?: Backend;
}

/** The columns of a CSV file. */
export class CsvTable {
  /** The names of the columns that were read, in order. */
  readonly names: readonly string[];
  /** How many rows there are, without the one of names. */
  readonly length: number;
  readonly #columns: ReadonlyMap<string, Tensor | readonly string[]>;

  /** @internal */
  constructor(columns: ReadonlyMap<string, Tensor | readonly string[]>, length: number) {
    this.#columns = columns;
    this.names = [...columns.keys()];
    this.length = length;
  }

  #column(name: string): Tensor | readonly string[] {
    const column = this.#columns.get(name);
    if (column === undefined)
      throw new ValueError(`CsvTable: there is no column ${quote(name)}; there are ${this.names.map(quote).join(', ')}`);
    return column;
  }

  /** A column of numbers, [rows]. @throws ValueError when there is none of that name, or it has texts */
  tensor(name: string): Tensor {
    const column = this.#column(name);
    if (Array.isArray(column)) throw new ValueError(`CsvTable: column ${quote(name)} has texts; types gives it another type`);
    return column as Tensor;
  }

  /** A column of texts. @throws ValueError when there is none of that name, or it has numbers */
  strings(name: string): readonly string[] {
    const column = this.#column(name);
    if (!Array.isArray(column))
      throw new ValueError(`CsvTable: column ${quote(name)} has numbers; types: { ... : 'string' } makes it texts`);
    return column as readonly string[];
  }

  /**
   * Columns of numbers side by side, [rows, columns], in the dtype that holds all of theirs.
   *
   * @param names all columns if omitted
   * @throws ValueError as {@link CsvTable.tensor}
   */
  matrix(names: readonly string[] = this.names): Tensor {
    return stack(
      names.map((name) => this.tensor(name)),
      1,
    );
  }
}

/** Gathers rows into a {@link CsvTable}. */
export class CsvTableBuilder {
  readonly #of: string;
  readonly #format: CsvFormat;
  readonly #device: Backend | undefined;
  #columns: CsvColumns | null = null;
  #values: (number | string)[][] = [];
  #rows = 0;

  constructor(of: string, options: CsvTableOptions) {
    this.#of = of;
    this.#format = csvFormat(of, options, ['device']);
    this.#device = options.device;
  }

  get format(): CsvFormat {
    return this.#format;
  }

  #begin(first: CsvRecord | null): CsvColumns {
    this.#columns = new CsvColumns(this.#of, first, this.#format);
    this.#values = this.#columns.columns.map(() => []);
    return this.#columns;
  }

  /** Takes another row. */
  add(record: CsvRecord): void {
    const first = this.#columns === null;
    const layout = this.#columns ?? this.#begin(record);
    layout.check(record);
    if (first && this.#format.header === true) return;
    for (const [i, column] of layout.columns.entries()) this.#values[i]!.push(layout.value(record, column));
    this.#rows++;
  }

  /** The table of all rows. */
  end(): CsvTable {
    const { columns } = this.#columns ?? this.#begin(null);
    return new CsvTable(new Map(columns.map(({ name, type }, i) => [name, this.#finish(type, this.#values[i]!)])), this.#rows);
  }

  #finish(type: ColumnType, values: readonly (number | string)[]): Tensor | readonly string[] {
    if (type === 'string') return values as readonly string[];
    const buffer = allocate(type, values.length);
    buffer.set(values as readonly number[]);
    return fromBuffer(buffer, type, [values.length], this.#device === undefined ? {} : { device: this.#device });
  }
}

/**
 * The columns of a CSV file: tensors of numbers, and arrays of texts. Lines end in \n or \r\n; blank ones are left out.
 *
 * @param source the text, or its bytes
 * @throws FileFormatError, with the line, for a row with another number of fields than the first, a value that is none of
 * its column's type, a missing value (unless `missing` is 'nan'), a quote that is not closed, and bytes that are no text;
 * ValueError for options that make no sense or name other columns
 * @example
 * ```ts
 * const table = readCsv(text, { types: { species: 'string', legs: 'int64' }, missing: 'nan' });
 * const x = table.matrix(['height', 'weight']); // float32 [rows, 2]
 * const legs = table.tensor('legs'); // int64 [rows]
 * const species = table.strings('species');
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function readCsv(source: string | Bytes, options: CsvTableOptions = {}): CsvTable {
  const builder = new CsvTableBuilder('readCsv', options);
  const { format } = builder;
  const text = typeof source === 'string' ? source : csvDecoder('readCsv', format.encoding).decode(bytesOf(source), true);
  const records = new CsvRecords(format);
  for (const record of records.push(text)) builder.add(record);
  for (const record of records.end()) builder.add(record);
  return builder.end();
}
