import { linalgNormSamples } from '../linalg/norms.samples.ts';
import { linalgProductSamples } from '../linalg/products.samples.ts';
import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { recurrentSamples } from '../parts/recurrent.samples.ts';
import { activationSamples } from './activation.samples.ts';
import { adaptivePoolSamples } from './adaptive-pool.samples.ts';
import { addmmSamples } from './addmm.samples.ts';
import { aliasesSamples } from './aliases.samples.ts';
import { arithmeticElementwiseSamples, arithmeticSamples } from './arithmetic.samples.ts';
import { asStridedSamples } from './as-strided.samples.ts';
import { atleastSamples } from './atleast.samples.ts';
import { attentionSamples } from './attention.samples.ts';
import { besselElementwiseSamples, besselSamples } from './bessel.samples.ts';
import { bitwiseElementwiseSamples, bitwiseSamples } from './bitwise.samples.ts';
import { castSamples } from './cast.samples.ts';
import { choleskySamples } from './cholesky.samples.ts';
import { closenessSamples } from './closeness.samples.ts';
import { combineElementwiseSamples, combineSamples } from './combine.samples.ts';
import { compareElementwiseSamples, compareSamples } from './compare.samples.ts';
import { convSamples } from './conv.samples.ts';
import { convTransposeSamples } from './conv-transpose.samples.ts';
import { covarianceSamples } from './covariance.samples.ts';
import { crossEntropySamples } from './cross-entropy.samples.ts';
import { ctcSamples } from './ctc.samples.ts';
import { cumulativeSamples } from './cumulative.samples.ts';
import { determinantSamples } from './determinant.samples.ts';
import { diagonalSamples } from './diagonal.samples.ts';
import { distanceSamples } from './distance.samples.ts';
import { divisionElementwiseSamples, divisionSamples } from './division.samples.ts';
import { divisorsElementwiseSamples, divisorsSamples } from './divisors.samples.ts';
import { dropoutSamples } from './dropout.samples.ts';
import { eighSamples } from './eigh.samples.ts';
import { einsumSamples } from './einsum.samples.ts';
import { embeddingSamples } from './embedding.samples.ts';
import { embeddingLossSamples } from './embedding-loss.samples.ts';
import { exponentialSamples } from './exponential.samples.ts';
import { extremaElementwiseSamples, extremaSamples } from './extrema.samples.ts';
import { fillSamples } from './fill.samples.ts';
import { flipSamples } from './flip.samples.ts';
import { floatPartsElementwiseSamples, floatPartsSamples } from './float-parts.samples.ts';
import { fractionalPoolSamples } from './fractional-pool.samples.ts';
import { gammaElementwiseSamples, gammaSamples } from './gamma.samples.ts';
import { gatedActivationSamples } from './gated-activation.samples.ts';
import { gatherSamples } from './gather.samples.ts';
import { geluElementwiseSamples, geluSamples } from './gelu.samples.ts';
import { gridSamples } from './grid.samples.ts';
import { gridSampleSamples } from './grid-sample.samples.ts';
import { gumbelSoftmaxSamples } from './gumbel-softmax.samples.ts';
import { hardActivationSamples } from './hard-activation.samples.ts';
import { histogramSamples } from './histogram.samples.ts';
import { im2colSamples } from './im2col.samples.ts';
import { indexCopySamples } from './index-copy.samples.ts';
import { indexingSamples } from './indexing.samples.ts';
import { integrateSamples } from './integrate.samples.ts';
import { interpolateSamples } from './interpolate.samples.ts';
import { isinSamples } from './isin.samples.ts';
import { joinSamples } from './join.samples.ts';
import { likelihoodLossSamples } from './likelihood-loss.samples.ts';
import { linearSamples } from './linear.samples.ts';
import { localResponseSamples } from './local-response.samples.ts';
import { logitElementwiseSamples, logitSamples } from './logit.samples.ts';
import { logsumexpSamples } from './logsumexp.samples.ts';
import { lossSamples } from './loss.samples.ts';
import { luSamples } from './lu.samples.ts';
import { marginLossSamples } from './margin-loss.samples.ts';
import { maskedScatterSamples } from './masked-scatter.samples.ts';
import { matmulSamples } from './matmul.samples.ts';
import { matricesSamples } from './matrices.samples.ts';
import { matrixExpSamples } from './matrix-exp.samples.ts';
import { matrixPowerSamples } from './matrix-power.samples.ts';
import { momentSamples } from './moments.samples.ts';
import { nonzeroSamples } from './nonzero.samples.ts';
import { normSamples } from './norm.samples.ts';
import { normalElementwiseSamples, normalSamples } from './normal.samples.ts';
import { normalizationSamples } from './normalization.samples.ts';
import { oneHotSamples } from './one-hot.samples.ts';
import { orderStatisticsSamples } from './order-statistics.samples.ts';
import { outerSamples } from './outer.samples.ts';
import { padSamples } from './pad.samples.ts';
import { pinvSamples } from './pinv.samples.ts';
import { pixelShuffleSamples } from './pixel-shuffle.samples.ts';
import { poolSamples } from './pool.samples.ts';
import { pool3dSamples } from './pool3d.samples.ts';
import { powerElementwiseSamples, powerSamples } from './power.samples.ts';
import { prodSamples } from './prod.samples.ts';
import { qrSamples } from './qr.samples.ts';
import { quantileSamples } from './quantile.samples.ts';
import { reduceSamples } from './reduce.samples.ts';
import { reflectedSamples } from './reflected.samples.ts';
import { repeatSamples } from './repeat.samples.ts';
import { roundingElementwiseSamples, roundingSamples } from './rounding.samples.ts';
import { scatterSamples } from './scatter.samples.ts';
import { scatterReduceSamples } from './scatter-reduce.samples.ts';
import { searchSamples } from './search.samples.ts';
import { shrinkSamples } from './shrink.samples.ts';
import { sliceSamples } from './slice.samples.ts';
import { softmaxSamples } from './softmax.samples.ts';
import { solveSamples } from './solve.samples.ts';
import { sortSamples } from './sort.samples.ts';
import { specialElementwiseSamples, specialSamples } from './special.samples.ts';
import { splitSamples } from './split.samples.ts';
import { sumSamples } from './sum.samples.ts';
import { svdSamples } from './svd.samples.ts';
import { tensordotSamples } from './tensordot.samples.ts';
import { triangularSamples } from './triangular.samples.ts';
import { trigonometricSamples } from './trigonometric.samples.ts';
import { uniqueSamples } from './unique.samples.ts';
import { unpoolSamples } from './unpool.samples.ts';
import { vanderSamples } from './vander.samples.ts';
import { viewSamples } from './view.samples.ts';
import { viewScatterSamples } from './view-scatter.samples.ts';
import { whereElementwiseSamples, whereSamples } from './where.samples.ts';

