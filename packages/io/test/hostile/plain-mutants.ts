import { ascii, changed, Dice, type Mutant, npy, safetensors } from './bytes.ts';

const each = 22;
const huge = [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e300];
const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf', 'then', '__metadata'];

type Entry = { name: string; dtype: string; shape: string; begin: number | string; end: number | string };
const valid = (): Entry[] => [
  { name: 'a', dtype: 'F32', shape: '[2,3]', begin: 0, end: 24 },
  { name: 'b', dtype: 'I64', shape: '[2]', begin: 24, end: 40 },
  { name: 'c', dtype: 'U8', shape: '[8]', begin: 40, end: 48 },
];
const entryText = (e: Entry): string => `"${e.name}":{"dtype":"${e.dtype}","shape":${e.shape},"data_offsets":[${e.begin},${e.end}]}`;
const header = (entries: readonly Entry[]): string => `{${entries.map(entryText).join(',')}}`;

/** What an attack does to a header of three tensors. */
const onEntries: Readonly<Record<string, (dice: Dice, entries: Entry[], i: number) => void>> = {
  'overlapping offsets': (dice, e, i) => {
    const t = e[1 + dice.below(2)]!;
    const by = 1 + (i % 16);
    t.begin = (t.begin as number) - by;
    t.end = (t.end as number) - (dice.below(2) === 0 ? by : 0);
  },
  'offsets out of range': (dice, e) => {
    const t = dice.pick(e);
    const by = dice.pick([...huge, -1, -24, -(2 ** 31), 48, 49, 1.5]);
    t.begin = (t.begin as number) + by;
    t.end = (t.end as number) + by;
  },
  gaps: (_, e, i) => {
    e[1 + (i % 2)]!.begin = ((e[1 + (i % 2)]!.begin as number) + 1 + i) | 0;
    e[1 + (i % 2)]!.end = ((e[1 + (i % 2)]!.end as number) + 1 + i) | 0;
  },
  'huge shapes': (dice, e) => {
    const sizes = Array.from({ length: 1 + dice.below(4) }, () => dice.pick(huge));
    if (dice.below(3) === 0) sizes.push(0);
    dice.pick(e).shape = `[${sizes.join(',')}]`;
  },
  'wrong dtype sizes': (dice, e) => {
    const t = dice.pick(e);
    t.dtype = dice.pick(
      ['F64', 'I16', 'BF16', 'F16', 'U64', 'F8', 'C128', '', 'f32', 'float32', 'F320'].filter((d) => d !== 'U64' || t.name !== 'b'),
    );
  },
  'prototype keys': (dice, e) => {
    dice.pick(e).name = dice.pick(names);
  },
};

function safetensorsMutants(): Mutant[] {
  const out: Mutant[] = [];
  const good = safetensors(header(valid()), 48);
  const add = (attack: string, refused: boolean, make: (dice: Dice, i: number) => Uint8Array): void => {
    for (let i = 0; i < each; i++) out.push({ attack, format: 'safetensors', bytes: make(new Dice(1000 * out.length + i), i), refused });
  };
  for (const [attack, change] of Object.entries(onEntries)) {
    add(attack, attack !== 'prototype keys', (dice, i) => {
      const entries = valid();
      change(dice, entries, i);
      return safetensors(header(entries), 48);
    });
  }
  add('header longer than the file', true, (dice, i) =>
    changed(good, (_, view) =>
      view.setBigUint64(0, i < 8 ? BigInt(good.length - 7 + i) : BigInt(1 + dice.below(2 ** 31)) << BigInt(9 + dice.below(24)), true),
    ),
  );
  add('duplicate keys', true, (dice, i) => {
    const [a, b, c] = valid() as [Entry, Entry, Entry];
    const twice = [
      header([a, b, c, dice.pick([a, b, c])]),
      header([a, { ...b, name: 'a' }, c]),
      header([a, b, c]).replace('"dtype":"F32"', '"dtype":"F32","dtype":"F32"'),
    ];
    twice.push(header([a, b, c]).replace('{"a"', '{"__metadata__":{"x":"1","x":"2"},"a"'), header([a, { ...b, name: '\\u0061' }, c]));
    return safetensors(twice[i % twice.length]!, 48);
  });
  add('bad UTF-8', true, (dice) =>
    safetensors(
      changed(ascii(header(valid())), (b) => b.fill(dice.pick([0x80, 0xc0, 0xfe, 0xff]), 2, 3)),
      48,
    ),
  );
  add('bad JSON', false, (dice) => {
    const text = header(valid());
    const at = 1 + dice.below(text.length - 1);
    return safetensors(
      text.slice(0, at) + dice.pick(['', '{', '}', '"', ',', '\\', '[', '1', 'null', '\u0000']) + text.slice(at + dice.below(2)),
      48,
    );
  });
  add('deep JSON', true, (_, i) => safetensors(`{"a":${(i % 2 ? '[' : '{"a":').repeat(10 ** (1 + (i % 6)))}`, 0));
  add('truncated', true, (_, i) => good.subarray(0, Math.floor((good.length * i) / each)));
  add('flipped bits', false, (dice) =>
    changed(good, (b) => {
      for (let k = 0; k < 3; k++) b[dice.below(b.length)]! ^= 1 << dice.below(8);
    }),
  );
  return out;
}

