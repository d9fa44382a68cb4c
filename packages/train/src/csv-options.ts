import { type DType, ValueError } from '@nabla/core';
import { checkNames } from './options.ts';

/** What the values of a column are: elements of a dtype, or texts. */
export type ColumnType = DType | 'string';

/** Options of everything that reads CSV. */
export interface CsvOptions {
  /**
   * Whether the first row has the names of the columns, or these names for a file that has none. Columns without a name are
   * called '0', '1'... Default true.
   */
  header?: boolean | readonly string[];
  /** What stands between two fields. Default ','. */
  delimiter?: string;
  /** What stands around a field with a delimiter, a line end or a quote in it; inside, it stands twice. Default '"'. */
  quote?: string;
  /** What a line begins with that is left out. None if omitted. */
  comment?: string;
  /** The columns that are read, in this order. All if omitted. */
  columns?: readonly string[];
  /** The types of columns by name. float32 where none is given. */
  types?: Readonly<Record<string, ColumnType>>;
  /**
   * What a missing value is: an error, or NaN in a floating column. Default 'error'.
   */
  missing?: 'error' | 'nan';
  /** Texts that stand for a missing value. Default only the empty one. */
  naValues?: readonly string[];
  /** The encoding of bytes, as `TextDecoder` names it. Default 'utf-8'. */
  encoding?: string;
  /** Most characters that a row may have in a stream: a quote that is never closed is noticed there. Default 2^20. */
  maxRowLength?: number;
}

/** {@link CsvOptions} with nothing left out. */
export interface CsvFormat {
  readonly header: boolean | readonly string[];
  readonly delimiter: string;
  readonly quote: string;
  readonly comment: string | null;
  readonly columns: readonly string[] | null;
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly missing: 'error' | 'nan';
  readonly naValues: readonly string[];
  readonly encoding: string;
  readonly maxRowLength: number;
}

const optionNames: readonly string[] = [
  'header',
  'delimiter',
  'quote',
  'comment',
  'columns',
  'types',
  'missing',
  'naValues',
  'encoding',
  'maxRowLength',
];

const columnTypes: readonly string[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool', 'string'] satisfies ColumnType[];

/** The options with what is left out filled in. @throws ValueError for what makes no sense */
export function csvFormat(of: string, options: CsvOptions, further: readonly string[] = []): CsvFormat {
  checkNames(of, options, [...optionNames, ...further]);
  const refuse = (message: string): never => {
    throw new ValueError(`${of}: ${message}`);
  };
  const format: CsvFormat = {
    header: options.header ?? true,
    delimiter: options.delimiter ?? ',',
    quote: options.quote ?? '"',
    comment: options.comment ?? null,
    columns: options.columns ?? null,
    types: options.types ?? {},
    missing: options.missing ?? 'error',
    naValues: options.naValues ?? [''],
    encoding: options.encoding ?? 'utf-8',
    maxRowLength: options.maxRowLength ?? 2 ** 20,
  };
  const { delimiter, quote, comment } = format;
  for (const [name, mark] of Object.entries({ delimiter, quote, comment })) {
    if (mark === null) continue;
    if (typeof mark !== 'string' || mark === '' || /[\r\n\ufeff]/.test(mark)) refuse(`${name} must be a text without line ends`);
  }
  if (quote.length !== 1) refuse(`quote must be one character, got ${JSON.stringify(quote)}`);
  if (delimiter.includes(quote) || delimiter === comment || comment?.startsWith(quote) === true)
    refuse('delimiter, quote and comment must differ');
  for (const [name, type] of Object.entries(format.types)) {
    if (!columnTypes.includes(type))
      refuse(`the type of column ${JSON.stringify(name)} is '${String(type)}'; there are ${columnTypes.join(', ')}`);
  }
  if (format.missing !== 'error' && format.missing !== 'nan') refuse(`missing is 'error' or 'nan', not '${String(format.missing)}'`);
  if (!Number.isSafeInteger(format.maxRowLength) || format.maxRowLength < 1)
    refuse(`maxRowLength must be a number of characters, got ${String(format.maxRowLength)}`);
  return format;
}
