import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import digitsUrl from '../../data/digits.bin?url';
import { programOf } from '../config/code.ts';
import { useSnapshot } from './use-trainer.ts';

/** The network and its training as a program. */
export function Code(): JSX.Element {
  const config = useSnapshot((s) => s.config);
  const [copied, setCopied] = useState('');
  const program = programOf(config, new URL(digitsUrl, location.href).href);
  const copy = (): void => {
    const done = navigator.clipboard?.writeText(program) ?? Promise.reject(new Error('no clipboard here'));
    done.then(
      () => setCopied('Copied.'),
      () => setCopied('The browser forbids writing to the clipboard: select the code instead.'),
    );
  };
  return (
    <section aria-labelledby="code-title" class="panel">
      <div class="title">
        <h2 id="code-title">The same in TypeScript</h2>
        <button type="button" onClick={copy} onBlur={() => setCopied('')}>
          Copy code
        </button>
        <span role="status" class="hint">
          {copied}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{program}</code>
      </pre>
    </section>
  );
}
