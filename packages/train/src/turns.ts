/** For how many milliseconds a loop may keep everything else waiting. */
const longest = 30;

/**
 * Lets timers, signals, input and the screen have their turn. A loop that awaits only what is there already (batches of an
 * array, a computation on the CPU) would keep them waiting until it ends, so that nobody could stop it.
 */
export class Turns {
  #last = performance.now();

  /** What to wait for; null as long as the last turn is not long ago. */
  next(): Promise<void> | null {
    if (performance.now() - this.#last < longest) return null;
    return new Promise((resolve) => {
      // Not setTimeout, which browsers stretch.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        this.#last = performance.now();
        resolve();
      };
      port2.postMessage(null);
    });
  }
}
