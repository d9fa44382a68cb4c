import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { side } from '../config/plan.ts';
import { draw, inMemory, undraw } from './frames.ts';
import { useSnapshot } from './use-trainer.ts';

function Image({ pixels }: { readonly pixels: Float32Array }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    draw(canvas, () => {
      if (canvas.current === null) return;
      const image = new ImageData(side, side);
      for (const [i, p] of pixels.entries()) image.data.set([255, 255, 255, 255 * p], 4 * i);
      canvas.current.getContext('2d', inMemory)!.putImageData(image, 0, 0);
    });
    return () => undraw(canvas);
  }, [pixels]);
  return <canvas ref={canvas} width={side} height={side} />;
}

/** Pixels of the images of a data set, cut once: an image whose pixels stay the same array is not drawn again. */
const cut = new WeakMap<Float32Array, Float32Array[]>();
function imagesOf(values: Float32Array): Float32Array[] {
  let images = cut.get(values);
  if (images === undefined) {
    const size = side * side;
    images = Array.from({ length: values.length / size }, (_, i) => values.subarray(i * size, (i + 1) * size));
    cut.set(values, images);
  }
  return images;
}

/** Held-out images, and what the network reads in each. */
export function ImagesView(): JSX.Element {
  const shown = useSnapshot((s) => (s.shownData === 'digits' ? s.shown : null));
  // As text: the list is written anew only when an answer changes.
  const answers = useSnapshot((s) =>
    s.measured === null || s.shown === null ? '' : s.measured.predictions.slice(0, s.shown.classes.length).join(''),
  );
  if (shown === null) return <p class="waiting">The images are being loaded.</p>;
  const trained = answers !== '';
  const right = [...shown.classes].filter((c, i) => answers[i] === String(c)).length;
  return (
    <figure class="images">
      <ul>
        {imagesOf(shown.values).map((pixels, i) => {
          const [label, answer] = [String(shown.classes[i]), answers[i] ?? '–'];
          const wrong = trained && answer !== label;
          return (
            <li key={i} class={wrong ? 'wrong' : undefined}>
              <Image pixels={pixels} />
              <span class="answer">
                {answer}
                {trained && <span aria-hidden="true">{wrong ? ' ✗' : ' ✓'}</span>}
              </span>
              <span class="hidden">{wrong ? `, wrong: it is ${label}` : `, the digit is ${label}`}</span>
            </li>
          );
        })}
      </ul>
      <figcaption>
        {right} of these {shown.classes.length} digits are read right. Their typefaces do not occur in training.
      </figcaption>
    </figure>
  );
}
