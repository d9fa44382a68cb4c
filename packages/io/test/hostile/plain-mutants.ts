import {
  ascii,
  changed,
  type Dice,
  dict,
  drawArray,
  huge,
  type Mutant,
  mutantsOf,
  npy,
  otherSize,
  reserved,
  safetensors,
} from './bytes.ts';

interface Entry {
  name: string;
  dtype: string;
  shape: string;
  begin: number;
  end: number;
}

const sizes: Readonly<Record<string, number>> = { F32: 4, F64: 8, I64: 8, I32: 4, I16: 2, U8: 1, BOOL: 1 };

/** A valid header of two to four tensors. */
function drawEntries(dice: Dice): Entry[] {
  let at = 0;
  return Array.from({ length: 2 + dice.below(3) }, (_, i) => {
    const dtype = dice.pick(Object.keys(sizes));
    const shape = Array.from({ length: 1 + dice.below(3) }, () => 1 + dice.below(5));
    const begin = at;
    at += shape.reduce((p, n) => p * n, sizes[dtype]!);
    return { name: `${'abcd'[i]}.${dice.below(10)}`, dtype, shape: `[${shape.join(',')}]`, begin, end: at };
  });
}

const entryText = (e: Entry): string => `"${e.name}":{"dtype":"${e.dtype}","shape":${e.shape},"data_offsets":[${e.begin},${e.end}]}`;
const header = (entries: readonly Entry[]): string => `{${entries.map(entryText).join(',')}}`;
const lengthOf = (entries: readonly Entry[]): number => entries.at(-1)!.end;
const fileOf = (entries: readonly Entry[]): Uint8Array => safetensors(header(entries), lengthOf(entries));

/** What an attack does to a header of some tensors, one of which was drawn. */
const onEntries: Readonly<Record<string, { refused: boolean; change: (dice: Dice, t: Entry, i: number, all: Entry[]) => void }>> = {
  'overlapping offsets': {
    refused: true,
    change: (dice, _, i, all) => {
      const t = all[1 + dice.below(all.length - 1)]!;
      const by = 1 + (i % t.begin);
      t.begin -= by;
      if (dice.below(2) === 0) t.end -= by;
    },
  },
  'offsets out of range': {
    refused: true,
    change: (dice, t, _, all) => {
      const by = dice.pick([...huge, 1e300, -1, -24, -(2 ** 31), lengthOf(all), 1 + dice.below(1000), 1.5]);
      if (dice.below(3) > 0) t.begin += by;
      t.end += by;
    },
  },
  gaps: {
    refused: true,
    change: (dice, _, i, all) => {
      for (const t of all.slice(1 + dice.below(all.length - 1))) {
        t.begin += 1 + i;
        t.end += 1 + i;
      }
    },
  },
  'huge shapes': {
    refused: true,
    change: (dice, t) => {
      const shape = Array.from({ length: 1 + dice.below(4) }, () => dice.pick([...huge, 1e300]));
      if (dice.below(3) === 0) shape.push(0);
      t.shape = `[${shape.join(',')}]`;
    },
  },
  'wrong dtype sizes': {
    refused: true,
    change: (dice, t) => {
      const others = Object.keys(sizes).filter((d) => sizes[d] !== sizes[t.dtype]);
      t.dtype = dice.pick([...others, 'F8', 'C128', '', 'f32', 'float32', 'F320']);
    },
  },
  'prototype keys': {
    refused: false,
    change: (dice, t) => {
      t.name = dice.pick([...reserved, '__metadata']);
    },
  },
};

/** A header in which something stands twice. */
function twice(dice: Dice, i: number): Uint8Array {
  const all = drawEntries(dice);
  const [first, second] = all as [Entry, Entry];
  const text = header(all);
  const copies = [
    header([...all, dice.pick(all)]),
    header([first, { ...second, name: first.name }, ...all.slice(2)]),
    text.replace(`"dtype":"${first.dtype}"`, `"dtype":"${first.dtype}","dtype":"${dice.pick(['F32', first.dtype])}"`),
    text.replace('{"a', `{"__metadata__":{"x":"1","x":"${i}"},"a`),
    // The same name, one of its characters written as an escape.
    header([first, { ...second, name: `\\u0061${first.name.slice(1)}` }, ...all.slice(2)]),
  ];
  return safetensors(copies[i % copies.length]!, lengthOf(all));
}

