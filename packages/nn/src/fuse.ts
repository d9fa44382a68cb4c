import { noGrad, type Tensor, ValueError, zerosLike } from '@nabla/core';
import type { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './batchnorm.ts';
import { Conv1d, Conv2d, Conv3d } from './conv.ts';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv-transpose.ts';
import { Linear } from './linear.ts';
import { isParameter, type Parameter } from './parameter.ts';
import { nameOf } from './state.ts';

/** A batch norm of any rank. */
export type AnyBatchNorm = BatchNorm1d<number> | BatchNorm2d<number> | BatchNorm3d<number>;
/** A convolution of any rank. */
export type AnyConv = Conv1d<number, number, never> | Conv2d<number, number, never> | Conv3d<number, number>;
/** A transposed convolution of any rank. */
export type AnyTransposed = ConvTranspose1d | ConvTranspose2d | ConvTranspose3d;

const convolutions = { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } as unknown as Readonly<
  Record<string, new (inChannels: number, outChannels: number, kernelSize: readonly number[], options: object) => AnyConv>
>;

/** Factor and summand of each channel that evaluation applies. */
function affineOf(op: string, layer: { training: boolean }, bn: AnyBatchNorm): { scale: Tensor; shift: Tensor } {
  if (layer.training || bn.training) throw new ValueError(`${op}: both layers must be in evaluation mode; call eval() first`);
  if (bn.runningMean === null || bn.runningVar === null) throw new ValueError(`${op}: the batch norm keeps no running statistics`);
  const root = bn.runningVar.add(bn.eps).rsqrt() as Tensor;
  const scale = (bn.weight === null ? root : bn.weight.mul(root as never)) as Tensor;
  const negative = bn.runningMean.mul(scale as never).neg() as Tensor;
  return { scale, shift: (bn.bias === null ? negative : bn.bias.add(negative as never)) as Tensor };
}

/** Writes weight and bias of a fused layer. */
function fill(
  to: { weight: unknown; bias: unknown },
  weight: Tensor,
  bias: Tensor | null,
  along: number,
  affine: { scale: Tensor; shift: Tensor },
): void {
  const shape = weight.shape.map((_, d) => (d === along ? -1 : 1));
  const channels = affine.scale.shape[0]!;
  // Groups of transposed convolutions hold their output channels in blocks.
  const groups = channels / weight.shape[along]!;
  const scaled =
    groups === 1
      ? weight.mul(affine.scale.reshape(shape) as never)
      : weight
          .reshape([groups, weight.shape[0]! / groups, ...weight.shape.slice(1)])
          .mul(affine.scale.reshape([groups, 1, -1, ...weight.shape.slice(2).map(() => 1)]) as never)
          .reshape([...weight.shape]);
  (to.weight as Parameter).copy_(scaled as Tensor);
  (to.bias as Parameter).copy_((bias ?? zerosLike(affine.shift)).mul(affine.scale as never).add(affine.shift as never) as Tensor);
}

/**
 * A convolution (or a transposed one) and the batch norm after it as one convolution, for evaluation.
 *
 * @returns a new layer with a bias; those given stay as they are
 * @throws ValueError when one of them is in training mode, or the batch norm has no running statistics or other channels
 * @example
 * ```ts
 * const fused = fuseConvBnEval(model.conv1.eval(), model.bn1.eval());
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.fusion.fuse_conv_bn_eval.html
 */
export function fuseConvBnEval<M extends AnyConv | AnyTransposed>(conv: M, bn: AnyBatchNorm): M {
  const c = conv as unknown as Conv2d<number, number, number> & { readonly outputPadding?: readonly number[] };
  const make = convolutions[nameOf(conv)];
  if (make === undefined) throw new ValueError(`fuseConvBnEval: ${nameOf(conv)} is no convolution`);
  if (bn.numFeatures !== c.outChannels)
    throw new ValueError(`fuseConvBnEval: the convolution has ${c.outChannels} channels, the batch norm ${bn.numFeatures}`);
  return noGrad(() => {
    const affine = affineOf('fuseConvBnEval', conv, bn);
    const { stride, padding, dilation, groups, paddingMode } = c;
    const placed = { dtype: c.weight.dtype, device: c.weight.device };
    const rest = c.outputPadding === undefined ? { paddingMode } : { outputPadding: c.outputPadding };
    const fused = new make(c.inChannels, c.outChannels, c.kernelSize, {
      stride,
      padding,
      dilation,
      groups,
      bias: true,
      ...rest,
      ...placed,
    });
    fill(fused, c.weight as unknown as Tensor, c.bias as Tensor | null, c.outputPadding === undefined ? 0 : 1, affine);
    return fused.eval() as unknown as M;
  });
}

/**
 * A linear layer and the batch norm after it as one linear layer, for evaluation.
 *
 * @returns a new layer with a bias; those given stay as they are
 * @throws ValueError when one of them is in training mode, or the batch norm has no running statistics or other features
 * @example
 * ```ts
 * const fused = fuseLinearBnEval(model.fc.eval(), model.bn.eval());
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.fusion.fuse_linear_bn_eval.html
 */
export function fuseLinearBnEval(linear: Linear<number, number>, bn: AnyBatchNorm): Linear<number, number> {
  if (!isParameter(linear.weight) || bn.numFeatures !== linear.outFeatures)
    throw new ValueError(`fuseLinearBnEval: the layer has ${linear.outFeatures} features, the batch norm ${bn.numFeatures}`);
  return noGrad(() => {
    const affine = affineOf('fuseLinearBnEval', linear, bn);
    const { dtype, device } = linear.weight;
    const fused = new Linear(linear.inFeatures, linear.outFeatures, { dtype, device });
    fill(fused, linear.weight as unknown as Tensor, linear.bias as Tensor | null, 0, affine);
    return fused.eval();
  });
}
