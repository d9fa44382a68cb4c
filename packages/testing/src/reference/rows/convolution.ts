import type { OpRows } from '../rows.ts';

export const convolutionRows: OpRows = {};
