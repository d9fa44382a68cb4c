// Gradual shape algebra. A dimension is a literal when known and `number` when not;
// a shape is a tuple when the rank is known and `readonly number[]` when not.
// Every rule answers `number` / `readonly number[]` the moment it loses information, never an error.
import type { Add, DivSmall, Mul, SubDigit } from './int-types.ts';

export type Shape = readonly number[];
/** A rule that fails returns a string: the message the user will read. */
export type Fail<M extends string = string> = `✗ ${M}`;

type Unranked<S extends Shape> = number extends S['length'] ? true : false;
export type Show<S extends Shape> = `[${Join<S>}]`;
type Join<S extends Shape, Acc extends string = ''> = number extends S['length']
  ? `...${Tail<S>}`
  : S extends readonly [infer H extends number, ...infer T extends Shape]
    ? Join<T, `${Acc}${Acc extends '' ? '' : ', '}${number extends H ? '?' : H}`>
    : Acc;

type Tail<S extends Shape, Acc extends string = ''> = S extends readonly [...infer R extends Shape, infer L extends number]
  ? Tail<R, `, ${number extends L ? '?' : L}${Acc}`>
  : Acc;

// ---- broadcasting -------------------------------------------------------------------------
type BDim<A extends number, B extends number> = A extends B ? (B extends A ? A : BLit<A, B>) : BLit<A, B>;
type BLit<A extends number, B extends number> = A extends 1 ? B : B extends 1 ? A : number extends A ? B : number extends B ? A : Fail;
export type Broadcast<A extends Shape, B extends Shape> = A extends B ? (B extends A ? A : BCheck<A, B>) : BCheck<A, B>;
type BCheck<A extends Shape, B extends Shape> =
  Unranked<A> extends true ? readonly number[] : Unranked<B> extends true ? readonly number[] : BZip<A, B, A, B, readonly []>;
type BZip<A extends Shape, B extends Shape, A0 extends Shape, B0 extends Shape, Acc extends Shape> = A extends readonly [
  ...infer Ai extends Shape,
  infer a extends number,
]
  ? B extends readonly [...infer Bi extends Shape, infer b extends number]
    ? BDim<a, b> extends infer r
      ? r extends number
        ? BZip<Ai, Bi, A0, B0, readonly [r, ...Acc]>
        : Fail<`cannot broadcast ${Show<A0>} with ${Show<B0>}: ${a} vs ${b} at dimension -${Next<Acc['length']>}`>
      : never
    : readonly [...A, ...Acc]
  : readonly [...B, ...Acc];
type Next<N extends number> = [1, 2, 3, 4, 5, 6, 7, 8][N];

// ---- matmul -------------------------------------------------------------------------------
type Same<A extends number, B extends number> = number extends A ? true : number extends B ? true : A extends B ? true : false;
export type MatMul<A extends Shape, B extends Shape> =
  Unranked<A> extends true
    ? readonly number[]
    : Unranked<B> extends true
      ? readonly number[]
      : A extends readonly [...infer Ab extends Shape, infer m extends number, infer k extends number]
        ? B extends readonly [...infer Bb extends Shape, infer k2 extends number, infer n extends number]
          ? Same<k, k2> extends true
            ? Broadcast<Ab, Bb> extends infer batch
              ? batch extends Shape
                ? readonly [...batch, m, n]
                : Fail<`matmul ${Show<A>} @ ${Show<B>}: batch dimensions do not broadcast`>
              : never
            : Fail<`matmul ${Show<A>} @ ${Show<B>}: inner dimensions ${k} and ${k2} differ`>
          : B extends readonly [infer k2 extends number]
            ? Same<k, k2> extends true
              ? readonly [...Ab, m]
              : Fail<`matmul ${Show<A>} @ ${Show<B>}: inner dimensions ${k} and ${k2} differ`>
            : Fail<`matmul: the right operand is a scalar`>
        : A extends readonly [infer k extends number]
          ? B extends readonly [...infer Bb extends Shape, infer k2 extends number, infer n extends number]
            ? Same<k, k2> extends true
              ? readonly [...Bb, n]
              : Fail<`matmul ${Show<A>} @ ${Show<B>}: inner dimensions ${k} and ${k2} differ`>
            : B extends readonly [infer k2 extends number]
              ? Same<k, k2> extends true
                ? readonly []
                : Fail<`matmul ${Show<A>} @ ${Show<B>}: inner dimensions ${k} and ${k2} differ`>
              : never
          : Fail<`matmul: the left operand is a scalar`>;

