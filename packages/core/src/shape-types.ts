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
                : Fail<`dot ${Show<A>} . ${Show<B>}: lengths differ`>
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

// ---- axes ---------------------------------------------------------------------------------
type Neg = {
  1: { '-1': '0' };
  2: { '-1': '1'; '-2': '0' };
  3: { '-1': '2'; '-2': '1'; '-3': '0' };
  4: { '-1': '3'; '-2': '2'; '-3': '1'; '-4': '0' };
  5: { '-1': '4'; '-2': '3'; '-3': '2'; '-4': '1'; '-5': '0' };
  6: { '-1': '5'; '-2': '4'; '-3': '3'; '-4': '2'; '-5': '1'; '-6': '0' };
};
/** The axis as a tuple key ('0', '1', ...), or `never` when out of range, or string when unknown. */
type Axis<S extends Shape, A extends number> = number extends A
  ? string
  : `${A}` extends `-${string}`
    ? `${A}` extends keyof Neg[S['length'] & keyof Neg]
      ? Neg[S['length'] & keyof Neg][`${A}`]
      : never
    : `${A}` extends keyof S
      ? `${A}`
      : never;
type BadAxis<
  S extends Shape,
  A extends number,
  Op extends string,
> = Fail<`${Op}: axis ${A} is out of range for ${Show<S>} (rank ${S['length']})`>;
export type At<S extends Shape, A extends number> =
  Unranked<S> extends true
    ? number
    : Axis<S, A> extends infer K
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
export type Reduce<S extends Shape, A extends number, Keep extends boolean> =
  Unranked<S> extends true
    ? readonly number[]
    : [Axis<S, A>] extends [never]
      ? BadAxis<S, A, 'reduce'>
      : string extends Axis<S, A>
        ? readonly number[]
        : Keep extends true
          ? SetAt<S, Axis<S, A>, 1>
          : DropAt<S, Axis<S, A>>;
export type Permute<S extends Shape, P extends Shape> =
  Unranked<S> extends true
    ? readonly number[]
    : P['length'] extends S['length']
      ? [P[number]] extends [Uniq<P>]
        ? { readonly [K in keyof P]: At<S, P[K]> }
        : Fail<`permute: repeated axis in ${Show<P>}`>
      : Fail<`permute: ${P['length']} axes given for ${Show<S>} of rank ${S['length']}`>;
type Uniq<P extends Shape, Seen = never> = P extends readonly [infer H extends number, ...infer T extends Shape]
  ? H extends Seen
    ? never
    : Uniq<T, Seen | H>
  : Seen;
export type Concat<Ss extends readonly Shape[], A extends number> = Ss extends readonly [
  infer H extends Shape,
  ...infer R extends readonly Shape[],
]
  ? ConcatAll<H, R, A>
  : readonly number[];
type ConcatAll<Acc extends Shape, R extends readonly Shape[], A extends number> = R extends readonly [
  infer H extends Shape,
  ...infer T extends readonly Shape[],
]
  ? Concat2<Acc, H, A> extends infer X
    ? X extends Shape
      ? ConcatAll<X, T, A>
      : X
    : never
  : Acc;
type Concat2<X extends Shape, Y extends Shape, A extends number> =
  Unranked<X> extends true
    ? readonly number[]
    : Unranked<Y> extends true
      ? readonly number[]
      : X['length'] extends Y['length']
        ? Axis<X, A> extends infer K
          ? {
              readonly [I in keyof X]: I extends K
                ? Add<X[I], Y[I & keyof Y] & number>
                : Same<X[I], Y[I & keyof Y] & number> extends true
                  ? X[I]
                  : Fail;
            } extends infer Z
            ? Z extends Shape
              ? Z
              : Fail<`concat along ${A}: ${Show<X>} and ${Show<Y>} differ on another axis`>
            : never
          : never
        : Fail<`concat: ranks differ, ${Show<X>} and ${Show<Y>}`>;

// ---- convolution --------------------------------------------------------------------------
/** floor((n + 2p - (k - 1) - 1) / s) + 1, exact for k <= 10 and s <= 4. */
export type ConvDim<N extends number, K extends number, S extends number, P extends number> = Add<
  DivSmall<SubDigit<Add<N, Mul<2, P>>, K>, S>,
  1
>;