function npyMutants(): Mutant[] {
  const out: Mutant[] = [];
  const dict = (descr = '<f4', shape = '(2, 3)', order = 'False'): string =>
    `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  const good = npy(dict(), 24);
  const add = (attack: string, refused: boolean, make: (dice: Dice, i: number) => Uint8Array): void => {
    for (let i = 0; i < each; i++) out.push({ attack, format: 'npy', bytes: make(new Dice(2000 * out.length + i), i), refused });
  };
  add('header longer than the file', true, (dice, i) =>
    i % 2
      ? changed(good, (_, view) => view.setUint16(8, good.length - 9 + dice.below(60000), true))
      : changed(good, (b, view) => {
          b[6] = 2 + (i % 4) / 2;
          view.setUint32(8, 100 + dice.below(2 ** 32 - 200), true);
        }),
  );
  add('huge shapes', true, (dice, i) =>
    npy(
      dict(
        '<f4',
        `(${Array.from({ length: 1 + dice.below(5) }, () => String(BigInt(dice.pick(huge.slice(0, 6))))).join(', ')},${i % 3 === 0 ? ' 0,' : ''})`,
      ),
      24,
    ),
  );
  add('wrong dtype sizes', true, (dice) =>
    npy(dict(dice.pick(['<f8', '<f2', '<i1', '|b1', '<c8', '<f16', '<U4', '|O', '|V4', '<M8', '', '<', 'f4', '<f4 ', '>i2', '!f4'])), 24),
  );
  add('duplicate keys', true, (dice) =>
    npy(dict().replace(', }', `, ${dice.pick(["'descr': '<f4'", "'shape': (2, 3)", "'fortran_order': False", '"shape": (1,)'])}, }`), 24),
  );
  add('prototype keys', true, (dice, i) => {
    const more = `'${dice.pick(names)}': True, `;
    return npy(i % 2 ? dict().replace('}', `${more}}`) : dict().replace(/'(descr|shape)'/, `'${dice.pick(names)}'`), 24);
  });
  add('gaps', true, (_, i) => npy(dict(), 24 + (i < 11 ? i + 1 : i - 22)));
  add('Python in the header', true, (dice) =>
    npy(
      dict(
        '<f4',
        dice.pick([
          '(2, 3, __import__("os"))',
          '(6)',
          '[2, 3]',
          '(-2, -3)',
          '(2.0, 3)',
          '(0x2, 3)',
          '(2, 3',
          '2',
          'None',
          '((2, 3),)',
          '(True, 6)',
          '(2,, 3)',
          '(,)',
          '(1 2 3,)',
          '("2", 3)',
          '{}',
        ]),
      ),
      24,
    ),
  );
  add('bad characters', false, (dice) =>
    changed(good, (b) => b.fill(dice.pick([0, 0x80, 0xff, 0x27, 0x7b, 0x28]), 10 + dice.below(50)).set(good.subarray(64), 64)),
  );
  add('truncated', true, (_, i) => good.subarray(0, Math.floor((good.length * i) / each)));
  add('flipped bits', false, (dice) =>
    changed(good, (b) => {
      for (let k = 0; k < 3; k++) b[dice.below(b.length)]! ^= 1 << dice.below(8);
    }),
  );
  return out;
}

/** Mutants of safetensors and npy files. */
export const plainMutants = (): Mutant[] => [...safetensorsMutants(), ...npyMutants()];
