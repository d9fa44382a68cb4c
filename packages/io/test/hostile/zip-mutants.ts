import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/crc32.ts';
import { writeZip } from '../../src/zip-write.ts';
import { ascii, changed, type Dice, dict, drawArray, huge, type Mutant, mutantsOf, npy, otherSize, reserved } from './bytes.ts';

const described = (descr: string, shape: string): string => dict({ descr, shape, order: 'False' });

/** A valid archive, one of its files large. */
const goodNpz = (compress: boolean): Uint8Array =>
  writeZip(
    'test',
    [
      ['a.npy', npy(described('<f4', '(2, 3)'), 24)],
      ['b.npy', npy(described('|u1', '(3000,)'), 3000)],
    ],
    compress,
  );

/** Places of the records of an archive that {@link writeZip} made. */
function places(zip: Uint8Array): { end: number; directory: number[]; local: number[] } {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  const end = zip.length - 22;
  const directory: number[] = [];
  const local: number[] = [];
  for (let at = view.getUint32(end + 16, true); at < end; at += 46 + view.getUint16(at + 28, true)) {
    directory.push(at);
    local.push(view.getUint32(at + 42, true));
  }
  return { end, directory, local };
}

/** Zeros after an npy header, deflated: what a bomb is made of. */
function bombOf(megabytes: number): { header: Uint8Array; packed: Uint8Array; size: number; crc: number } {
  const zeros = megabytes * 2 ** 20;
  const header = npy(described('|u1', `(${zeros},)`), 0);
  const plain = new Uint8Array(header.length + zeros);
  plain.set(header);
  return { header, packed: deflateRawSync(plain), size: plain.length, crc: crc32(plain) };
}

/** An archive of packed data as given, said to have `size` bytes, `copies` times. */
function archiveOf(packed: Uint8Array, size: number, crc: number, copies: number, name = 'x', overlap = false): Uint8Array {
  const zip = writeZip(
    'test',
    Array.from(
      { length: copies },
      (_, i) => [name.includes('.') ? name : `${name}${i}.npy`, overlap && i > 0 ? new Uint8Array() : packed] as const,
    ),
    false,
  );
  const { directory, local } = places(zip);
  return changed(zip, (_, view) => {
    directory.forEach((at, i) => {
      for (const [base, shift] of [
        [at, 2],
        [local[i]!, 0],
      ] as const) {
        view.setUint16(base + 8 + shift, 8, true);
        view.setUint32(base + 14 + shift, crc, true);
        view.setUint32(base + 18 + shift, packed.length, true);
        view.setUint32(base + 22 + shift, size, true);
      }
      if (overlap) view.setUint32(at + 42, local[0]!, true);
    });
  });
}

/** A valid archive of two or three arrays, deflated or not. */
function drawNpz(dice: Dice): Uint8Array {
  const files = Array.from({ length: 2 + dice.below(2) }, (_, i) => {
    const array = drawArray(dice);
    return [`${'abc'[i]}${dice.below(10)}.npy`, npy(dict(array), array.data)] as const;
  });
  return writeZip('test', files, dice.below(2) === 0);
}

/** An archive of one file: a small array, or what is given. */
function single(name: string, dice: Dice, content?: Uint8Array): Uint8Array {
  const array = drawArray(dice);
  return writeZip('test', [[name, content ?? npy(dict(array), array.data)]], dice.below(2) === 0);
}

/** An archive whose end says that zip64 records follow, which are there and wrong. */
function withZip64(dice: Dice, i: number): Uint8Array {
  const good = drawNpz(dice);
  const p = places(good);
  const record = new Uint8Array(76);
  const view = new DataView(record.buffer);
  view.setUint32(0, 0x06064b50, true);
  for (const [at, right] of [
    [24, p.directory.length],
    [32, p.directory.length],
    [40, p.end - p.directory[0]!],
    [48, p.directory[0]!],
  ] as const) {
    const wrong = dice.below(2) === 0 || at === 24 + 8 * (i % 4);
    view.setBigUint64(at, wrong ? BigInt(right) + 1n + (BigInt(dice.below(2 ** 31)) << BigInt(dice.below(32))) : BigInt(right), true);
  }
  view.setUint32(56, 0x07064b50, true);
  view.setBigUint64(64, BigInt(p.end), true);
  const whole = new Uint8Array(good.length + 76);
  whole.set(good.subarray(0, p.end));
  whole.set(record, p.end);
  whole.set(good.subarray(p.end), p.end + 76);
  new DataView(whole.buffer).setUint32(whole.length - 6, 0xffffffff, true);
  return whole;
}

