// Type-level non-negative integers: schoolbook arithmetic on reversed digit tuples.
// Generated tables: [low digit, carry] for + and x, [quotient, remainder] for / by 1..4.
type AddTable = [
  [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0], [7, 0], [8, 0], [9, 0]],
  [[1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0], [7, 0], [8, 0], [9, 0], [0, 1]],
  [[2, 0], [3, 0], [4, 0], [5, 0], [6, 0], [7, 0], [8, 0], [9, 0], [0, 1], [1, 1]],
  [[3, 0], [4, 0], [5, 0], [6, 0], [7, 0], [8, 0], [9, 0], [0, 1], [1, 1], [2, 1]],
  [[4, 0], [5, 0], [6, 0], [7, 0], [8, 0], [9, 0], [0, 1], [1, 1], [2, 1], [3, 1]],
  [[5, 0], [6, 0], [7, 0], [8, 0], [9, 0], [0, 1], [1, 1], [2, 1], [3, 1], [4, 1]],
  [[6, 0], [7, 0], [8, 0], [9, 0], [0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [5, 1]],
  [[7, 0], [8, 0], [9, 0], [0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [5, 1], [6, 1]],
  [[8, 0], [9, 0], [0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [5, 1], [6, 1], [7, 1]],
  [[9, 0], [0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [5, 1], [6, 1], [7, 1], [8, 1]],
];
type MulTable = [
  [[0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
  [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0], [7, 0], [8, 0], [9, 0]],
  [[0, 0], [2, 0], [4, 0], [6, 0], [8, 0], [0, 1], [2, 1], [4, 1], [6, 1], [8, 1]],
  [[0, 0], [3, 0], [6, 0], [9, 0], [2, 1], [5, 1], [8, 1], [1, 2], [4, 2], [7, 2]],
  [[0, 0], [4, 0], [8, 0], [2, 1], [6, 1], [0, 2], [4, 2], [8, 2], [2, 3], [6, 3]],
  [[0, 0], [5, 0], [0, 1], [5, 1], [0, 2], [5, 2], [0, 3], [5, 3], [0, 4], [5, 4]],
  [[0, 0], [6, 0], [2, 1], [8, 1], [4, 2], [0, 3], [6, 3], [2, 4], [8, 4], [4, 5]],
  [[0, 0], [7, 0], [4, 1], [1, 2], [8, 2], [5, 3], [2, 4], [9, 4], [6, 5], [3, 6]],
  [[0, 0], [8, 0], [6, 1], [4, 2], [2, 3], [0, 4], [8, 4], [6, 5], [4, 6], [2, 7]],
  [[0, 0], [9, 0], [8, 1], [7, 2], [6, 3], [5, 4], [4, 5], [3, 6], [2, 7], [1, 8]],
];
type DivTable = {
  '1': [[[0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0], [7, 0], [8, 0], [9, 0]]];
  '2': [
    [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1], [3, 0], [3, 1], [4, 0], [4, 1]],
    [[5, 0], [5, 1], [6, 0], [6, 1], [7, 0], [7, 1], [8, 0], [8, 1], [9, 0], [9, 1]],
  ];
  '3': [
    [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2], [3, 0]],
    [[3, 1], [3, 2], [4, 0], [4, 1], [4, 2], [5, 0], [5, 1], [5, 2], [6, 0], [6, 1]],
    [[6, 2], [7, 0], [7, 1], [7, 2], [8, 0], [8, 1], [8, 2], [9, 0], [9, 1], [9, 2]],
  ];
  '4': [
    [[0, 0], [0, 1], [0, 2], [0, 3], [1, 0], [1, 1], [1, 2], [1, 3], [2, 0], [2, 1]],
    [[2, 2], [2, 3], [3, 0], [3, 1], [3, 2], [3, 3], [4, 0], [4, 1], [4, 2], [4, 3]],
    [[5, 0], [5, 1], [5, 2], [5, 3], [6, 0], [6, 1], [6, 2], [6, 3], [7, 0], [7, 1]],
    [[7, 2], [7, 3], [8, 0], [8, 1], [8, 2], [8, 3], [9, 0], [9, 1], [9, 2], [9, 3]],
  ];
};

type D = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
type Rev = readonly D[];

/** 128 -> [8, 2, 1] */
type Digits<N extends number> = DigitsOf<`${N}`, []>;
type DigitsOf<S extends string, Acc extends Rev> = S extends `${infer H extends D}${infer R}`
  ? DigitsOf<R, [H, ...Acc]>
  : S extends ''
    ? Acc
    : never;
/** [8, 2, 1] -> 128 (trailing zeros of the reversed form are stripped) */
type Num<R extends Rev> = ToStr<R, ''> extends `${infer N extends number}` ? N : number;
type ToStr<R extends Rev, Acc extends string> = R extends readonly [infer H extends D, ...infer T extends Rev]
  ? ToStr<T, `${H}${Acc}`>
  : Strip<Acc>;
type Strip<S extends string> = S extends `0${infer R}` ? (R extends '' ? '0' : Strip<R>) : S;

type AddR<A extends Rev, B extends Rev, C extends D = 0, Acc extends Rev = []> = A extends readonly [
  infer a extends D,
  ...infer As extends Rev,
]
  ? B extends readonly [infer b extends D, ...infer Bs extends Rev]
    ? AddTable[a][b] extends [infer lo extends D, infer hi extends D]
      ? AddTable[lo][C] extends [infer s extends D, infer c extends D]
        ? AddR<As, Bs, AddTable[hi][c][0] extends infer k extends D ? k : 0, [...Acc, s]>
        : never
      : never
    : C extends 0
      ? [...Acc, ...A]
      : AddR<A, [C], 0, Acc>
  : B extends readonly []
    ? C extends 0
      ? Acc
      : [...Acc, C]
    : C extends 0
      ? [...Acc, ...B]
      : AddR<[C], B, 0, Acc>;
type MulD<A extends Rev, d extends D, C extends D = 0, Acc extends Rev = []> = A extends readonly [
  infer a extends D,
  ...infer As extends Rev,
]
  ? MulTable[a][d] extends [infer lo extends D, infer hi extends D]
    ? AddTable[lo][C] extends [infer s extends D, infer c extends D]
      ? MulD<As, d, AddTable[hi][c][0] extends infer k extends D ? k : 0, [...Acc, s]>
      : never
    : never
  : C extends 0
    ? Acc
    : [...Acc, C];
type MulR<A extends Rev, B extends Rev, Shift extends Rev = [], Acc extends Rev = []> = B extends readonly [
  infer b extends D,
  ...infer Bs extends Rev,
]
  ? MulR<A, Bs, [...Shift, 0], b extends 0 ? Acc : AddR<[...Shift, ...MulD<A, b>], Acc>>
  : Acc extends readonly []
    ? [0]
    : Acc;
type DivR<
  N extends string,
  d extends 1 | 2 | 3 | 4,
  Rem extends number = 0,
  Acc extends string = '',
> = N extends `${infer H extends D}${infer T}`
  ? DivTable[`${d}`][Rem & keyof DivTable[`${d}`]] extends infer Row
    ? Row[H & keyof Row] extends [infer q extends number, infer r extends number]
      ? DivR<T, d, r, `${Acc}${q}`>
      : never
    : never
  : Strip<Acc> extends `${infer Q extends number}`
    ? Q
    : number;

/** Exact for literals, `number` as soon as either side is unknown. */
export type Add<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : A extends 0
      ? B
      : B extends 0
        ? A
        : Num<AddR<Digits<A>, Digits<B>>>;
export type Mul<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : A extends 1
      ? B
      : B extends 1
        ? A
        : Num<MulR<Digits<A>, Digits<B>>>;
/** Floor division by 1..4 (strides); anything else is `number`. */
export type DivSmall<A extends number, d extends number> = number extends A
  ? number
  : d extends 1
    ? A
    : d extends 2 | 3 | 4
      ? DivR<`${A}`, d>
      : number;
/** A - B for A >= B via search on the digit sum: B + x = A. Only single-digit B (kernel - 1). */
export type SubDigit<A extends number, B extends number> = number extends A
  ? number
  : B extends 0
    ? A
    : B extends D
      ? Num<SubR<Digits<A>, B>>
      : number;
type SubRow<a extends D, b extends D> = {
  [x in D]: AddTable[b][x] extends [infer lo, infer hi] ? (lo extends a ? [x, hi] : never) : never;
}[D];
type SubR<A extends Rev, b extends D, Acc extends Rev = []> = A extends readonly [infer a extends D, ...infer As extends Rev]
  ? SubRow<a, b> extends [infer x extends D, infer borrow extends D]
    ? borrow extends 0
      ? [...Acc, x, ...As]
      : SubR<As, 1, [...Acc, x]>
    : never
  : Acc;
