import type { OpRows } from '../rows.ts';

export const lossesRows: OpRows = {};