function npzMutants(): Mutant[] {
  const add = (attack: string, refused: boolean, make: (dice: Dice, i: number) => Uint8Array): Mutant[] =>
    mutantsOf('npz', attack, refused, make);
  /** A valid archive with some bytes changed. */
  const damaged = (dice: Dice, change: (p: ReturnType<typeof places>, view: DataView, bytes: Uint8Array) => void): Uint8Array =>
    changed(drawNpz(dice), (b, view) => change(places(b), view, b));
  const bombs = [17, 40, 100].map(bombOf);
  // So many packed bytes that they are not inflated in one go.
  const large = new Uint8Array(deflateRawSync(new Uint8Array(300 * 2 ** 20)));
  const methods = [0, 1, 2, 3, 4, 5, 6, 8, 9, 12, 14, 93, 98, 99];
  return [
    ...add('zip bombs', true, (_, i) => {
      const { packed, size, crc } = bombs[i % 3]!;
      return archiveOf(packed, size, crc, 1 + Math.floor(i / 3), `x${i}`);
    }),
    ...add('zip bombs that lie about their size', true, (dice, i) => {
      const { packed, crc } = i % 4 === 3 ? { packed: large, crc: 0 } : bombs[i % 4]!;
      return archiveOf(packed, dice.pick([0, 1, 100, 70000, 2 ** 20, 2 ** 24 - 1, 2 ** 31, 0xfffffffe]), crc, 1, `x${i}`);
    }),
    ...add('zip bombs of files that share their bytes', true, (_, i) => {
      const { packed, size, crc } = bombs[i % 3]!;
      return archiveOf(packed, i < 11 ? 1000 : size, crc, 2 + i, 'x', true);
    }),
    ...add('files that are too many', true, (dice) =>
      damaged(dice, ({ directory, end }, view) => {
        const n = dice.pick([1, directory.length + 1, 1000, dice.below(60000) + directory.length + 1, 0xfffe, 0xffff]);
        view.setUint16(end + 8, n, true);
        view.setUint16(end + 10, n, true);
      }),
    ),
    ...add('offsets out of range', true, (dice) =>
      damaged(dice, ({ directory, end }, view, b) => {
        const at = dice.pick([end + 16, end + 12, ...directory.map((d) => d + 42)]);
        view.setUint32(at, dice.pick([1, 7, b.length, b.length + dice.below(1000), 2 ** 31, 0xffffffff, 0xfffffffe]), true);
      }),
    ),
    ...add('overlapping files', true, (dice) =>
      damaged(dice, ({ directory, local }, view) => {
        view.setUint32(directory[1]! + 42, local[0]! + dice.below(local[1]! - local[0]!), true);
      }),
    ),
    ...add('sizes that are wrong', true, (dice) =>
      damaged(dice, ({ directory }, view) => {
        const at = dice.pick(directory) + dice.pick([20, 24]);
        const right = view.getUint32(at, true);
        view.setUint32(at, dice.pick([0, 1, right - 1, right + 1, right + 4000, 2 ** 31, 0xfffffffe, 0xffffffff]), true);
      }),
    ),
    ...add('duplicate keys', true, (dice, i) => {
      const array = drawArray(dice);
      const names = Array.from({ length: 2 + i }, (_, k) => (k === i ? 'x0.npy' : `x${Math.min(k, i)}.npy`));
      return writeZip(
        'test',
        names.map((name) => [name, npy(dict(array), array.data)] as const),
        i % 2 === 0,
      );
    }),
    ...add('prototype keys', false, (dice) => single(`${dice.pick(reserved)}.npy`, dice)),
    ...add('huge shapes inside', true, (dice, i) => {
      const array = drawArray(dice);
      return single('x.npy', dice, npy(dict({ ...array, shape: `(${BigInt(dice.pick(huge))}, ${1 + i})` }), array.data));
    }),
    ...add('wrong dtype sizes inside', true, (dice) => {
      const array = drawArray(dice);
      return single('x.npy', dice, npy(dict({ ...array, descr: otherSize(dice, array.descr) }), array.data));
    }),
    ...add('headers longer than the file inside', true, (dice) => {
      const array = drawArray(dice);
      const good = npy(dict(array), array.data);
      return single(
        'x.npy',
        dice,
        changed(good, (_, view) => view.setUint16(8, good.length - 9 + dice.below(60000), true)),
      );
    }),
    ...add('names that are no names', true, (dice) =>
      single(dice.pick(['x', 'x.npy/', 'x.pkl', '', '.np', 'x.npy\u0000.txt', '../x', 'x.NPY', '../x.npy/..', 'C:\\x']), dice),
    ),
    ...add('encrypted, or packed in another way', true, (dice) =>
      damaged(dice, ({ directory }, view) => {
        const at = dice.pick(directory);
        if (dice.below(2) === 0) return view.setUint16(at + 8, view.getUint16(at + 8, true) | 1, true);
        const own = view.getUint16(at + 10, true);
        view.setUint16(at + 10, dice.pick(methods.filter((m) => m !== own)), true);
      }),
    ),
    ...add('zip64 records', true, withZip64),
    ...add('damaged streams', true, (dice) =>
      changed(goodNpz(true), (b) => {
        const p = places(b);
        b.fill(dice.pick([0, 0xff, 0x55, 0x24]), p.local[1]! + 36 + dice.below(30), p.directory[0]!);
      }),
    ),
    ...add('truncated', true, (dice, i) => {
      const good = drawNpz(dice);
      return good.subarray(0, Math.floor((good.length * (i % 22)) / 22));
    }),
    ...add('flipped bits', false, (dice) =>
      damaged(dice, (_, __, b) => {
        for (let k = 0; k < 3; k++) b[dice.below(b.length)]! ^= 1 << dice.below(8);
      }),
    ),
  ];
}