// ---- reshape / flatten --------------------------------------------------------------------
export type Prod<S extends Shape, Acc extends number = 1> = S extends readonly [infer H extends number, ...infer T extends Shape]
  ? Prod<T, Mul<Acc, H>>
  : Unranked<S> extends true
    ? number
    : Acc;
/** Drop from A the dims of B (as a multiset); leftover says what -1 stands for. */
type Cancel<A extends Shape, B extends Shape, Left extends Shape = readonly []> = B extends readonly [
  infer H extends number,
  ...infer T extends Shape,
]
  ? H extends -1 | 1
    ? Cancel<A, T, Left>
    : number extends H
      ? 'unknown'
      : Without<A, H> extends infer W
        ? W extends Shape
          ? Cancel<W, T, Left>
          : 'unknown'
        : never
  : A;
type Without<A extends Shape, H extends number, Acc extends Shape = readonly []> = A extends readonly [
  infer a extends number,
  ...infer R extends Shape,
]
  ? number extends a
    ? Without<R, H, readonly [...Acc, a]>
    : a extends H
      ? readonly [...Acc, ...R]
      : Without<R, H, readonly [...Acc, a]>
  : 'none';
type Fill<T extends Shape, V extends number> = { readonly [K in keyof T]: T[K] extends -1 ? V : T[K] };
export type Reshape<S extends Shape, T extends Shape> =
  Unranked<T> extends true
    ? readonly number[]
    : -1 extends T[number]
      ? number extends T[number]
        ? Fill<T, number>
        : Unranked<S> extends true
          ? Fill<T, number>
          : Cancel<S, T> extends infer R
            ? R extends Shape
              ? Fill<T, Prod<R>>
              : Fill<T, number>
            : never
      : Prod<S> extends infer p extends number
        ? Prod<T> extends infer q extends number
          ? Same<p, q> extends true
            ? T
            : Fail<`cannot reshape ${Show<S>} (${p} elements) to ${Show<T>} (${q} elements)`>
          : never
        : never;
/** flatten(1): keep the batch dimension, multiply the rest. */
export type Flatten<S extends Shape> = S extends readonly [infer B extends number, ...infer R extends Shape]
  ? readonly [B, Prod<R>]
  : readonly [number, number];

// ---- dimensions ---------------------------------------------------------------------------
type Neg = {
  1: { '-1': '0' };
  2: { '-1': '1'; '-2': '0' };
  3: { '-1': '2'; '-2': '1'; '-3': '0' };
  4: { '-1': '3'; '-2': '2'; '-3': '1'; '-4': '0' };
  5: { '-1': '4'; '-2': '3'; '-3': '2'; '-4': '1'; '-5': '0' };
  6: { '-1': '5'; '-2': '4'; '-3': '3'; '-4': '2'; '-5': '1'; '-6': '0' };
};
/** The dim as a tuple key ('0', '1', ...), or `never` when out of range, or string when unknown. */
type DimKey<S extends Shape, D extends number> = number extends D
  ? string
  : S['length'] extends keyof Neg
    ? `${D}` extends `-${string}`
      ? `${D}` extends keyof Neg[S['length']]
        ? Neg[S['length']][`${D}`]
        : never
      : `${D}` extends keyof S
        ? `${D}`
        : never
    : string;
type BadDim<S extends Shape, D extends number> = Fail<`dim ${D} is out of range for ${Show<S>} (rank ${S['length']})`>;
export type At<S extends Shape, D extends number> =
  Unranked<S> extends true
    ? number
    : DimKey<S, D> extends infer K
      ? K extends keyof S
        ? S[K] extends number
          ? S[K]
          : number
        : number
      : never;
type SetAt<S extends Shape, K, V extends number> = { readonly [I in keyof S]: I extends K ? V : S[I] };
type DropAt<S extends Shape, K, I extends readonly unknown[] = [], Acc extends Shape = readonly []> = S extends readonly [
  infer H extends number,
  ...infer T extends Shape,
]
  ? `${I['length']}` extends K
    ? readonly [...Acc, ...T]
    : DropAt<T, K, [...I, 0], readonly [...Acc, H]>
  : Acc;
