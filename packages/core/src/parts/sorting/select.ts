/**
 * Selection in linear time by quickselect, and the sort of what was selected. PyTorch finds medians, modes and largest
 * elements by the C++ standard library, where the order of equal elements follows from the steps that are taken: these
 * are the same steps (median-of-three pivots, introselect and introsort as of Musser, 1997), so that ties give the same
 * indices.
 */

/** Elements of one line by place, and how they are ordered: ascending with NaN last, or descending with NaN first. */
export interface Ranking {
  readonly keys: Float64Array;
  readonly descending: boolean;
}

function less(a: number, b: number): boolean {
  return a < b || (b !== b && a === a);
}

/** Whether the element at place p comes strictly before the one at place q. */
function before({ keys, descending }: Ranking, p: number, q: number): boolean {
  return descending ? less(keys[q]!, keys[p]!) : less(keys[p]!, keys[q]!);
}

function swap(at: Int32Array, i: number, j: number): void {
  const t = at[i]!;
  at[i] = at[j]!;
  at[j] = t;
}

/** Swaps the median of the elements at i, j and k to `target`. */
function medianTo(r: Ranking, at: Int32Array, target: number, i: number, j: number, k: number): void {
  const [a, b, c] = [at[i]!, at[j]!, at[k]!];
  let median: number;
  if (before(r, a, b)) median = before(r, b, c) ? j : before(r, a, c) ? k : i;
  else median = before(r, a, c) ? i : before(r, b, c) ? k : j;
  swap(at, target, median);
}

/** Splits [first, last) around its median of three, which waits at `first`; gives where the right part starts. */
function partition(r: Ranking, at: Int32Array, first: number, last: number): number {
  medianTo(r, at, first, first + 1, first + ((last - first) >> 1), last - 1);
  const pivot = at[first]!;
  let lo = first + 1;
  let hi = last;
  for (;;) {
    while (before(r, at[lo]!, pivot)) lo++;
    hi--;
    while (before(r, pivot, at[hi]!)) hi--;
    if (lo >= hi) return lo;
    swap(at, lo, hi);
    lo++;
  }
}

/** Moves the element at i down to its place in the sorted range that starts at `first`. */
function insert(r: Ranking, at: Int32Array, first: number, i: number): void {
  const place = at[i]!;
  let j = i - 1;
  for (; j >= first && before(r, place, at[j]!); j--) at[j + 1] = at[j]!;
  at[j + 1] = place;
}

function insertionSort(r: Ranking, at: Int32Array, first: number, last: number): void {
  for (let i = first + 1; i < last; i++) insert(r, at, first, i);
}

/** Puts `place` into the heap [first, first + n) from `hole` on: down along the larger children, then up again. */
function sift(r: Ranking, at: Int32Array, first: number, hole: number, n: number, place: number): void {
  const top = hole;
  let child = hole;
  while (child < (n - 1) >> 1) {
    child = 2 * (child + 1);
    if (before(r, at[first + child]!, at[first + child - 1]!)) child--;
    at[first + hole] = at[first + child]!;
    hole = child;
  }
  if (n % 2 === 0 && child === (n - 2) >> 1) {
    child = 2 * (child + 1);
    at[first + hole] = at[first + child - 1]!;
    hole = child - 1;
  }
  for (let parent = (hole - 1) >> 1; hole > top && before(r, at[first + parent]!, place); parent = (hole - 1) >> 1) {
    at[first + hole] = at[first + parent]!;
    hole = parent;
  }
  at[first + hole] = place;
}

/** Leaves the first elements of [first, last), as many as [first, middle) holds, there as a heap. */
function heapSelect(r: Ranking, at: Int32Array, first: number, middle: number, last: number): void {
  const n = middle - first;
  for (let parent = (n - 2) >> 1; parent >= 0; parent--) sift(r, at, first, parent, n, at[first + parent]!);
  for (let i = middle; i < last; i++) {
    if (!before(r, at[i]!, at[first]!)) continue;
    const place = at[i]!;
    at[i] = at[first]!;
    sift(r, at, first, 0, n, place);
  }
}

/** Sorts the first elements of [first, last) into [first, middle). */
export function partialSort(r: Ranking, at: Int32Array, first: number, middle: number, last: number): void {
  heapSelect(r, at, first, middle, last);
  for (let end = middle - 1; end > first; end--) {
    const place = at[end]!;
    at[end] = at[first]!;
    sift(r, at, first, 0, end - first, place);
  }
}

/** Twice the number of halvings after which quick methods give way to heaps. */
const patience = (n: number): number => 2 * (31 - Math.clz32(n));

/** Puts at `nth` of [first, last) what belongs there when sorted; nothing before it comes after it, nor the other way round. */
export function nthElement(r: Ranking, at: Int32Array, first: number, nth: number, last: number): void {
  if (first === last || nth === last) return;
  let depth = patience(last - first);
  let [lo, hi] = [first, last];
  while (hi - lo > 3) {
    if (depth-- === 0) {
      heapSelect(r, at, lo, nth + 1, hi);
      swap(at, lo, nth);
      return;
    }
    const cut = partition(r, at, lo, hi);
    if (cut <= nth) lo = cut;
    else hi = cut;
  }
  insertionSort(r, at, lo, hi);
}

/** Ranges up to this length are left to the final insertion sort. */
const small = 16;

function introsort(r: Ranking, at: Int32Array, first: number, last: number, depth: number): void {
  let hi = last;
  let left = depth;
  while (hi - first > small) {
    if (left-- === 0) {
      partialSort(r, at, first, hi, hi);
      return;
    }
    const cut = partition(r, at, first, hi);
    introsort(r, at, cut, hi, left);
    hi = cut;
  }
}

/** Sorts [first, last); equal elements come in the order that introsort leaves them in. */
export function sortRange(r: Ranking, at: Int32Array, first: number, last: number): void {
  if (first === last) return;
  introsort(r, at, first, last, patience(last - first));
  insertionSort(r, at, first, last);
}

/**
 * Hoare's quickselect over a whole line, as PyTorch's `kthvalue` runs it: afterwards `at[k]` is what belongs there.
 * `keys` are moved along with the places.
 */
export function quickselect(keys: Float64Array, at: Int32Array, n: number, k: number): void {
  const exchange = (i: number, j: number): void => {
    const t = keys[i]!;
    keys[i] = keys[j]!;
    keys[j] = t;
    swap(at, i, j);
  };
  const ordered = (i: number, j: number): void => {
    if (less(keys[j]!, keys[i]!)) exchange(i, j);
  };
  let lo = 0;
  let hi = n - 1;
  while (lo < hi) {
    if (hi === lo + 1) {
      ordered(lo, hi);
      return;
    }
    exchange(lo + ((hi - lo) >> 1), lo + 1);
    ordered(lo + 1, hi);
    ordered(lo, hi);
    ordered(lo + 1, lo);
    const pivot = keys[lo]!;
    let i = lo + 1;
    let j = hi;
    for (;;) {
      do i++;
      while (less(keys[i]!, pivot));
      do j--;
      while (less(pivot, keys[j]!));
      if (j < i) break;
      exchange(i, j);
    }
    exchange(lo, j);
    if (j >= k) hi = j - 1;
    if (j <= k) lo = i;
  }
}
