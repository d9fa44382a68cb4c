import { ValueError } from '../errors.ts';

/** Scalar functions of integers held in doubles, exact to 2^53. */

function divisor(b: number): number {
  if (b === 0) throw new ValueError('integer division by zero');
  return b;
}

/** The remainder with the sign of the divisor. */
export function floorModInt(a: number, b: number): number {
  const m = a % divisor(b);
  return m !== 0 && b < 0 !== m < 0 ? m + b : m + 0;
}

/** The remainder with the sign of the dividend. */
export function truncModInt(a: number, b: number): number {
  return (a % divisor(b)) + 0;
}

/** The quotient rounded down; a - a mod b is a multiple of b, so no rounding happens. */
export function floorDivInt(a: number, b: number): number {
  return (a - floorModInt(a, b)) / b + 0;
}

/** The quotient rounded towards zero. */
export function truncDivInt(a: number, b: number): number {
  return (a - (a % divisor(b))) / b + 0;
}

/** a^b for b < 0: powers of ±1 are integers, the others count as 0. */
function negativePower(a: number, b: number): number {
  return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
}

/** a^b. */
export function powInt(a: number, b: number): number {
  if (b < 0) return negativePower(a, b);
  let result = 1;
  let base = a;
  for (let n = b; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result *= base;
    if (n > 1) base *= base;
  }
  return result;
}

/** a^b modulo 2^32. */
export function powInt32(a: number, b: number): number {
  if (b < 0) return negativePower(a, b);
  let result = 1;
  let base = a;
  for (let n = b; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}

const half = 2 ** 32;

/** Two integers of up to 53 bits combined bit by bit, in two's complement: the upper halves are small enough for int32. */
export function and53(a: number, b: number): number {
  return (Math.floor(a / half) & Math.floor(b / half)) * half + ((a & b) >>> 0);
}

/** Bitwise or; see {@link and53}. */
export function or53(a: number, b: number): number {
  return (Math.floor(a / half) | Math.floor(b / half)) * half + ((a | b) >>> 0);
}

/** Bitwise exclusive or; see {@link and53}. */
export function xor53(a: number, b: number): number {
  return (Math.floor(a / half) ^ Math.floor(b / half)) * half + ((a ^ b) >>> 0);
}

function shiftCount(b: number): number {
  if (b < 0) throw new ValueError(`shift by ${b}: the count must not be negative`);
  return b;
}

/** a·2^b for int32: shifting out all bits leaves 0. */
export function shiftLeft32(a: number, b: number): number {
  return shiftCount(b) > 31 ? 0 : a << b;
}

/** floor(a / 2^b) for int32. */
export function shiftRight32(a: number, b: number): number {
  return a >> Math.min(shiftCount(b), 31);
}

/** a·2^b for larger integers. */
export function shiftLeft53(a: number, b: number): number {
  return a === 0 ? 0 : a * 2 ** shiftCount(b);
}

/** floor(a / 2^b) for larger integers. */
export function shiftRight53(a: number, b: number): number {
  return Math.floor(a / 2 ** shiftCount(b));
}

/** The greatest common divisor, never negative. */
export function gcdOf(a: number, b: number): number {
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** The least common multiple, never negative; 0 beside 0. */
export function lcmOf(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : Math.abs((a / gcdOf(a, b)) * b);
}
