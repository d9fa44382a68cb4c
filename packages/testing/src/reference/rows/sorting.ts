import type { OpRows } from '../rows.ts';

export const sortingRows: OpRows = {};
