import type { CheckpointStorage } from '../src/index.ts';

/** A place for one checkpoint in memory, that counts how often it was written. */
export function memory(): CheckpointStorage & { readonly saved: number; clear(): void } {
  let bytes: ArrayBuffer | null = null;
  let saved = 0;
  return {
    save: async (b) => {
      saved++;
      bytes = b;
    },
    load: () => bytes,
    get saved() {
      return saved;
    },
    clear: () => {
      bytes = null;
    },
  };
}
