import { type Blas, currentBlas } from '@nabla/core/internals';
import { disableNative, enableNative, type NativeReport } from '../src/index.ts';

const { warn } = console;
/** What was said when there was no library. */
const said: string[] = [];
console.warn = (line: string) => said.push(line);
/** What was found on this machine; null where there is no BLAS, and the tests run with one in JavaScript alone. */
export const found: NativeReport | null = await enableNative();
console.warn = warn;

/** The library of this machine. */
export const native: Blas | null = found === null ? null : currentBlas();
disableNative();
if (found === null) console.warn(`products of libraries are tested with one in JavaScript alone: ${said.join()}`);