/** What a pickle must not reach. */
const dangerous = [
  'os\nsystem',
  'posix\nsystem',
  'nt\nsystem',
  'builtins\neval',
  'builtins\nexec',
  'builtins\ngetattr',
  '__builtin__\neval',
  'subprocess\nPopen',
  'torch\nload',
  'torch.hub\nload',
  'numpy\nload',
  'collections\ndefaultdict',
  'torch\n__builtins__',
  'importlib\nimport_module',
];

/** Starts of values that are said to be longer than any file. */
const endless = [
  'X\u00ff\u00ff\u00ff\u007f',
  'T\u00ff\u00ff\u00ff\u007f',
  '\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff',
  '\u008c\u00ff',
  '\u008a\u00ff',
  'r\u00ff\u00ff',
  'j\u00ff\u00ff\u00ff\u00ff',
  '\u0095\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff',
];

function torchMutants(): Mutant[] {
  const add = (attack: string, make: (dice: Dice, i: number) => string): Mutant[] =>
    mutantsOf('torch', attack, true, (dice, i) => {
      const files = [['m/data.pkl', ascii(`\u0080\u0002${make(dice, i)}`)] as const, ['m/data/0', new Uint8Array(24)] as const];
      return writeZip('test', files, false);
    });
  const plain = ascii(`\u0080\u0002${'N'.repeat(20_000_000)}.`);
  const packed = new Uint8Array(deflateRawSync(plain));
  const crc = crc32(plain);
  return [
    ...add('deep pickles', (_, i) => {
      const depth = 10 ** (2 + (i % 5)) + i;
      return `${']'.repeat(depth)}${'a'.repeat(i % 2 ? depth - 1 : 5)}.`;
    }),
    ...add('memo bombs', (_, i) => {
      const char = String.fromCharCode;
      const lists = Array.from({ length: 24 + i }, (_, k) => `]q${char(k + 1)}${`h${char(k)}a`.repeat(10)}`);
      return `]q\u0000${lists.join('')}${'a'.repeat(3)}.`;
    }),
    ...add('names to run', (dice) => `c${dice.pick(dangerous)}\n(X\u0004\u0000\u0000\u0000${dice.pick(['true', 'id  ', 'ls -'])}tR.`),
    ...add('lengths beyond the end', (dice) => `${dice.pick(endless)}${'x'.repeat(dice.below(8))}.`),
    ...mutantsOf('torch', 'bombs', true, (_, i) => archiveOf(packed, i % 2 ? plain.length : 1000 * i, crc, 1, `m${i}/data.pkl`, false)),
  ];
}

/** Mutants of npz files and of files of PyTorch. */
export const zipMutants = (): Mutant[] => [...npzMutants(), ...torchMutants()];
