import { cat, ones, rand, randn, stack, type Tensor, zeros } from '@nabla/core';

/** A circle around another: n points [n, 2], and the class of each [n]. */
export function circles(n: number, noise: number): [x: Tensor, y: Tensor] {
  const angle = rand([n / 2]).mul(2 * Math.PI);
  const outer = stack([angle.cos(), angle.sin()], 1).mul(1.5);
  const x = cat([outer, outer.mul(0.5)]).add(randn([n, 2]).mul(noise));
  return [x, cat([zeros([n / 2], { dtype: 'int64' }), ones([n / 2], { dtype: 'int64' })])];
}
