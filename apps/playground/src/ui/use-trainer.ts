import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Snapshot, Trainer } from './trainer.ts';

export const TrainerContext = createContext<Trainer | null>(null);

export function useTrainer(): Trainer {
  const trainer = useContext(TrainerContext);
  if (trainer === null) throw new Error('no trainer around this component');
  return trainer;
}

/** A part of what the page shows; the component is drawn anew when that part changes, and only then. */
export function useSnapshot<T>(select: (snapshot: Snapshot) => T): T {
  const trainer = useTrainer();
  const [value, setValue] = useState<T>(() => select(trainer.snapshot));
  useEffect(() => {
    const listen = (): void => {
      const next = select(trainer.snapshot);
      // A function would be called by setValue; no selection is one.
      setValue(() => next);
    };
    listen();
    return trainer.subscribe(listen);
  }, [trainer]);
  return value;
}
