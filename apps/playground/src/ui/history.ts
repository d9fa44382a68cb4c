import type { Measured } from '../training/session.ts';

type Column = (number | null)[];

/** Points kept of a curve; more than a screen has pixels are of no use. */
const most = 1000;

/** Curves over epochs, in the columns that charts take. */
export class History {
  readonly epochs: number[] = [];
  readonly loss: Column = [];
  readonly heldOutLoss: Column = [];
  readonly accuracy: Column = [];
  readonly gradients: readonly Column[];

  constructor(weights: number) {
    this.gradients = Array.from({ length: weights }, (): Column => []);
  }

  get length(): number {
    return this.epochs.length;
  }

  add({ epoch, loss, heldOutLoss, accuracy, gradients }: Measured): void {
    // A network that is looked at twice between two steps is the same network.
    if (this.length > 0 && epoch <= this.epochs.at(-1)!) return;
    if (this.length >= most) this.#thin();
    this.epochs.push(epoch);
    this.loss.push(finite(loss));
    this.heldOutLoss.push(finite(heldOutLoss));
    this.accuracy.push(finite(accuracy));
    // Their axis is logarithmic.
    for (const [i, column] of this.gradients.entries()) column.push(gradients[i]! > 0 ? finite(gradients[i]!) : null);
  }

  /** Drops every second point. */
  #thin(): void {
    for (const column of [this.epochs, this.loss, this.heldOutLoss, this.accuracy, ...this.gradients]) {
      let kept = 0;
      for (let i = 0; i < column.length; i += 2) column[kept++] = column[i]!;
      column.length = kept;
    }
  }
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The values of a column of one history at the epochs of both, for curves that share an axis. */
export function merge(
  a: { readonly epochs: readonly number[]; readonly columns: readonly Column[] },
  b: { readonly epochs: readonly number[]; readonly columns: readonly Column[] },
): { epochs: number[]; columns: Column[] } {
  const epochs: number[] = [];
  const columns = Array.from({ length: a.columns.length + b.columns.length }, (): Column => []);
  let [i, j] = [0, 0];
  while (i < a.epochs.length || j < b.epochs.length) {
    const at = Math.min(a.epochs[i] ?? Number.POSITIVE_INFINITY, b.epochs[j] ?? Number.POSITIVE_INFINITY);
    epochs.push(at);
    const [inA, inB] = [a.epochs[i] === at, b.epochs[j] === at];
    for (const [k, column] of a.columns.entries()) columns[k]!.push(inA ? column[i]! : null);
    for (const [k, column] of b.columns.entries()) columns[a.columns.length + k]!.push(inB ? column[j]! : null);
    if (inA) i++;
    if (inB) j++;
  }
  return { epochs, columns };
}