/** The shape after reducing one dim. */
export type Reduce<S extends Shape, D extends number, Keep extends boolean> =
  Unranked<S> extends true
    ? readonly number[]
    : [DimKey<S, D>] extends [never]
      ? BadDim<S, D>
      : string extends DimKey<S, D>
        ? readonly number[]
        : Keep extends true
          ? SetAt<S, DimKey<S, D>, 1>
          : DropAt<S, DimKey<S, D>>;
export type Permute<S extends Shape, P extends Shape> =
  Unranked<S> extends true
    ? readonly number[]
    : P['length'] extends S['length']
      ? [P[number]] extends [Uniq<P>]
        ? { readonly [K in keyof P]: At<S, P[K]> }
        : Fail<`permute: repeated dim in ${Show<P>}`>
      : Fail<`permute: ${P['length']} dims given for ${Show<S>} of rank ${S['length']}`>;
/** The dims, or in place of the first the message that says what is wrong with them. */
export type PermuteArgs<S extends Shape, P extends Shape> =
  Permute<S, P> extends infer R ? (R extends Fail ? [R, ...unknown[]] : P) : never;
type Uniq<P extends Shape, Seen = never> = P extends readonly [infer H extends number, ...infer T extends Shape]
  ? H extends Seen
    ? never
    : Uniq<T, Seen | H>
  : Seen;

/** The shape of tensors of these shapes one after the other along a dim. */
export type Concat<Ss extends readonly Shape[], D extends number> = Ss extends readonly [
  infer H extends Shape,
  ...infer R extends readonly Shape[],
]
  ? ConcatAll<H, H, R, D, [0]>
  : readonly number[];
/** `Acc` is the result so far, `H` the first shape, `I` has the length of the position of the next. */
type ConcatAll<
  Acc extends Shape,
  H extends Shape,
  R extends readonly Shape[],
  D extends number,
  I extends readonly unknown[],
> = R extends readonly [infer Y extends Shape, ...infer T extends readonly Shape[]]
  ? ConcatTwo<Acc, H, Y, D, I['length']> extends infer X
    ? X extends Shape
      ? ConcatAll<X, H, T, D, [...I, 0]>
      : X
    : never
  : Acc;
type ConcatTwo<Acc extends Shape, H extends Shape, Y extends Shape, D extends number, I> =
  Unranked<Acc> extends true
    ? readonly number[]
    : Unranked<Y> extends true
      ? readonly number[]
      : H['length'] extends Y['length']
        ? [DimKey<H, D>] extends [never]
          ? BadDim<H, D>
          : string extends DimKey<H, D>
            ? readonly number[]
            : Differing<H, Y, DimKey<H, D>> extends infer at
              ? [at] extends [never]
                ? { readonly [K in keyof Acc]: K extends DimKey<H, D> ? Add<Acc[K], Y[K & keyof Y] & number> : Acc[K] }
                : Fail<`cat along dim ${D}: ${Show<H>} and tensor ${I & number} of shape ${Show<Y>} differ at dimension ${at & string}`>
              : never
        : Fail<`cat: tensor 0 has ${H['length']} dimensions ${Show<H>} but tensor ${I & number} has ${Y['length']} ${Show<Y>}`>;
/** The first dimension other than `K` at which two shapes of one rank cannot be the same, as a tuple key. */
type Differing<X extends Shape, Y extends Shape, K, I extends readonly unknown[] = []> = X extends readonly [
  infer x extends number,
  ...infer Xs extends Shape,
]
  ? Y extends readonly [infer y extends number, ...infer Ys extends Shape]
    ? `${I['length']}` extends K
      ? Differing<Xs, Ys, K, [...I, 0]>
      : Same<x, y> extends true
        ? Differing<Xs, Ys, K, [...I, 0]>
        : `${I['length']}`
    : never
  : never;

// ---- convolution --------------------------------------------------------------------------
/** floor((n + 2p - (k - 1) - 1) / s) + 1, exact for k <= 10 and s <= 4. */
export type ConvDim<N extends number, K extends number, S extends number, P extends number> = Add<
  DivSmall<SubDigit<Add<N, Mul<2, P>>, K>, S>,
  1
>;
