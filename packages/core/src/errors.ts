/** Base class of every error that Nabla throws on purpose. */
export class NablaError extends Error {
  override readonly name: string = 'NablaError';
}

/** Shapes that do not fit an operation. The message names the op, the shapes and the dimension. */
export class ShapeError extends NablaError {
  override readonly name = 'ShapeError';
}

/** A dtype that an operation does not take, or a value that its dtype cannot hold. */
export class DTypeError extends NablaError {
  override readonly name = 'DTypeError';
}

/** Tensors of different backends in one operation, or a backend that cannot do what was asked. */
export class DeviceError extends NablaError {
  override readonly name: string = 'DeviceError';
}

/** The device went away (its driver was reset, the graphics context was lost), and with it values that only it had. */
export class DeviceLostError extends DeviceError {
  override readonly name = 'DeviceLostError';
}

/** An index or a dimension out of range. */
export class IndexError extends NablaError {
  override readonly name = 'IndexError';
}

/** An argument whose value makes no sense (a negative size, an unknown mode, a probability of 2). */
export class ValueError extends NablaError {
  override readonly name = 'ValueError';
}

/** Misuse of automatic differentiation. */
export class AutogradError extends NablaError {
  override readonly name: string = 'AutogradError';
}

/** A tensor that backward needs was written to after it was saved, or an in-place write is not allowed. */
export class InPlaceError extends AutogradError {
  override readonly name = 'InPlaceError';
}

/** Gradients by backward and by finite differences differ. */
export class GradcheckError extends AutogradError {
  override readonly name = 'GradcheckError';
}

/** A second backward through a graph whose saved tensors are gone. */
export class GraphFreedError extends AutogradError {
  override readonly name = 'GraphFreedError';
}

/** What an {@link AnomalyError} is about. */
export interface Anomaly {
  /** Name of the op. */
  readonly op: string;
  /** Whether its forward or its backward gave the value. */
  readonly phase: 'forward' | 'backward';
  /** Path of the module whose forward called the op, such as `encoder.layers.0.linear1 (Linear)`; null outside of modules. */
  readonly module: string | null;
  /** The line that called the op: `file:line:column`; null where the engine does not tell. */
  readonly site: string | null;
}

/** An op gave NaN or an infinity while anomaly mode was on. */
export class AnomalyError extends AutogradError {
  override readonly name = 'AnomalyError';
  readonly anomaly: Anomaly;

  constructor(message: string, anomaly: Anomaly) {
    super(message);
    this.anomaly = anomaly;
  }
}

/** A tensor was used after `dispose()` or after the scope that owned it ended. */
export class UseAfterFreeError extends NablaError {
  override readonly name = 'UseAfterFreeError';
}

/** A matrix that a decomposition cannot take: singular, not positive-definite, or with values that are not finite. As `torch.linalg.LinAlgError`. */
export class LinAlgError extends NablaError {
  override readonly name = 'LinAlgError';
}