function safetensorsMutants(): Mutant[] {
  const add = (attack: string, refused: boolean, make: (dice: Dice, i: number) => Uint8Array): Mutant[] =>
    mutantsOf('safetensors', attack, refused, make);
  return [
    ...Object.entries(onEntries).flatMap(([attack, { refused, change }]) =>
      add(attack, refused, (dice, i) => {
        const all = drawEntries(dice);
        const length = lengthOf(all);
        change(dice, dice.pick(all), i, all);
        // A file with gaps has room for them.
        return safetensors(header(all), attack === 'gaps' ? lengthOf(all) : length);
      }),
    ),
    ...add('header longer than the file', true, (dice, i) => {
      const good = fileOf(drawEntries(dice));
      return changed(good, (_, view) =>
        view.setBigUint64(0, i < 8 ? BigInt(good.length - 7 + i) : BigInt(1 + dice.below(2 ** 31)) << BigInt(9 + dice.below(24)), true),
      );
    }),
    ...add('duplicate keys', true, twice),
    ...add('bad UTF-8', true, (dice) => {
      const all = drawEntries(dice);
      const at = 2 + dice.below(3);
      return safetensors(
        changed(ascii(header(all)), (b) => b.fill(dice.pick([0x80, 0xc0, 0xc1, 0xf5, 0xfe, 0xff]), at, at + 1)),
        lengthOf(all),
      );
    }),
    ...add('bad JSON', false, (dice) => {
      const all = drawEntries(dice);
      const text = header(all);
      const at = 1 + dice.below(text.length - 1);
      const put = dice.pick(['', '{', '}', '"', ',', '\\', '[', '1', 'null', '\u0000']);
      return safetensors(text.slice(0, at) + put + text.slice(at + dice.below(2)), lengthOf(all));
    }),
    ...add('deep JSON', true, (_, i) => safetensors(`{"a":${(i % 2 ? '[' : '{"a":').repeat(10 ** (1 + (i % 6)) + i)}`, 0)),
    ...add('truncated', true, (dice, i) => {
      const good = fileOf(drawEntries(dice));
      return good.subarray(0, Math.floor((good.length * (i % 22)) / 22));
    }),
    ...add('flipped bits', false, (dice) =>
      changed(fileOf(drawEntries(dice)), (b) => {
        for (let k = 0; k < 3; k++) b[dice.below(b.length)]! ^= 1 << dice.below(8);
      }),
    ),
  ];
}

const noShapes = [
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
];

function npyMutants(): Mutant[] {
  const add = (attack: string, refused: boolean, make: (dice: Dice, i: number) => Uint8Array): Mutant[] =>
    mutantsOf('npy', attack, refused, make);
  /** A file whose array is described wrongly. */
  const described = (dice: Dice, wrong: { shape?: string; order?: string }): Uint8Array => {
    const array = drawArray(dice);
    return npy(dict({ ...array, ...wrong }), array.data);
  };
  /** A file whose header is changed as text. */
  const rewritten = (dice: Dice, change: (text: string) => string): Uint8Array => {
    const array = drawArray(dice);
    return npy(change(dict(array)), array.data);
  };
  return [
    ...add('header longer than the file', true, (dice, i) => {
      const good = described(dice, {});
      return changed(good, (b, view) => {
        if (i % 2) return view.setUint16(8, good.length - 9 + dice.below(60000), true);
        b[6] = 2 + (i % 4) / 2;
        view.setUint32(8, good.length + dice.below(2 ** 32 - 2000), true);
      });
    }),
    ...add('huge shapes', true, (dice, i) => {
      const shape = Array.from({ length: 1 + dice.below(5) }, () => String(BigInt(dice.pick(huge))));
      return described(dice, { shape: `(${shape.join(', ')},${i % 3 === 0 ? ' 0,' : ''})` });
    }),
    ...add('wrong dtype sizes', true, (dice) => {
      const array = drawArray(dice);
      return npy(dict({ ...array, descr: otherSize(dice, array.descr) }), array.data);
    }),
    ...add('duplicate keys', true, (dice) =>
      rewritten(dice, (text) => {
        const again = dice.pick([text.slice(1, text.indexOf(',')), "'shape': (2, 3)", "'fortran_order': False", '"shape": (1,)']);
        return text.replace(', }', `, ${again}, }`);
      }),
    ),
    ...add('prototype keys', true, (dice, i) => {
      const name = dice.pick(reserved);
      return rewritten(dice, (text) => (i % 2 ? text.replace('}', `'${name}': True, }`) : text.replace(/'(descr|shape)'/, `'${name}'`)));
    }),
    ...add('gaps', true, (dice, i) => {
      const array = drawArray(dice);
      return npy(dict(array), i % 2 ? array.data + 1 + i : dice.below(array.data));
    }),
    ...add('Python in the header', true, (dice, i) => {
      const order = dice.pick(['0', 'None', '"False"', 'false', 'False or True', '']);
      return described(dice, i % 4 === 0 ? { order } : { shape: dice.pick(noShapes) });
    }),
    ...add('bad characters', false, (dice) => {
      const array = drawArray(dice);
      const text = ascii(dict(array));
      const at = dice.below(text.length);
      return npy(
        changed(text, (b) => b.fill(dice.pick([0, 0x80, 0xff, 0x27, 0x7b, 0x28]), at, at + 1 + dice.below(6))),
        array.data,
      );
    }),
    ...add('truncated', true, (dice, i) => {
      const good = described(dice, {});
      return good.subarray(0, Math.floor((good.length * (i % 22)) / 22));
    }),
    ...add('flipped bits', false, (dice) =>
      changed(described(dice, {}), (b) => {
        for (let k = 0; k < 3; k++) b[dice.below(b.length)]! ^= 1 << dice.below(8);
      }),
    ),
  ];
}

/** Mutants of safetensors and npy files. */
export const plainMutants = (): Mutant[] => [...safetensorsMutants(), ...npyMutants()];
