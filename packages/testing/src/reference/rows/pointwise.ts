import type { OpRows } from '../rows.ts';

export const pointwiseRows: OpRows = {
  abs: 'input',
  exp: 'input',
  add: 'input ~other | ~alpha',
};
