import type { OpRows } from '../rows.ts';

export const poolingRows: OpRows = {};
