/**
 * Files, worker threads and the terminal, for Node.
 *
 * @packageDocumentation
 */
export {};
