import { cat, ones, randn, type Tensor, tensor, zeros } from '@nabla/core';

/** Four clouds at the corners of a square, opposite ones of one class: n points [n, 2], and the class of each [n]. */
export function blobs(n: number, noise: number): [x: Tensor, y: Tensor] {
  const corners = [tensor([1, 1]), tensor([-1, -1]), tensor([1, -1]), tensor([-1, 1])];
  const x = cat(
    corners.map((corner) =>
      randn([n / 4, 2])
        .mul(0.15 + noise)
        .add(corner),
    ),
  );
  return [x, cat([zeros([n / 2], { dtype: 'int64' }), ones([n / 2], { dtype: 'int64' })])];
}
