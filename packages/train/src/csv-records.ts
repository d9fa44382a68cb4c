import { ValueError } from '@nabla/core';
import { FileFormatError } from '@nabla/io';
import Papa from 'papaparse';
import type { CsvFormat } from './csv-options.ts';

/** The fields of a row. */
export interface CsvRecord {
  readonly fields: string[];
  /** The line that the row ends in, counted from 1. */
  readonly line: number;
}

/** Characters that are looked at together. */
const chunk = 2 ** 16;

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** Cuts text that comes in pieces into rows, of which blank ones are left out. */
export class CsvRecords {
  readonly #format: CsvFormat;
  /** What may not be a whole row yet. */
  #rest = '';
  #lines = 0;
  #started = false;

  constructor(format: CsvFormat) {
    this.#format = format;
  }

  /** The rows that end in another piece of text. */
  *push(text: string): IterableIterator<CsvRecord> {
    for (let at = 0; at < text.length; at += chunk) {
      yield* this.#cut(this.#rest + text.slice(at, at + chunk), false);
      if (this.#rest.length > this.#format.maxRowLength) {
        throw new FileFormatError(
          'csv',
          `the row at line ${this.#lines + 1} has more than ${this.#format.maxRowLength} characters; is a quote missing? (maxRowLength allows more)`,
        );
      }
    }
  }

  /** The last row, when no line end stands behind it. */
  *end(): IterableIterator<CsvRecord> {
    yield* this.#cut(this.#rest, true);
  }

  #cut(given: string, last: boolean): CsvRecord[] {
    const text = this.#started || !given.startsWith('\ufeff') ? given : given.slice(1);
    if (given !== '') this.#started = true;
    const { delimiter, quote, comment } = this.#format;
    const records: { fields: string[]; end: number; wrong: string | undefined }[] = [];
    Papa.parse<string[]>(text, {
      delimiter,
      quoteChar: quote,
      comments: comment ?? false,
      // A carriage return before it is cut off below, so that both kinds of lines are read.
      newline: '\n',
      step: ({ data, errors, meta }) => {
        records.push({ fields: data, end: meta.cursor, wrong: errors[0]?.message });
      },
    });
    // What follows may belong to the last row.
    if (!last) records.pop();
    let from = 0;
    const out: CsvRecord[] = [];
    for (const { fields, end, wrong } of records) {
      // A quote that is not closed takes the rest of the file with it: told is where the row begins.
      if (wrong !== undefined) throw new FileFormatError('csv', `line ${this.#lines + 1}: ${wrong}`);
      this.#lines += countLines(text, from, end);
      const line = text[end - 1] === '\n' ? this.#lines : this.#lines + 1;
      from = end;
      const tail = fields.length - 1;
      if (fields[tail]!.endsWith('\r')) fields[tail] = fields[tail]!.slice(0, -1);
      if (fields.length > 1 || fields[0] !== '') out.push({ fields, line });
    }
    this.#rest = last ? '' : text.slice(from);
    return out;
  }
}

/** Decodes bytes that come in pieces. @throws ValueError for an encoding that is unknown */
export function csvDecoder(of: string, encoding: string): { decode(bytes: Uint8Array, last: boolean): string } {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new ValueError(`${of}: the encoding '${encoding}' is unknown`);
  }
  return {
    decode(bytes, last) {
      // A decoder takes no shared memory in browsers.
      const own = bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
      try {
        return decoder.decode(own, { stream: !last });
      } catch {
        throw new FileFormatError('csv', `the file is no ${encoding}`);
      }
    },
  };
}
