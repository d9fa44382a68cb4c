import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/crc32.ts';
import { writeZip } from '../../src/zip-write.ts';
import { ascii, changed, Dice, type Mutant, npy } from './bytes.ts';

const each = 22;
const dict = (descr: string, shape: string): string => `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;

/** The archive that mutants begin with. */
export const goodNpz = (compress: boolean): Uint8Array =>
  writeZip(
    'test',
    [
      ['a.npy', npy(dict('<f4', '(2, 3)'), 24)],
      ['b.npy', npy(dict('|u1', '(3000,)'), 3000)],
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
  const header = npy(dict('|u1', `(${zeros},)`), 0);
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

function npzMutants(): Mutant[] {
  const out: Mutant[] = [];
  const add = (attack: string, refused: boolean, make: (dice: Dice, i: number) => Uint8Array): void => {
    for (let i = 0; i < each; i++) out.push({ attack, format: 'npz', bytes: make(new Dice(3000 * out.length + i), i), refused });
  };
  const bombs = [17, 40, 100].map(bombOf);
  add('zip bombs', true, (_, i) => {
    const { packed, size, crc } = bombs[i % 3]!;
    return archiveOf(packed, size, crc, 1 + Math.floor(i / 3), `x${i}`);
  });
  add('zip bombs that lie about their size', true, (dice, i) => {
    const { packed, crc } = bombs[i % 3]!;
    return archiveOf(packed, dice.pick([0, 1, 100, 70000, 2 ** 20, 2 ** 24 - 1, 2 ** 31, 0xfffffffe]), crc, 1, `x${i}`);
  });
  add('zip bombs of files that share their bytes', true, (_, i) => {
    const { packed, size, crc } = bombs[i % 3]!;
    return archiveOf(packed, i < 11 ? 1000 : size, crc, 2 + i, 'x', true);
  });
  add('files that are too many', true, (dice) =>
    changed(goodNpz(true), (b, view) => {
      const n = dice.pick([1, 3, 1000, 0xfffe, 0xffff]);
      view.setUint16(b.length - 14, n, true);
      view.setUint16(b.length - 12, n, true);
    }),
  );
  add('offsets out of range', true, (dice) =>
    changed(goodNpz(dice.below(2) === 1), (b, view) => {
      const p = places(b);
      view.setUint32(
        dice.pick([p.end + 16, p.end + 12, p.directory[0]! + 42, p.directory[1]! + 42]),
        dice.pick([1, 7, b.length, 2 ** 31, 0xffffffff, 0xfffffffe]),
        true,
      );
    }),
  );
  add('overlapping files', true, (dice) =>
    changed(goodNpz(dice.below(2) === 1), (b, view) => {
      const p = places(b);
      view.setUint32(p.directory[1]! + 42, p.local[0]! + dice.below(p.local[1]! - p.local[0]!), true);
    }),
  );
  add('sizes that are wrong', true, (dice, i) =>
    changed(goodNpz(i % 2 === 0), (b, view) => {
      const p = places(b);
      view.setUint32(dice.pick(p.directory) + dice.pick([20, 24]), dice.pick([0, 1, 99, 4000, 2 ** 31, 0xfffffffe, 0xffffffff]), true);
    }),
  );
  add('duplicate keys', true, (_, i) =>
    writeZip(
      'test',
      Array.from({ length: 2 + i }, (_, k) => [k === i ? 'x0.npy' : `x${Math.min(k, i)}.npy`, npy(dict('|u1', '(4,)'), 4)] as const),
      i % 2 === 0,
    ),
  );
  add('prototype keys', false, (dice, i) =>
    writeZip(
      'test',
      [[`${dice.pick(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])}.npy`, npy(dict('|u1', '(4,)'), 4)]],
      i % 2 === 0,
    ),
  );
  add('huge shapes inside', true, (dice, i) =>
    writeZip('test', [['x.npy', npy(dict('<f8', `(${dice.pick([2 ** 31, 2 ** 40, 2 ** 53 - 1])}, ${1 + i})`), 64)]], i % 2 === 0),
  );
  add('headers longer than the file inside', true, (dice, i) =>
    writeZip(
      'test',
      [['x.npy', changed(npy(dict('<f8', '(8,)'), 64), (_, view) => view.setUint16(8, 200 + dice.below(60000), true))]],
      i % 2 === 0,
    ),
  );
  add('names that are no names', true, (dice, i) => {
    const bad = dice.pick(['x', 'x.npy/', 'x.pkl', '', '.np', 'x.npy\u0000.txt', '../x', 'x.NPY']);
    return writeZip('test', [[bad, npy(dict('|u1', '(4,)'), 4)]], i % 2 === 0);
  });
  add('encrypted, or packed in another way', true, (dice) =>
    changed(goodNpz(true), (b, view) => {
      const p = places(b);
      const at = dice.pick(p.directory);
      if (dice.below(2) === 0) view.setUint16(at + 8, 0x801, true);
      else view.setUint16(at + 10, dice.pick([0, 1, 9, 12, 14, 93, 99]), true);
    }),
  );
  add('zip64 records', true, (dice, i) => {
    const good = goodNpz(i % 2 === 0);
    const p = places(good);
    const record = new Uint8Array(76);
    const view = new DataView(record.buffer);
    view.setUint32(0, 0x06064b50, true);
    for (const [at, right] of [
      [24, 2],
      [32, 2],
      [40, p.end - p.directory[0]!],
      [48, p.directory[0]!],
    ] as const) {
      view.setBigUint64(
        at,
        dice.below(2) === 0 || at === 24 + 8 * (i % 4)
          ? BigInt(right) + 1n + (BigInt(dice.below(2 ** 31)) << BigInt(dice.below(32)))
          : BigInt(right),
        true,
      );
    }
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(p.end), true);
    const whole = new Uint8Array(good.length + 76);
    whole.set(good.subarray(0, p.end));
    whole.set(record, p.end);
    whole.set(good.subarray(p.end), p.end + 76);
    new DataView(whole.buffer).setUint32(whole.length - 6, 0xffffffff, true);
    return whole;
  });
  add('damaged streams', true, (dice) =>
    changed(goodNpz(true), (b) => {
      const p = places(b);
      b.fill(dice.pick([0, 0xff, 0x55, 0x24]), p.local[1]! + 36 + dice.below(30), p.directory[0]!);
    }),
  );
  add('truncated', true, (_, i) => goodNpz(i % 2 === 0).subarray(0, 20 + i * 12));
  add('flipped bits', false, (dice, i) =>
    changed(goodNpz(i % 2 === 0), (b) => {
      for (let k = 0; k < 3; k++) b[dice.below(b.length)]! ^= 1 << dice.below(8);
    }),
  );
  return out;
}

function torchMutants(): Mutant[] {
  const out: Mutant[] = [];
  const add = (attack: string, make: (dice: Dice, i: number) => string): void => {
    for (let i = 0; i < each; i++) {
      const pickle = make(new Dice(4000 * out.length + i), i);
      const bytes = writeZip(
        'test',
        [
          ['m/data.pkl', ascii(`\u0080\u0002${pickle}`)],
          ['m/data/0', new Uint8Array(24)],
        ],
        false,
      );
      out.push({ attack, format: 'torch', bytes, refused: true });
    }
  };
  add('deep pickles', (_, i) => `${']'.repeat(10 ** (2 + (i % 5)))}${'a'.repeat(i % 2 ? 10 ** (2 + (i % 5)) - 1 : 5)}.`);
  add(
    'memo bombs',
    (_, i) =>
      `]q\u0000${Array.from({ length: 24 + i }, (_, k) => `]q${String.fromCharCode(k + 1)}${`h${String.fromCharCode(k)}a`.repeat(10)}`).join('')}${'a'.repeat(3)}.`,
  );
  add(
    'names to run',
    (dice) =>
      `c${dice.pick(['os\nsystem', 'posix\nsystem', 'builtins\neval', 'subprocess\nPopen', 'torch\nload', 'torch.hub\nload', 'numpy\nload', 'collections\ndefaultdict', 'torch\n__builtins__'])}\n(X\u0004\u0000\u0000\u0000truetR.`,
  );
  add('lengths beyond the end', (dice) =>
    dice.pick([
      'X\u00ff\u00ff\u00ff\u007fx',
      '\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ffx',
      '\u008c\u00ffx',
      '\u008a\u00ff',
      'G\u0000',
      'r\u00ff\u00ff',
      'j\u00ff\u00ff\u00ff\u00ff.',
      '\u0095\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.',
    ]),
  );
  const plain = ascii(`\u0080\u0002${'N'.repeat(20_000_000)}.`);
  const packed = new Uint8Array(deflateRawSync(plain));
  for (let i = 0; i < each; i++) {
    const size = i % 2 ? plain.length : 1000 * i;
    out.push({ attack: 'bombs', format: 'torch', bytes: archiveOf(packed, size, crc32(plain), 1, `m${i}/data.pkl`, false), refused: true });
  }
  return out;
}

/** Mutants of npz files and of files of PyTorch. */
export const zipMutants = (): Mutant[] => [...npzMutants(), ...torchMutants()];
