import type { OpRows } from '../rows.ts';
import { convolutionRows } from './convolution.ts';
import { creationRows } from './creation.ts';
import { decompositionsRows } from './decompositions.ts';
import { functionalRows } from './functional.ts';
import { indexingRows } from './indexing.ts';
import { lossesRows } from './losses.ts';
import { pointwiseRows } from './pointwise.ts';
import { poolingRows } from './pooling.ts';
import { productsRows } from './products.ts';
import { reductionRows } from './reduction.ts';
import { shapeRows } from './shape.ts';
import { sortingRows } from './sorting.ts';

/** Every function of PyTorch that the records may name and that exists here. */
export const rows: OpRows = {
  ...convolutionRows,
  ...creationRows,
  ...decompositionsRows,
  ...functionalRows,
  ...indexingRows,
  ...lossesRows,
  ...pointwiseRows,
  ...poolingRows,
  ...productsRows,
  ...reductionRows,
  ...shapeRows,
  ...sortingRows,
};
