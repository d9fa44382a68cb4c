import { options, render } from 'preact';
import './style/page.css';
import './style/controls.css';
import './style/pictures.css';
import { App } from './ui/app.tsx';
import { Trainer } from './ui/trainer.ts';

// At once: who changes many things asks for frames to change them in (see ui/frames.ts), and must see what each one took.
options.debounceRendering = (process) => process();

const trainer = new Trainer(new Worker(new URL('./worker/main.ts', import.meta.url), { type: 'module' }));
render(<App trainer={trainer} />, document.getElementById('app')!);

// For the browser's performance tools. From here on everything answers; training that is asked for waits for the first network.
performance.mark('interactive');
const unsubscribe = trainer.subscribe(() => {
  if (trainer.snapshot.phase === 'opening' || trainer.snapshot.device === null) return;
  performance.mark('network');
  unsubscribe();
});
