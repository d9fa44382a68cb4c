// Drawing in slices: what is to be drawn waits for a frame, and a frame that has used its time leaves the rest to the next one.

const waiting = new Map<object, () => void>();
let asked = false;
/** Milliseconds of drawing after which the frame is left to the browser. */
const enough = 6;

/** Draws in one of the next frames. What an owner asked for before and is not drawn yet is left out. */
export function draw(owner: object, how: () => void): void {
  waiting.set(owner, how);
  if (asked) return;
  asked = true;
  requestAnimationFrame(frame);
}

/** Forgets what an owner asked for. */
export function undraw(owner: object): void {
  waiting.delete(owner);
}

function frame(): void {
  const begun = performance.now();
  for (const [owner, how] of waiting) {
    waiting.delete(owner);
    how();
    if (performance.now() - begun > enough) break;
  }
  asked = waiting.size > 0;
  if (asked) requestAnimationFrame(frame);
}
