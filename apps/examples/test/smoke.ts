/** How a program is run for a little while. */
export interface Smoke {
  /** Options that make it short. */
  readonly args: readonly string[];
  /** What it has to print. */
  readonly prints: readonly RegExp[];
}

/** Programs by the names of their folders. */
export const smoke: Readonly<Record<string, Smoke>> = {
  polynomial: { args: [], prints: [/y = .* x³/] },
  'char-gpt': { args: ['--tales', '20', '--epochs', '1'], prints: [/epoch 1: training loss .*, validation loss/, /--- a sample/] },
  vision: { args: ['--limit', '600', '--epochs', '1'], prints: [/convolutions +0\.\d+ +9122 /, /transformer +0\.\d+ +28138 /] },
  makemore: { args: ['--words', '200', '--epochs', '1'], prints: [/counted pairs +\d/, /transformer +\d+ +\d\.\d+/, /made 30 words/] },
  'two-moons': { args: ['--epochs', '10'], prints: [/logistic regression, epoch 10: loss/, /network, epoch 10: loss/] },
  pinn: { args: ['--epochs', '500'], prints: [/with the equation, epoch 500: .*residual/] },
  addition: { args: ['--epochs', '1'], prints: [/GRU, epoch 1: test error/, /LSTM with LayerNorm, epoch 1: test error/] },
  clusters: { args: ['--epochs', '1'], prints: [/k-means on pixels: accuracy/, /epoch 1: cross-entropy of a pixel/] },
  extension: {
    args: ['--epochs', '10'],
    prints: [/gradients agree/, /epoch 10: loss/, /saved and loaded, with equal answers: blocks\.0\.frequency/],
  },
  vae: { args: ['--epochs', '1'], prints: [/epoch 1: negative ELBO/, /independent pixels: 1/] },
  lora: { args: ['--epochs', '1'], prints: [/give PyTorch's answers/, /epoch 1: test accuracy/, /under the 29 keys that it came with/] },
  gan: { args: ['--epochs', '5'], prints: [/epoch 5: .*% of the points fit/, /one normal distribution: 0/] },
};
