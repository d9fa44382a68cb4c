import type { OpRows } from '../rows.ts';

export const creationRows: OpRows = {};
