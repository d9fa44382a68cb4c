/**
 * Data sets, loaders and a training loop. Everything here works in Node and in browsers; `@nabla/train/node` has what
 * needs files, worker threads and a terminal.
 *
 * @packageDocumentation
 */
export {};
