import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { colours, extent } from '../worker/plane.ts';
import { draw, inMemory, undraw } from './frames.ts';
import { percent } from './numbers.ts';
import { useSnapshot } from './use-trainer.ts';

/** Pixels of the drawing of the points; the page scales it. */
const side = 640;

const css = (i: number): string => `rgb(${colours[i]!.join()})`;

/** The points are drawn once, on a canvas over that of the network's answer: circles and squares, for those who see no colours. */
function drawPoints(canvas: HTMLCanvasElement, values: Float32Array, classes: Uint8Array): void {
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, side, side);
  context.strokeStyle = 'white';
  context.lineWidth = 1.5;
  const at = (v: number): number => ((v + extent) / (2 * extent)) * side;
  classes.forEach((label, i) => {
    const [x, y] = [at(values[2 * i]!), at(-values[2 * i + 1]!)];
    context.beginPath();
    if (label === 0) context.arc(x, y, 5.5, 0, 2 * Math.PI);
    else context.rect(x - 5, y - 5, 10, 10);
    context.fillStyle = css(label);
    context.fill();
    context.stroke();
  });
}

/** Milliseconds between two pictures for those who asked their system for less motion. */
const calm = 1000;
const calmer = matchMedia('(prefers-reduced-motion: reduce)');

/** The plane as the network sees it, under the points that it learns from. */
export function PlaneView(): JSX.Element {
  const under = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const plane = useSnapshot((s) => s.plane);
  const shown = useSnapshot((s) => (s.shownData === 'digits' ? null : s.shown));
  const accuracy = useSnapshot((s) => s.measured?.accuracy);

  useEffect(() => {
    if (shown !== null) draw(over, () => over.current && drawPoints(over.current, shown.values, shown.classes));
    return () => undraw(over);
  }, [shown]);

  const training = useSnapshot((s) => s.phase === 'training');
  const drawn = useRef(0);

  useEffect(() => {
    if (plane === null || (calmer.matches && training && performance.now() - drawn.current < calm)) return;
    drawn.current = performance.now();
    draw(under, () => {
      const canvas = under.current;
      if (canvas === null) return;
      if (canvas.width !== plane.size) canvas.width = canvas.height = plane.size;
      canvas.getContext('2d', inMemory)!.putImageData(new ImageData(plane.pixels, plane.size, plane.size), 0, 0);
    });
    return () => undraw(under);
  }, [plane, training]);

  const label = `The plane coloured by the class that the network gives each place, under ${shown?.classes.length ?? 0} training points of two classes. ${percent(accuracy)} of held-out points are on the right side.`;
  return (
    <figure class="plane">
      <div role="img" aria-label={label}>
        <canvas ref={under} width="1" height="1" />
        <canvas ref={over} width={side} height={side} />
      </div>
      <figcaption>
        <ul class="legend">
          <li>
            <svg width="12" height="12" aria-hidden="true">
              <circle cx="6" cy="6" r="5" fill={css(0)} />
            </svg>
            class 0
          </li>
          <li>
            <svg width="12" height="12" aria-hidden="true">
              <rect x="1" y="1" width="10" height="10" fill={css(1)} />
            </svg>
            class 1
          </li>
          <li>Colour: the network's answer, fainter where it is less sure.</li>
        </ul>
      </figcaption>
    </figure>
  );
}
