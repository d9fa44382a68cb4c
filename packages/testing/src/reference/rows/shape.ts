import type { OpRows } from '../rows.ts';

export const shapeRows: OpRows = {};
