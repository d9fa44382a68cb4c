import { render } from 'preact';
import './style.css';
import { App } from './ui/app.tsx';
import { Trainer } from './ui/trainer.ts';

const trainer = new Trainer(new Worker(new URL('./worker/main.ts', import.meta.url), { type: 'module' }));
render(<App trainer={trainer} />, document.getElementById('app')!);

// Seen in a browser's performance tools: when the first network can be trained.
const unsubscribe = trainer.subscribe(() => {
  if (trainer.snapshot.phase === 'opening') return;
  performance.mark('interactive');
  unsubscribe();
});