/** The samples of every op, family by family. */
export const opSamples: readonly OpSamples[] = [
  ...asStridedSamples,
  ...atleastSamples,
  ...castSamples,
  ...choleskySamples,
  ...covarianceSamples,
  ...determinantSamples,
  ...eighSamples,
  ...gridSamples,
  ...histogramSamples,
  ...integrateSamples,
  ...isinSamples,
  ...linalgNormSamples,
  ...luSamples,
  ...matricesSamples,
  ...orderStatisticsSamples,
  ...pinvSamples,
  ...qrSamples,
  ...quantileSamples,
  ...recurrentSamples,
  ...searchSamples,
  ...solveSamples,
  ...sortSamples,
  ...svdSamples,
  ...uniqueSamples,
  ...unpoolSamples,
  ...fractionalPoolSamples,
  ...pool3dSamples,
  ...adaptivePoolSamples,
  ...linalgProductSamples,
  ...tensordotSamples,
  ...outerSamples,
  ...matrixExpSamples,
  ...matrixPowerSamples,
  ...einsumSamples,
  ...distanceSamples,
  ...attentionSamples,
  ...addmmSamples,
  ...aliasesSamples,
  ...arithmeticSamples,
  ...besselSamples,
  ...closenessSamples,
  ...compareSamples,
  ...convTransposeSamples,
  ...diagonalSamples,
  ...divisorsSamples,
  ...flipSamples,
  ...floatPartsSamples,
  ...gammaSamples,
  ...gridSampleSamples,
  ...im2colSamples,
  ...interpolateSamples,
  ...localResponseSamples,
  ...gatedActivationSamples,
  ...embeddingSamples,
  ...bitwiseSamples,
  ...combineSamples,
  ...convSamples,
  ...crossEntropySamples,
  ...ctcSamples,
  ...embeddingLossSamples,
  ...likelihoodLossSamples,
  ...marginLossSamples,
  ...cumulativeSamples,
  ...divisionSamples,
  ...extremaSamples,
  ...fillSamples,
  ...gatherSamples,
  ...geluSamples,
  ...indexCopySamples,
  ...indexingSamples,
  ...joinSamples,
  ...linearSamples,
  ...dropoutSamples,
  ...logitSamples,
  ...logsumexpSamples,
  ...lossSamples,
  ...maskedScatterSamples,
  ...matmulSamples,
  ...momentSamples,
  ...nonzeroSamples,
  ...normSamples,
  ...normalSamples,
  ...normalizationSamples,
  ...oneHotSamples,
  ...padSamples,
  ...pixelShuffleSamples,
  ...poolSamples,
  ...powerSamples,
  ...prodSamples,
  ...reduceSamples,
  ...reflectedSamples,
  ...repeatSamples,
  ...roundingSamples,
  ...scatterSamples,
  ...scatterReduceSamples,
  ...sliceSamples,
  ...softmaxSamples,
  ...gumbelSoftmaxSamples,
  ...specialSamples,
  ...splitSamples,
  ...sumSamples,
  ...triangularSamples,
  ...vanderSamples,
  ...viewSamples,
  ...viewScatterSamples,
  ...whereSamples,
];
export const elementwiseSamples: readonly ElementwiseSamples[] = [
  ...activationSamples,
  ...arithmeticElementwiseSamples,
  ...besselElementwiseSamples,
  ...bitwiseElementwiseSamples,
  ...combineElementwiseSamples,
  ...compareElementwiseSamples,
  ...divisionElementwiseSamples,
  ...divisorsElementwiseSamples,
  ...exponentialSamples,
  ...extremaElementwiseSamples,
  ...floatPartsElementwiseSamples,
  ...gammaElementwiseSamples,
  ...geluElementwiseSamples,
  ...hardActivationSamples,
  ...logitElementwiseSamples,
  ...normalElementwiseSamples,
  ...powerElementwiseSamples,
  ...roundingElementwiseSamples,
  ...shrinkSamples,
  ...specialElementwiseSamples,
  ...trigonometricSamples,
  ...whereElementwiseSamples,
];
