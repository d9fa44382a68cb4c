// Shapes of views that add, drop or exchange dimensions, in the manner of shape-types.ts: a rule that fails is the
// message, a rule that loses information answers `readonly number[]`.
import type { Fail, Reduce, Shape, Show } from './shape-types.ts';

type Unranked<S extends Shape> = number extends S['length'] ? true : false;

/** A tuple that is as long as a dimension counted from the end lies before it. */
type Before<S extends readonly unknown[], N extends string> = N extends '1'
  ? S extends readonly [...infer R, unknown]
    ? R
    : never
  : N extends '2'
    ? S extends readonly [...infer R, unknown, unknown]
      ? R
      : never
    : N extends '3'
      ? S extends readonly [...infer R, unknown, unknown, unknown]
        ? R
        : never
      : N extends '4'
        ? S extends readonly [...infer R, unknown, unknown, unknown, unknown]
          ? R
          : never
        : never;
/** A literal dim counted from the front, as a tuple key; never when it is out of range (or beyond -4). */
type Place<S extends readonly unknown[], X extends number> = `${X}` extends `-${infer N}`
  ? Before<S, N> extends infer R extends readonly unknown[]
    ? `${R['length']}`
    : never
  : `${X}` extends keyof S
    ? `${X}`
    : never;

/** `S` without dimension `X` when that has size 1. */
export type Squeeze<S extends Shape, X extends number> =
  Unranked<S> extends true
    ? readonly number[]
    : number extends X
      ? readonly number[]
      : [Place<S, X>] extends [never]
        ? Reduce<S, X, false> extends Fail
          ? Fail<`squeeze: dim ${X} is out of range for ${Show<S>} (rank ${S['length']})`>
          : readonly number[]
        : S[Place<S, X> & keyof S] extends infer N
          ? number extends N
            ? readonly number[]
            : N extends 1
              ? Reduce<S, X, false>
              : S
          : never;

type InsertOne<S extends Shape, K, Done extends Shape = readonly []> = `${Done['length']}` extends K
  ? readonly [...Done, 1, ...S]
  : S extends readonly [infer H extends number, ...infer T extends Shape]
    ? InsertOne<T, K, readonly [...Done, H]>
    : never;
/** `S` with a dimension of size 1 at `X`. */
export type Unsqueeze<S extends Shape, X extends number> =
  Unranked<S> extends true
    ? readonly number[]
    : number extends X
      ? readonly number[]
      : [Place<readonly [...S, 1], X>] extends [never]
        ? Reduce<readonly [...S, 1], X, false> extends Fail
          ? Fail<`unsqueeze: dim ${X} is out of range for ${Show<S>} (rank ${S['length']})`>
          : readonly number[]
        : InsertOne<S, Place<readonly [...S, 1], X>>;

type Exchange<S extends Shape, A, B> = {
  readonly [I in keyof S]: I extends A ? S[B & keyof S] & number : I extends B ? S[A & keyof S] & number : S[I];
};
/** `S` with dimensions `X` and `Y` exchanged. */
export type Transpose<S extends Shape, X extends number, Y extends number> =
  Unranked<S> extends true
    ? readonly number[]
    : number extends X | Y
      ? readonly number[]
      : [Place<S, X>] extends [never]
        ? OutOfRange<S, X>
        : [Place<S, Y>] extends [never]
          ? OutOfRange<S, Y>
          : Exchange<S, Place<S, X>, Place<S, Y>>;
type OutOfRange<S extends Shape, X extends number> =
  Reduce<S, X, false> extends Fail ? Fail<`transpose: dim ${X} is out of range for ${Show<S>} (rank ${S['length']})`> : readonly number[];

/** `S` without dimension `X`, of which one entry is taken. */
export type Select<S extends Shape, X extends number> =
  Reduce<S, X, false> extends infer R
    ? R extends Shape
      ? R
      : Fail<`select: dim ${X} is out of range for ${Show<S>} (rank ${S['length']})`>
    : never;

/** The shape that a tensor is expanded to, as far as known: -1 keeps a size. */
export type Expand<T extends Shape> = { readonly [K in keyof T]: T[K] extends -1 ? number : T[K] };

/** Tensors of these shapes along a new dimension `X`. */
export type Stack<Ss extends readonly Shape[], X extends number> = Ss extends readonly [
  infer H extends Shape,
  ...infer R extends readonly Shape[],
]
  ? StackAll<H, R, [...R, 0]['length'], X>
  : readonly number[];
type StackAll<H extends Shape, R extends readonly Shape[], N extends number, X extends number> = R extends readonly [
  infer K extends Shape,
  ...infer T extends readonly Shape[],
]
  ? AllSame<H, K> extends true
    ? StackAll<H, T, N, X>
    : Fail<`stack: shapes differ: ${Show<H>} and ${Show<K>}`>
  : Unsqueeze<H, X> extends infer U
    ? U extends Shape
      ? SetOne<U, X, N>
      : U
    : never;
/** Whether two shapes can be the same as far as known. */
type AllSame<A extends Shape, B extends Shape> =
  Unranked<A> extends true
    ? true
    : Unranked<B> extends true
      ? true
      : A['length'] extends B['length']
        ? false extends { readonly [I in keyof A]: I extends keyof B ? SameSize<A[I], B[I]> : true }[number]
          ? false
          : true
        : false;
type SameSize<A, B> = number extends A ? true : number extends B ? true : A extends B ? true : false;
type SetOne<U extends Shape, X extends number, N extends number> =
  Unranked<U> extends true ? readonly number[] : { readonly [I in keyof U]: I extends Place<U, X> ? N : U[I] };
