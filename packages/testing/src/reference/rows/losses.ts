import type { OpRows } from '../rows.ts';

export const lossesRows: OpRows = {
  'nn.functional.binary_cross_entropy': 'input target | weight reduction',
  'nn.functional.binary_cross_entropy_with_logits': 'input target | weight reduction pos_weight',
  'nn.functional.cosine_embedding_loss': 'input1 input2 target | margin reduction',
  'nn.functional.cross_entropy': 'input target | weight ignore_index reduction label_smoothing',
  'nn.functional.ctc_loss': 'log_probs targets input_lengths target_lengths | blank reduction zero_infinity',
  'nn.functional.gaussian_nll_loss': 'input target var | full eps reduction',
  'nn.functional.hinge_embedding_loss': 'input target | margin reduction',
  'nn.functional.huber_loss': 'input target | reduction delta',
  'nn.functional.kl_div': 'input target | reduction log_target',
  'nn.functional.l1_loss': 'input target | reduction',
  'nn.functional.margin_ranking_loss': 'input1 input2 target | margin reduction',
  'nn.functional.mse_loss': 'input target | reduction',
  'nn.functional.multi_margin_loss': 'input target | p margin weight reduction',
  'nn.functional.multilabel_margin_loss': 'input target | reduction',
  'nn.functional.multilabel_soft_margin_loss': 'input target | weight reduction',
  'nn.functional.nll_loss': 'input target | weight ignore_index reduction',
  'nn.functional.poisson_nll_loss': 'input target | log_input full eps reduction',
  'nn.functional.smooth_l1_loss': 'input target | reduction beta',
  'nn.functional.soft_margin_loss': 'input target | reduction',
  'nn.functional.triplet_margin_loss': 'anchor positive negative | margin p eps swap reduction',
};
