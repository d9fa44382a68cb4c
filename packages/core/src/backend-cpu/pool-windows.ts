import type { AvgPool2dGeometry, Pool2dGeometry } from '../backend.ts';

/** For each window along one dimension: its first element inside the image and where the image or the window ends. */
export function spans(d: 0 | 1, size: number, g: Pool2dGeometry): { readonly first: Int32Array; readonly end: Int32Array } {
  const count = g.output[d];
  const first = new Int32Array(count);
  const end = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * g.stride[d] - g.padding[d];
    end[i] = Math.min(start + (g.kernel[d] - 1) * g.dilation[d] + 1, size);
    first[i] = start < 0 ? start + Math.ceil(-start / g.dilation[d]) * g.dilation[d] : start;
  }
  return { first, end };
}

/** What each window is divided by, as a plane [OH, OW]. */
export function divisors(g: AvgPool2dGeometry, height: number, width: number): Float64Array {
  const [oh, ow] = g.output;
  const out = new Float64Array(oh * ow);
  const counts = ([0, 1] as const).map((d) => {
    const size = d === 0 ? height : width;
    return Float64Array.from({ length: g.output[d] }, (_, i) => {
      const start = i * g.stride[d] - g.padding[d];
      // Padding counts, but what ceilMode reaches beyond it does not.
      const end = Math.min(start + g.kernel[d], size + g.padding[d]);
      return g.countIncludePad ? end - start : Math.min(end, size) - Math.max(start, 0);
    });
  });
  for (let i = 0; i < oh; i++) for (let j = 0; j < ow; j++) out[i * ow + j] = g.divisorOverride ?? counts[0]![i]! * counts[1]![j]!;
  return out;
}
