import type { OpRows } from '../rows.ts';

export const decompositionsRows: OpRows = {};
