// One line per family: importing a family registers its ops and adds its methods.
export * from './arithmetic.ts';
export * from './conv.ts';
export * from './convert.ts';
export * from './create.ts';
export * from './gather.ts';
export * from './indexing.ts';
export * from './join.ts';
export * from './matmul.ts';
export * from './pad.ts';
export * from './random.ts';
export * from './slice.ts';
export * from './sum.ts';
export * from './view.ts';
