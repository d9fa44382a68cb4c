import { ValueError } from '@nabla/core';
import { FileFormatError } from '@nabla/io';
import { quote } from '@nabla/io/internals';
import type { ColumnType, CsvFormat } from './csv-options.ts';
import type { CsvRecord } from './csv-records.ts';

/** A column that is read. */
export interface CsvColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Its place in a row. */
  readonly place: number;
}

const real = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const whole = /^[+-]?\d+$/;
const words: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
]);
const truths: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['false', 0],
  ['1', 1],
  ['0', 0],
]);
const ranges = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint8: [0, 255],
} as const;

/** The number that a text stands for; null when it is none of the type. */
function numberOf(text: string, type: Exclude<ColumnType, 'string'>): number | null {
  switch (type) {
    case 'float32':
    case 'float64': {
      const value = real.test(text) ? Number(text) : (words.get(text.toLowerCase()) ?? null);
      return value === null || type === 'float64' ? value : Math.fround(value);
    }
    case 'bool':
      return truths.get(text.toLowerCase()) ?? null;
    default: {
      const [least, most] = ranges[type];
      // An integer has no negative zero.
      const value = whole.test(text) ? Number(text) + 0 : Number.NaN;
      return value >= least && value <= most ? value : null;
    }
  }
}

/** What the rows of a file hold, once the first one is known. */
export class CsvColumns {
  readonly columns: readonly CsvColumn[];
  readonly #format: CsvFormat;
  readonly #fields: number;
  readonly #na: ReadonlySet<string>;

  /**
   * @param of who reads, for messages
   * @param first the first row; null when there is none
   * @throws FileFormatError for a header that is none; ValueError for options that name other columns
   */
  constructor(of: string, first: CsvRecord | null, format: CsvFormat) {
    this.#format = format;
    this.#na = new Set(format.naValues);
    const names = namesOf(first, format);
    this.#fields = names.length;
    const twice = names.find((n, i) => names.indexOf(n) !== i);
    if (twice !== undefined) throw new FileFormatError('csv', `two columns are called ${quote(twice)}`);
    const place = (name: string): number => {
      const i = names.indexOf(name);
      if (i === -1) throw new ValueError(`${of}: there is no column ${quote(name)}; there are ${names.map(quote).join(', ')}`);
      return i;
    };
    for (const name of Object.keys(format.types)) place(name);
    this.columns = (format.columns ?? names).map((name) => ({
      name,
      place: place(name),
      type: Object.hasOwn(format.types, name) ? format.types[name]! : 'float32',
    }));
  }

  /** The value of a column in a row: a number, or a text. @throws FileFormatError */
  value({ fields, line }: CsvRecord, { name, type, place }: CsvColumn): number | string {
    const raw = fields[place]!;
    if (type === 'string') return raw;
    const text = raw.trim();
    const floating = type === 'float32' || type === 'float64';
    if (this.#na.has(text)) {
      if (floating && this.#format.missing === 'nan') return Number.NaN;
      const advice = floating ? "; missing: 'nan' makes it NaN" : '';
      throw new FileFormatError('csv', `line ${line}: the value of column ${quote(name)} (${type}) is missing${advice}`);
    }
    const value = numberOf(text, type);
    if (value === null) throw new FileFormatError('csv', `line ${line}: ${quote(raw)} in column ${quote(name)} is no ${type}`);
    return value;
  }

  /** Refuses a row with more or fewer fields than the first one. @throws FileFormatError */
  check({ fields, line }: CsvRecord): void {
    if (fields.length !== this.#fields)
      throw new FileFormatError('csv', `line ${line} has ${fields.length} fields, expected ${this.#fields}`);
  }
}

function namesOf(first: CsvRecord | null, { header }: CsvFormat): readonly string[] {
  if (typeof header === 'object') return header;
  if (first === null) return header ? missingHeader() : [];
  if (!header) return first.fields.map((_, i) => String(i));
  // Lines that end in a carriage return alone are one line to the parser.
  if (first.fields.some((f) => f.includes('\r'))) throw new FileFormatError('csv', 'lines must end in \\n or \\r\\n, not in \\r alone');
  return first.fields;
}

function missingHeader(): never {
  throw new FileFormatError('csv', 'the file is empty: it has no row with the names of the columns');
}
