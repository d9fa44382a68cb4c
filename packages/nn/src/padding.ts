import { type PadMode, ShapeError, type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { axes, float, showTuple } from './layer.ts';
import { Module } from './module.ts';

/** The same amount on every side, or amounts for each: before and after, the last dimension first. Negative amounts crop. */
export type PaddingLike = number | readonly number[];

abstract class PadNd extends Module {
  readonly padding: readonly number[];
  readonly #mode: PadMode;
  readonly #spatial: number;
  readonly #value: number;

  constructor(spatial: number, mode: PadMode, padding: PaddingLike, value: number = 0) {
    super();
    const amounts = typeof padding === 'number' ? Array.from({ length: 2 * spatial }, () => padding) : [...padding];
    if (amounts.length !== 2 * spatial || !amounts.every(Number.isInteger)) {
      throw new ValueError(`${this.constructor.name}: padding must be one integer or ${2 * spatial}, got ${JSON.stringify(padding)}`);
    }
    this.padding = amounts;
    this.#mode = mode;
    this.#spatial = spatial;
    this.#value = value;
  }

  /** The input with its last dimensions extended. */
  forward(x: Tensor): Tensor {
    const n = this.#spatial;
    if (this.#mode === 'constant') return F.pad(x, this.padding, { value: this.#value });
    if (x.ndim !== n + 1 && x.ndim !== n + 2) {
      const shown = `[N, C, ${axes[n]}] or [C, ${axes[n]}]`;
      throw new ShapeError(`${this.constructor.name} expects ${shown} but the input is [${x.shape.join(', ')}]`);
    }
    return F.pad(x, this.padding, { mode: this.#mode });
  }

  override extraRepr(): string {
    return showTuple(this.padding);
  }
}

abstract class ConstantPadNd extends PadNd {
  readonly value: number;

  constructor(spatial: number, padding: PaddingLike, value: number) {
    super(spatial, 'constant', padding, value);
    if (typeof value !== 'number') throw new ValueError(`${this.constructor.name}: the value must be a number, got ${String(value)}`);
    this.value = value;
  }

  override extraRepr(): string {
    return `padding=${showTuple(this.padding)}, value=${Number.isInteger(this.value) ? this.value : float(this.value)}`;
  }
}

/**
 * The input, mirrored at its ends, which are not repeated, along the last dimension.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when the padding is not smaller than the input
 * @example
 * ```ts
 * new ReflectionPad1d(2).call(zeros([2, 3, 4])); // [2, 3, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
 */
export class ReflectionPad1d extends PadNd {
  constructor(padding: PaddingLike) {
    super(1, 'reflect', padding);
  }
}

/**
 * The input, mirrored at its ends, which are not repeated, along the last two dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when the padding is not smaller than the input
 * @example
 * ```ts
 * new ReflectionPad2d(2).call(zeros([2, 3, 4, 4])); // [2, 3, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
 */
export class ReflectionPad2d extends PadNd {
  constructor(padding: PaddingLike) {
    super(2, 'reflect', padding);
  }
}

/**
 * The input, mirrored at its ends, which are not repeated, along the last three dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when the padding is not smaller than the input
 * @example
 * ```ts
 * new ReflectionPad3d(2).call(zeros([2, 3, 4, 4, 4])); // [2, 3, 8, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
 */
export class ReflectionPad3d extends PadNd {
  constructor(padding: PaddingLike) {
    super(3, 'reflect', padding);
  }
}

/**
 * The input, extended by its first and last entries, along the last dimension.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new ReplicationPad1d(2).call(zeros([2, 3, 4])); // [2, 3, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
 */
export class ReplicationPad1d extends PadNd {
  constructor(padding: PaddingLike) {
    super(1, 'replicate', padding);
  }
}

/**
 * The input, extended by its first and last entries, along the last two dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new ReplicationPad2d(2).call(zeros([2, 3, 4, 4])); // [2, 3, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
 */
export class ReplicationPad2d extends PadNd {
  constructor(padding: PaddingLike) {
    super(2, 'replicate', padding);
  }
}

/**
 * The input, extended by its first and last entries, along the last three dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new ReplicationPad3d(2).call(zeros([2, 3, 4, 4, 4])); // [2, 3, 8, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
 */
export class ReplicationPad3d extends PadNd {
  constructor(padding: PaddingLike) {
    super(3, 'replicate', padding);
  }
}

/**
 * The input, continued periodically, along the last dimension.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when the padding is larger than the input
 * @example
 * ```ts
 * new CircularPad1d(2).call(zeros([2, 3, 4])); // [2, 3, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
 */
export class CircularPad1d extends PadNd {
  constructor(padding: PaddingLike) {
    super(1, 'circular', padding);
  }
}

/**
 * The input, continued periodically, along the last two dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when the padding is larger than the input
 * @example
 * ```ts
 * new CircularPad2d(2).call(zeros([2, 3, 4, 4])); // [2, 3, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
 */
export class CircularPad2d extends PadNd {
  constructor(padding: PaddingLike) {
    super(2, 'circular', padding);
  }
}

/**
 * The input, continued periodically, along the last three dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when the padding is larger than the input
 * @example
 * ```ts
 * new CircularPad3d(2).call(zeros([2, 3, 4, 4, 4])); // [2, 3, 8, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
 */
export class CircularPad3d extends PadNd {
  constructor(padding: PaddingLike) {
    super(3, 'circular', padding);
  }
}

/**
 * The input with zeros around the last dimension.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when a crop leaves nothing
 * @example
 * ```ts
 * new ZeroPad1d(2).call(zeros([2, 3, 4])); // [2, 3, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
 */
export class ZeroPad1d extends PadNd {
  constructor(padding: PaddingLike) {
    super(1, 'constant', padding);
  }
}

/**
 * The input with a constant around the last dimension.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when a crop leaves nothing
 * @example
 * ```ts
 * new ConstantPad1d(2, 3.5).call(zeros([2, 3, 4])); // [2, 3, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
 */
export class ConstantPad1d extends ConstantPadNd {
  constructor(padding: PaddingLike, value: number) {
    super(1, padding, value);
  }
}

/**
 * The input with zeros around the last two dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when a crop leaves nothing
 * @example
 * ```ts
 * new ZeroPad2d(2).call(zeros([2, 3, 4, 4])); // [2, 3, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
 */
export class ZeroPad2d extends PadNd {
  constructor(padding: PaddingLike) {
    super(2, 'constant', padding);
  }
}

/**
 * The input with a constant around the last two dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when a crop leaves nothing
 * @example
 * ```ts
 * new ConstantPad2d(2, 3.5).call(zeros([2, 3, 4, 4])); // [2, 3, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
 */
export class ConstantPad2d extends ConstantPadNd {
  constructor(padding: PaddingLike, value: number) {
    super(2, padding, value);
  }
}

/**
 * The input with zeros around the last three dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when a crop leaves nothing
 * @example
 * ```ts
 * new ZeroPad3d(2).call(zeros([2, 3, 4, 4, 4])); // [2, 3, 8, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
 */
export class ZeroPad3d extends PadNd {
  constructor(padding: PaddingLike) {
    super(3, 'constant', padding);
  }
}

/**
 * The input with a constant around the last three dimensions.
 *
 * @throws ValueError for amounts that make no sense; ShapeError at the call when a crop leaves nothing
 * @example
 * ```ts
 * new ConstantPad3d(2, 3.5).call(zeros([2, 3, 4, 4, 4])); // [2, 3, 8, 8, 8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
 */
export class ConstantPad3d extends ConstantPadNd {
  constructor(padding: PaddingLike, value: number) {
    super(3, padding, value);
  }
}
