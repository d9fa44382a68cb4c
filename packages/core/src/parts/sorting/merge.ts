import type { TypedArray } from '../../dtype.ts';
import { eachLine, type Lines, readLine } from './lines.ts';

/** Runs of this length are sorted by insertion before they are merged. */
const run = 16;

/** Sorts `keys` (no NaN among them) and the places that go with them, ascending; equal keys keep their order. */
function mergeSort(keys: Float64Array, places: Int32Array, n: number, spareKeys: Float64Array, sparePlaces: Int32Array): void {
  for (let lo = 0; lo < n; lo += run) {
    const hi = Math.min(lo + run, n);
    for (let i = lo + 1; i < hi; i++) {
      const key = keys[i]!;
      const place = places[i]!;
      let j = i - 1;
      for (; j >= lo && keys[j]! > key; j--) {
        keys[j + 1] = keys[j]!;
        places[j + 1] = places[j]!;
      }
      keys[j + 1] = key;
      places[j + 1] = place;
    }
  }
  let [fromKeys, fromPlaces, toKeys, toPlaces] = [keys, places, spareKeys, sparePlaces];
  for (let width = run; width < n; width *= 2) {
    for (let lo = 0; lo < n; lo += 2 * width) {
      const mid = Math.min(lo + width, n);
      const hi = Math.min(lo + 2 * width, n);
      let a = lo;
      let b = mid;
      for (let to = lo; to < hi; to++) {
        const left = a < mid && (b >= hi || fromKeys[a]! <= fromKeys[b]!);
        const from = left ? a++ : b++;
        toKeys[to] = fromKeys[from]!;
        toPlaces[to] = fromPlaces[from]!;
      }
    }
    [fromKeys, fromPlaces, toKeys, toPlaces] = [toKeys, toPlaces, fromKeys, fromPlaces];
  }
  if (fromKeys !== keys) {
    keys.set(fromKeys.subarray(0, n));
    places.set(fromPlaces.subarray(0, n));
  }
}

/** Sorts lines of up to `n` elements, reusing its buffers. */
export class LineSorter {
  readonly #keys: Float64Array;
  readonly #spareKeys: Float64Array;
  readonly #sparePlaces: Int32Array;
  readonly #nans: Int32Array;
  /** After {@link sort}: where the elements of the line go, in order. */
  readonly places: Int32Array;

  constructor(n: number) {
    this.#keys = new Float64Array(n);
    this.#spareKeys = new Float64Array(n);
    this.#sparePlaces = new Int32Array(n);
    this.#nans = new Int32Array(n);
    this.places = new Int32Array(n);
  }

  /** Stable order of `line[0..n)`. NaN is the largest: last, or first when `descending`. */
  sort(line: Float64Array, n: number, descending: boolean): Int32Array {
    const keys = this.#keys;
    const { places } = this;
    const nans = this.#nans;
    let count = 0;
    let numbers = 0;
    for (let k = 0; k < n; k++) {
      const v = line[k]!;
      if (v !== v) nans[count++] = k;
      else {
        keys[numbers] = descending ? -v : v;
        places[numbers++] = k;
      }
    }
    mergeSort(keys, places, numbers, this.#spareKeys, this.#sparePlaces);
    if (count > 0) {
      if (descending) places.copyWithin(count, 0, numbers);
      places.set(nans.subarray(0, count), descending ? 0 : numbers);
    }
    return places;
  }
}

/** The stable order of every line: in the shape of the values, the place along the line of what comes k-th. */
export function argsortLines(values: TypedArray, lines: Lines, descending: boolean): Float64Array {
  const { n, inner } = lines;
  const out = new Float64Array(values.length);
  const line = new Float64Array(n);
  const sorter = new LineSorter(n);
  eachLine(lines, (start) => {
    readLine(values, start, lines, line);
    const places = sorter.sort(line, n, descending);
    for (let k = 0, at = start; k < n; k++, at += inner) out[at] = places[k]!;
  });
  return out;
}
