// Drawing in slices: what is to be drawn waits for a frame, and a frame that has used its time leaves the rest to the next one.

/** For canvases to which pixels are only copied: a graphics card would get, and wait for, each of them. */
export const inMemory: CanvasRenderingContext2DSettings = { willReadFrequently: true };

const waiting = new Map<object, () => void>();
let asked = false;
/** Milliseconds of drawing after which the frame is left to the browser. */
const enough = 4;
/** Who wants to know when nothing is left to be drawn. */
let settling: (() => void)[] = [];
/** Frames in a row that had nothing to draw: what is drawn may ask for more after the frame. */
let empty = 0;

/** Draws in one of the next frames. What an owner asked for before and is not drawn yet is left out. */
export function draw(owner: object, how: () => void): void {
  waiting.set(owner, how);
  ask();
}

/** Forgets what an owner asked for. */
export function undraw(owner: object): void {
  waiting.delete(owner);
}

/** Calls `then` when all that was asked for is drawn. */
export function whenDrawn(then: () => void): void {
  settling.push(then);
  ask();
}

function ask(): void {
  empty = 0;
  if (asked) return;
  asked = true;
  requestAnimationFrame(frame);
}

function frame(): void {
  const begun = performance.now();
  empty = waiting.size === 0 ? empty + 1 : 0;
  for (const [owner, how] of waiting) {
    waiting.delete(owner);
    how();
    if (performance.now() - begun > enough) break;
  }
  if (empty >= 2) {
    const told = settling;
    settling = [];
    for (const then of told) then();
  }
  asked = waiting.size > 0 || settling.length > 0;
  if (asked) requestAnimationFrame(frame);
}
