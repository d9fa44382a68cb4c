import type { OpRows } from '../rows.ts';

export const reductionRows: OpRows = {};
