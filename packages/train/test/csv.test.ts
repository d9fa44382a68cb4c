import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor, ValueError } from '@nabla/core';
import { FileFormatError } from '@nabla/io';
import { type CsvOptions, csvRows, DataLoader, IterableDataset, readCsv } from '@nabla/train';
import { loadCsv, loadCsvRows } from '@nabla/train/node';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { all } from './helpers.ts';

const flowers = 'height,width,petals,open,name\n1.5,2,5,true,rose\n-3e-1,.5,+8,0,"lily, white"\n';
const types = { petals: 'int64', open: 'bool', name: 'string' } as const;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('readCsv', () => {
  test('makes tensors and texts of columns', () => {
    const table = readCsv(flowers, { types });
    expect([table.names, table.length]).toEqual([['height', 'width', 'petals', 'open', 'name'], 2]);
    expect(table.tensor('height').toArray()).toEqual(tensor([1.5, -0.3]).toArray());
    expect([table.tensor('petals').dtype, table.tensor('petals').toArray()]).toEqual(['int64', [5, 8]]);
    expect([table.tensor('open').dtype, table.tensor('open').toArray()]).toEqual(['bool', [1, 0]]);
    expect(table.strings('name')).toEqual(['rose', 'lily, white']);
    const matrix = table.matrix(['width', 'petals']);
    expect([matrix.dtype, matrix.toArray()]).toEqual([
      'float32',
      [
        [2, 5],
        [0.5, 8],
      ],
    ]);
    expect(() => table.tensor('name')).toThrow('CsvTable: column "name" has texts');
    expect(() => table.strings('width')).toThrow('CsvTable: column "width" has numbers');
    expect(() => table.matrix()).toThrow(ValueError);
    expect(() => table.tensor('depth')).toThrow('there is no column "depth"; there are "height", "width", "petals", "open", "name"');
  });

  test('every dtype, to its bounds', () => {
    const all = readCsv('f,d,i,l,u\n0.1,0.1,-2147483648,9007199254740991,255\nnan,-inf,2147483647,-0,0\n', {
      types: { d: 'float64', i: 'int32', l: 'int64', u: 'uint8' },
    });
    expect(all.names.map((n) => [all.tensor(n).dtype, Array.from(all.tensor(n).dataSync())])).toEqual([
      ['float32', [Math.fround(0.1), Number.NaN]],
      ['float64', [0.1, -Infinity]],
      ['int32', [-(2 ** 31), 2 ** 31 - 1]],
      ['int64', [2 ** 53 - 1, 0]],
      ['uint8', [255, 0]],
    ]);
  });

  test('selects and orders columns, and does not look at the others', () => {
    const table = readCsv('a,b,c\n1,x,3\n', { columns: ['c', 'a'] });
    expect([table.names, table.matrix().toArray()]).toEqual([['c', 'a'], [[3, 1]]]);
  });

  test('files without names, and names from outside', () => {
    expect(readCsv('1,2\n3,4\n', { header: false }).matrix(['1', '0']).toArray()).toEqual([
      [2, 1],
      [4, 3],
    ]);
    expect(
      readCsv('1,2\n', { header: ['x', 'y'] })
        .tensor('y')
        .toArray(),
    ).toEqual([2]);
    expect(() => readCsv('1,2\n', { header: ['x'] })).toThrow('csv: line 1 has 2 fields, expected 1');
  });

  test('files without rows', () => {
    for (const text of ['a,b', 'a,b\n', '\n\na,b\r\n\n']) {
      const table = readCsv(text);
      expect([table.length, table.matrix().shape, table.matrix().dtype]).toEqual([0, [0, 2], 'float32']);
    }
    expect(readCsv('', { header: false }).names).toEqual([]);
    expect(readCsv('', { header: ['x'] }).tensor('x').shape).toEqual([0]);
  });

  test('line ends, blank lines, marks, quotes, comments', () => {
    const read = (text: string, options: CsvOptions = {}): unknown => readCsv(text, { types: { t: 'string' }, ...options }).strings('t');
    expect(read('t,n\r\n"a",1\r\n\r\nb,2\r\n')).toEqual(['a', 'b']);
    expect(read('\ufefft,n\na,1')).toEqual(['a']);
    expect(read('t,n\n"a ""b""\n,c",1\n"",2\n')).toEqual(['a "b"\n,c', '']);
    expect(read("t;n\n'a;''';1\n", { delimiter: ';', quote: "'" })).toEqual(["a;'"]);
    expect(read('# made by hand\nt\tn\n#x\na\t1\n', { delimiter: '\t', comment: '#' })).toEqual(['a']);
    expect(read('t,n\n  a ,1\n')).toEqual(['  a ']);
    expect(readCsv('n, m\n 1 ,\t2\n').tensor(' m').toArray()).toEqual([2]);
  });

  test('bytes in an encoding', () => {
    expect(readCsv(bytes('\ufeffa\n1\n')).tensor('a').toArray()).toEqual([1]);
    const latin = Uint8Array.of(...bytes('t\n'), 0xfc, 0x0a);
    expect(readCsv(latin, { types: { t: 'string' }, encoding: 'latin1' }).strings('t')).toEqual(['ü']);
    expect(() => readCsv(latin)).toThrow('csv: the file is no utf-8');
    expect(() => readCsv(latin, { encoding: 'klingon' })).toThrow("readCsv: the encoding 'klingon' is unknown");
  });

  test('missing values', () => {
    const text = 'a,b\n1,\n,NA\n';
    expect(
      Array.from(
        readCsv(text, { missing: 'nan', naValues: ['', 'NA'] })
          .matrix()
          .dataSync(),
      ),
    ).toEqual([1, Number.NaN, Number.NaN, Number.NaN]);
    expect(() => readCsv(text)).toThrow('csv: line 2: the value of column "b" (float32) is missing; missing: \'nan\' makes it NaN');
    expect(() => readCsv(text, { missing: 'nan' })).toThrow('csv: line 3: "NA" in column "b" is no float32');
    expect(() => readCsv('a,b\n1,\n', { missing: 'nan', types: { b: 'int64' } })).toThrow(
      /^csv: line 2: the value of column "b" \(int64\) is missing$/,
    );
    expect(readCsv('a,b\n1,\n', { types: { b: 'string' } }).strings('b')).toEqual(['']);
  });

  test.each<[string, string, CsvOptions, string]>([
    ['a short row', 'a,b\n1,2\n3\n', {}, 'csv: line 3 has 1 fields, expected 2'],
    ['a long row, behind a quoted line end', 'a,b\n"1\n",2\n1,2,3\n', {}, 'csv: line 4 has 3 fields, expected 2'],
    ['a text among numbers', 'a,b\n1,2\n\n1,x\n', {}, 'csv: line 4: "x" in column "b" is no float32'],
    ['hexadecimal', 'a\n0x10\n', {}, 'csv: line 2: "0x10" in column "a" is no float32'],
    ['a fraction', 'a\n1.0\n', { types: { a: 'int32' } }, 'csv: line 2: "1.0" in column "a" is no int32'],
    ['too large', 'a\n256\n', { types: { a: 'uint8' } }, 'csv: line 2: "256" in column "a" is no uint8'],
    ['beyond 2^53', 'a\n9007199254740992\n', { types: { a: 'int64' } }, 'csv: line 2: "9007199254740992" in column "a" is no int64'],
    ['no truth', 'a\nyes\n', { types: { a: 'bool' } }, 'csv: line 2: "yes" in column "a" is no bool'],
    ['an open quote', 'a,b\n1,"2\n3,4\n', {}, 'csv: line 2: Quoted field unterminated'],
    ['a quote in a field', 'a,b\n1,"2"3\n', {}, 'csv: line 2: Trailing quote on quoted field is malformed'],
    ['two columns of one name', 'a,a\n', {}, 'csv: two columns are called "a"'],
    ['lines that end in \\r', 'a,b\r1,2\r', {}, 'csv: lines must end in \\n or \\r\\n, not in \\r alone'],
    ['an empty file', '', {}, 'csv: the file is empty: it has no row with the names of the columns'],
  ])('refuses %s', (_name, text, options, message) => {
    expect(() => readCsv(text, options)).toThrow(FileFormatError);
    expect(() => readCsv(text, options)).toThrow(message);
  });

  test.each<[CsvOptions, string]>([
    [{ columns: ['z'] }, 'readCsv: there is no column "z"; there are "a", "b"'],
    [{ types: { z: 'bool' } }, 'readCsv: there is no column "z"; there are "a", "b"'],
    [{ types: { a: 'float' as never } }, 'readCsv: the type of column "a" is \'float\'; there are float32,'],
    [{ delimiter: '\n' }, 'readCsv: delimiter must be a text without line ends'],
    [{ delimiter: '"' }, 'readCsv: delimiter, quote and comment must differ'],
    [{ quote: "''" }, 'readCsv: quote must be one character'],
    [{ missing: 'zero' as never }, "readCsv: missing is 'error' or 'nan', not 'zero'"],
    [{ maxRowLength: 0 }, 'readCsv: maxRowLength must be a number of characters, got 0'],
    [{ separator: ',' } as never, "readCsv: unknown option 'separator'; there are header, delimiter,"],
  ])('refuses the options %j', (options, message) => {
    expect(() => readCsv('a,b\n1,2\n', options)).toThrow(ValueError);
    expect(() => readCsv('a,b\n1,2\n', options)).toThrow(message);
  });

  test('a hundred thousand digits and a letter are refused quickly', () => {
    const started = performance.now();
    expect(() => readCsv(`a\n${'1'.repeat(100_000)}x\n`)).toThrow(FileFormatError);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('csvRows', () => {
  test('gives rows with values of their types', async () => {
    expect(await all(csvRows([flowers], { types }))).toEqual([
      { height: 1.5, width: 2, petals: 5n, open: true, name: 'rose' },
      { height: Math.fround(-0.3), width: 0.5, petals: 8n, open: false, name: 'lily, white' },
    ]);
    await expect(all(csvRows([]))).rejects.toThrow(FileFormatError);
    expect(await all(csvRows([], { header: false }))).toEqual([]);
    await expect(all(csvRows(5 as never))).rejects.toThrow(ValueError);
    await expect(all(csvRows('a\n1\n' as never))).rejects.toThrow(ValueError);
  });

  test('reads streams, with and without iteration, and lets go of them', async () => {
    let cancelled = 0;
    const stream = (): ReadableStream<Uint8Array> => {
      let sent = 0;
      return new ReadableStream({
        pull: (controller) => {
          controller.enqueue(bytes(sent++ === 0 ? 'a\n' : `${sent}\n`));
        },
        cancel: () => {
          cancelled++;
        },
      });
    };
    const plain = stream();
    const bare = { getReader: () => plain.getReader() } as unknown as ReadableStream<Uint8Array>;
    for (const source of [stream(), bare]) {
      for await (const { a } of csvRows(source)) if ((a as number) > 5) break;
    }
    expect(cancelled).toBe(2);
  });

  test('texts come back from any table, cut into any pieces', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é', '\u{1f600}', '#') });
    const rows = fc.integer({ min: 2, max: 4 }).chain((n) => fc.array(fc.array(text, { minLength: n, maxLength: n }), { minLength: 1 }));
    const quoted = (field: string, always: boolean): string =>
      always || /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
    await fc.assert(
      fc.asyncProperty(rows, fc.boolean(), fc.boolean(), fc.boolean(), fc.array(fc.nat(30)), async (table, always, crlf, last, cuts) => {
        const names = table[0]!.map((_, i) => `c${i}`);
        const end = crlf ? '\r\n' : '\n';
        const lines = [names, ...table].map((row) => row.map((f) => quoted(f, always)).join(','));
        const file = lines.join(end) + (last ? end : '');
        const options = { types: Object.fromEntries(names.map((n) => [n, 'string'] as const)) };
        const read = readCsv(file, options);
        expect(names.map((n) => read.strings(n))).toEqual(names.map((_, i) => table.map((row) => row[i])));
        const whole = bytes(file);
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const cut of [...cuts, whole.length]) {
          pieces.push(whole.subarray(at, at + cut));
          at += cut;
        }
        const streamed = await all(csvRows(pieces, options));
        expect(streamed).toEqual(table.map((row) => Object.fromEntries(row.map((f, i) => [`c${i}`, f]))));
      }),
      { numRuns: 300 },
    );
  });

  test('errors name the line in a stream too', async () => {
    const pieces = ['a,b\n1', ',2\n"3\n', '",4\n5,', 'x\n'];
    await expect(all(csvRows(pieces, { types: { a: 'string' } }))).rejects.toThrow('csv: line 5: "x" in column "b" is no float32');
    await expect(all(csvRows([bytes('a\n'), Uint8Array.of(0xff)]))).rejects.toThrow('csv: the file is no utf-8');
    await expect(all(csvRows([bytes('a\n1\n'), Uint8Array.of(0xe2, 0x82)]))).rejects.toThrow('csv: the file is no utf-8');
  });

  test('a quote that is never closed does not fill memory', async () => {
    let given = 0;
    function* pieces(): IterableIterator<string> {
      yield 'a,b\n1,"';
      for (;;) {
        given += 10_000;
        yield 'x'.repeat(10_000);
      }
    }
    await expect(all(csvRows(pieces()))).rejects.toThrow('csv: the row at line 2 has more than 1048576 characters; is a quote missing?');
    expect(given).toBeLessThan(2 ** 20 + 2 ** 17);
    await expect(all(csvRows(pieces(), { maxRowLength: 1000 }))).rejects.toThrow('more than 1000 characters');
  });

  test('200,000 rows, of which few are in memory', async () => {
    const perPiece = 10_000;
    let given = 0;
    let most = 0;
    let seen = 0;
    let sum = 0;
    function* pieces(): IterableIterator<string> {
      yield 'x,y\n';
      for (let p = 0; p < 20; p++) {
        const lines: string[] = [];
        for (let i = 0; i < perPiece; i++) lines.push(`${given++},1\n`);
        most = Math.max(most, given - seen);
        yield lines.join('');
      }
    }
    for await (const row of csvRows(pieces(), { types: { x: 'int64' } })) {
      seen++;
      sum += Number(row['x']);
    }
    expect([seen, sum]).toEqual([200_000, (200_000 * 199_999) / 2]);
    expect(most).toBeLessThanOrEqual(perPiece + 1);
  });
});

describe('paths', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nabla-csv-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'flowers.csv');
  writeFileSync(path, flowers);

  test('loadCsv', async () => {
    const table = await loadCsv(path, { types });
    expect([table.names, table.strings('name')]).toEqual([readCsv(flowers, { types }).names, ['rose', 'lily, white']]);
    await expect(loadCsv(join(dir, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(loadCsv(path)).rejects.toThrow('csv: line 2: "true" in column "open" is no float32');
    await expect(loadCsv(path, { types: { z: 'bool' } })).rejects.toThrow('loadCsv: there is no column "z"');
  });

  test('loadCsvRows in a loader', async () => {
    const rows = new IterableDataset(() => loadCsvRows(path, { types, columns: ['petals', 'height', 'name'] }));
    const loader = new DataLoader(rows, { batchSize: 2 });
    for (let epoch = 0; epoch < 2; epoch++) {
      const [batch] = (await all(loader)) as unknown as [Record<string, { dtype: string; toArray(): unknown }>];
      expect([batch['petals']!.dtype, batch['petals']!.toArray(), batch['name']]).toEqual(['int64', [5, 8], ['rose', 'lily, white']]);
    }
    await expect(all(loadCsvRows(join(dir, 'none')))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
