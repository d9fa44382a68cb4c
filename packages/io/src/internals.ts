/**
 * What readers of other formats in this repository need. No promise of stability.
 *
 * @packageDocumentation
 */
export { bytesOf, join, quote, viewOf } from './bytes.ts';
export { decodeElements, elementsOf, type FileDType, fileBytes } from './elements.ts';
export { tensorOf } from './tensors.ts';
export { inflationLimit } from './zip-read.ts';
