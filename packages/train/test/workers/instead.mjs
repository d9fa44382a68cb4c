// Lets a thread load other modules instead of some: its address says which.
import { register } from 'node:module';

/** @type {Map<string, string>} */
let instead = new Map();

export function initialize(pairs) {
  instead = new Map(pairs);
}

export function resolve(specifier, context, next) {
  const url = instead.get(specifier);
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}

// The thread of the loader loads this file again, without an address that says anything.
const pairs = [...new URL(import.meta.url).searchParams];
if (pairs.length > 0) register(import.meta.url.split('?')[0], { data: pairs });
