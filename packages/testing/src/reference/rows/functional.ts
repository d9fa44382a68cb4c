import type { OpRows } from '../rows.ts';

export const functionalRows: OpRows = {};
