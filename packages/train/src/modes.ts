import type { Module } from '@nabla/nn';

/** Notes whether each module of a model is training, and gives what sets that again. */
export function rememberModes(model: Module): () => void {
  const modes = model.modules().map((m) => [m, m.training] as const);
  return () => {
    for (const [m, training] of modes) m.training = training;
  };
}
