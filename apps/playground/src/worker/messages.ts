import type { Config } from '../config/config.ts';
import type { Measured } from '../training/session.ts';

/** What the page tells the worker. */
export type ToWorker =
  /** Build this network; `run` is the number that answers about it carry. */
  | { readonly type: 'open'; readonly run: number; readonly config: Config }
  /** Go on with other numbers, without building anew. */
  | { readonly type: 'tune'; readonly config: Config }
  /** Train until so many epochs are done. */
  | { readonly type: 'train'; readonly until: number }
  | { readonly type: 'pause' }
  /** The last measurement has been drawn. */
  | { readonly type: 'drawn' };

/** What is shown of a data set. */
export interface Shown {
  /** The points learned from, x and y in turn, or the pixels of held-out images. */
  readonly values: Float32Array;
  /** Their classes. */
  readonly classes: Uint8Array;
}

/** The network's answer over the plane: `size` rows of as many pixels, red, green, blue and opacity. */
export interface Plane {
  readonly size: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

export interface DeviceReport {
  /** As the backend names it. */
  readonly name: string;
  readonly mode: string;
  /** Whether a GPU was asked for and none works here. */
  readonly missed: boolean;
  /** Work that ran on the CPU instead: the ops' names and how often. */
  readonly fallbacks: readonly string[];
}

/** What the worker tells the page. */
export type FromWorker =
  | {
      readonly type: 'opened';
      readonly run: number;
      readonly device: DeviceReport;
      readonly parameters: number;
      readonly weights: readonly string[];
      readonly shown: Shown;
    }
  | {
      readonly type: 'measured';
      readonly run: number;
      readonly measured: Measured;
      readonly plane: Plane | null;
      readonly device: DeviceReport;
    }
  | { readonly type: 'paused'; readonly run: number; readonly finished: boolean }
  | { readonly type: 'failed'; readonly run: number; readonly reason: string };
