/** Switches for tests and for hunting bugs. All are off by default. */
export interface DebugSwitches {
  /** Fill freed CPU buffers with NaN (255 for bytes), so that a use after free shows. */
  poison: boolean;
}

/** The switches of this copy of the library. */
export const debug: DebugSwitches = { poison: false };
