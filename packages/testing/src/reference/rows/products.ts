import type { OpRows } from '../rows.ts';

export const productsRows: OpRows = {};
