import { cat, noGrad, ShapeError, type Tensor, ValueError } from '@nabla/core';

/**
 * All parameters as one vector, in their order; differentiable.
 *
 * @throws ValueError without parameters, or for parameters on several devices
 * @example
 * ```ts
 * parametersToVector(new Linear(3, 2).parameters()); // [8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  const all = [...parameters];
  if (all.length === 0) throw new ValueError('parametersToVector: there are no parameters');
  if (all.some((p) => p.device !== all[0]!.device)) throw new ValueError('parametersToVector: the parameters are on several devices');
  return cat(all.map((p) => p.reshape([p.size]) as Tensor)) as Tensor;
}

/**
 * Copies slices of a vector into parameters, in their order: the reverse of {@link parametersToVector}.
 *
 * @throws ShapeError when the vector has not as many elements as the parameters; none was changed then
 * @example
 * ```ts
 * vectorToParameters(zeros([8]), new Linear(3, 2).parameters());
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const all = [...parameters];
  const total = all.reduce((sum, p) => sum + p.size, 0);
  if (vector.ndim !== 1 || vector.size !== total)
    throw new ShapeError(`vectorToParameters: the vector has shape [${vector.shape.join(', ')}], the parameters have ${total} elements`);
  noGrad(() => {
    let start = 0;
    for (const p of all) {
      p.copy_(vector.narrow(0, start, p.size).reshape([...p.shape]) as Tensor);
      start += p.size;
    }
  });
}
