import { bincount, cat, cdist, multinomial, noGrad, ones, scope, type Tensor, tensor, zeros } from '@nabla/core';

// k-means by Lloyd's rounds. Every step is a few tensor ops on all points at once.

/** Which of the centres [k, d] is nearest to each of the points [n, d]. */
export function nearest(points: Tensor, centres: Tensor): Tensor {
  return cdist(points, centres).argmin(1);
}

/** The start of k-means++: each centre is a point drawn with a chance that grows with its squared distance to those before it. */
function spread(points: Tensor, k: number): Tensor {
  let centres = points.indexSelect(0, multinomial(ones([points.shape[0]!]), 1));
  while (centres.shape[0]! < k) {
    const chances = cdist(points, centres).amin(1).square();
    centres = cat([centres, points.indexSelect(0, multinomial(chances, 1))]);
  }
  return centres;
}

/** Moves every centre to the mean of its points. */
function move(points: Tensor, centres: Tensor): Tensor {
  const owner = nearest(points, centres);
  const sums = zeros(centres.shape).indexAdd_(0, owner, points);
  const counts = bincount(owner, { minlength: centres.shape[0]! }).unsqueeze(1);
  return sums.div(counts.clamp(1)).where(counts.gt(0), centres); // a centre without points stays where it is
}

/** Mean squared distance of the points to their centres: what k-means makes small. */
function inertia(points: Tensor, centres: Tensor): number {
  return cdist(points, centres).amin(1).square().mean().item() as number;
}

/**
 * Finds centres [k, d] of `points` [n, d]: the best of several starts.
 *
 * @param rounds how often the centres move
 */
export function kmeans(points: Tensor, k: number, { starts = 3, rounds = 20 } = {}): Tensor {
  return noGrad(() => {
    let best: Tensor = tensor([]);
    let least = Number.POSITIVE_INFINITY;
    for (let start = 0; start < starts; start++) {
      // A scope gives back the distances of a round, n x k numbers.
      let centres = scope(() => spread(points, k));
      for (let round = 0; round < rounds; round++) centres = scope(() => move(points, centres));
      const error = scope(() => inertia(points, centres));
      if (error < least) {
        least = error;
        best = centres;
      }
    }
    return best;
  });
}

/** Points with their clusters and their true classes, both [n] and int64. */
export interface Grouped {
  readonly owner: Tensor;
  readonly labels: Tensor;
}

/** Names each cluster after the most common class of its points in `named`; the share of points in `asked` that get their class so. */
export function purity(named: Grouped, asked: Grouped, clusters: number, classes: number): number {
  // How often each pair of cluster and class occurs: a table counted as a list.
  const pairs = named.owner.mul(classes).add(named.labels);
  const names = bincount(pairs, { minlength: clusters * classes })
    .reshape([clusters, classes])
    .argmax(1);
  return names.indexSelect(0, asked.owner).eq(asked.labels).to('float32').mean().item() as number;
}
