import { tensorText } from '../print.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The elements as text, as PyTorch prints them; `console.log` shows the same in Node. On a device that cannot be read at
     * once the elements are left out.
     *
     * @example
     * ```ts
     * String(tensor([[1, 2], [3, 4.5]])); // tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]])
     * ```
     * @see https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
     */
    toString(): string;
  }
}

addMethod('toString', function (this: Tensor) {
  return tensorText(this);
});
Object.defineProperty(Tensor.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  configurable: true,
  value(this: Tensor): string {
    return tensorText(this);
  },
});
