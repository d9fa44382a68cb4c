import { type Index, isTensor, Slice } from '@nabla/core';

// The rules of indexing, written down independently of the library: element by element, on lists of numbers.

const count = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);

/** One index after ellipses and masks are gone: what it says about one dimension of the source. */
type Item =
  | { readonly kind: 'entry'; readonly from: number }
  | { readonly kind: 'range'; readonly entries: readonly number[] }
  | { readonly kind: 'new' }
  /** Entries by the coordinates of the common shape of all index arrays; `source` is false for true and false. */
  | { readonly kind: 'array'; readonly shape: readonly number[]; readonly values: readonly number[]; readonly source: boolean };

function itemsOf(shape: readonly number[], indices: readonly Index[]): Item[] {
  const dimsOf = (i: Index): number =>
    i === null || i === '...' || typeof i === 'boolean' ? 0 : isTensor(i) && i.dtype === 'bool' ? i.ndim : 1;
  const given = indices.includes('...') ? indices : [...indices, '...' as const];
  const taken = given.reduce<number>((n, i) => n + dimsOf(i), 0);
  const items: Item[] = [];
  let d = 0;
  const entry = (i: number, n: number): Item => ({ kind: 'entry', from: i < 0 ? i + n : i });
  const whole = (n: number): Item => ({ kind: 'range', entries: Array.from({ length: n }, (_, k) => k) });
  for (const i of given) {
    if (i === '...') for (let k = taken; k < shape.length; k++) items.push(whole(shape[d++]!));
    else if (i === null) items.push({ kind: 'new' });
    else if (typeof i === 'number') items.push(entry(i, shape[d++]!));
    else if (typeof i === 'boolean') items.push({ kind: 'array', shape: [i ? 1 : 0], values: i ? [0] : [], source: false });
    else if (i instanceof Slice) {
      // Python's rule, entry by entry.
      const n = shape[d++]!;
      const clamp = (b: number | null, otherwise: number): number => (b === null ? otherwise : Math.max(0, Math.min(n, b < 0 ? b + n : b)));
      const entries: number[] = [];
      for (let k = clamp(i.start, 0); k < clamp(i.end, n); k += i.step) entries.push(k);
      items.push({ kind: 'range', entries });
    } else if (isTensor(i) && i.dtype === 'bool' && i.ndim > 0) {
      const mask = i;
      const hits = [...mask.dataSync()].flatMap((v, k) => (v !== 0 ? [k] : []));
      mask.shape.forEach((n, k) => {
        const step = count(mask.shape.slice(k + 1));
        items.push({ kind: 'array', shape: [hits.length], values: hits.map((h) => Math.floor(h / step) % n), source: true });
        d++;
      });
    } else if (isTensor(i) && i.ndim === 0) {
      items.push(
        i.dtype === 'bool'
          ? { kind: 'array', shape: [i.item()], values: i.item() === 1 ? [0] : [], source: false }
          : entry(i.item(), shape[d++]!),
      );
    } else {
      const values = isTensor(i) ? [...i.dataSync()] : [...(i as readonly number[])];
      const n = shape[d++]!;
      items.push({
        kind: 'array',
        shape: isTensor(i) ? i.shape : [values.length],
        values: values.map((v) => (v < 0 ? v + n : v)),
        source: true,
      });
    }
  }
  return items;
}

/** What NumPy's and PyTorch's rules say: the result's shape, and for each of its elements the place in the source. */
export function expected(shape: readonly number[], indices: readonly Index[]): { shape: number[]; places: number[] } {
  // An entry is applied first, as in PyTorch: unlike in NumPy it does not count as an index array.
  const items = itemsOf(shape, indices);
  const lasting = items.filter((x) => x.kind !== 'entry');
  const arrays = lasting.flatMap((x) => (x.kind === 'array' ? [x] : []));
  const rank = Math.max(0, ...arrays.map((a) => a.shape.length));
  const common = Array.from({ length: rank }, (_, k) =>
    arrays.reduce((n, a) => (n === 1 ? (a.shape[k - rank + a.shape.length] ?? 1) : n), 1),
  );
  const where = lasting.flatMap((x, k) => (x.kind === 'array' ? [k] : []));
  const together = where.every((k, n) => k === where[0]! + n);
  const size = (x: Item): number => (x.kind === 'range' ? x.entries.length : 1);
  // The common dimensions stand at the first array when all are neighbours, else in front.
  const front = together ? lasting.slice(0, where[0] ?? 0) : [];
  const back = (together ? lasting.slice(where[0] ?? 0) : lasting).filter((x) => x.kind !== 'array');
  const result = [...front.map(size), ...(arrays.length > 0 ? common : []), ...back.map(size)];
  const at = arrays.length > 0 ? front.length : result.length;
  const places: number[] = [];
  for (let linear = 0; linear < count(result); linear++) {
    const c = result.map((n, k) => Math.floor(linear / count(result.slice(k + 1))) % n);
    const shared = c.slice(at, at + (arrays.length > 0 ? rank : 0));
    const own = arrays.length > 0 ? [...c.slice(0, at), ...c.slice(at + rank)] : c;
    let place = 0;
    let d = 0;
    const step = (entry: number): void => {
      place = place * shape[d++]! + entry;
    };
    let k = 0;
    for (const x of items) {
      if (x.kind === 'entry') step(x.from);
      else if (x.kind === 'new') k++;
      else if (x.kind === 'range') step(x.entries[own[k++]!]!);
      else if (x.source) {
        const tail = shared.slice(rank - x.shape.length);
        step(x.values[tail.reduce((sum, i, q) => sum * x.shape[q]! + (x.shape[q] === 1 ? 0 : i), 0)]!);
      }
    }
    places.push(place);
  }
  return { shape: result, places };
}
