import type { OpRows } from '../rows.ts';

export const indexingRows: OpRows = {};
