/** Parts that a job may have. */
export const maxParts = 16;

/** Bits of a board's state that count the parts which nobody has taken: enough for {@link maxParts}. */
export const partBits = 5;

/**
 * Where things stand on a board, in words: the state, parts that workers have done, whether one failed, the module, address and length of
 * its bytes, the function, the count of its arguments; then the arguments of each part. The state is the number of the job, shifted, and
 * how many of its parts nobody has taken yet.
 */
export const at = { state: 0, done: 1, failed: 2, module: 3, address: 4, length: 5, name: 6, count: 7, arguments: 8 } as const;

/** Words for the arguments of one part. */
export const argumentWords = 32;

/**
 * The program of a worker thread, as text: it needs no file of its own, so that bundlers and Node start it alike. It waits until there is
 * work on the board, takes a part, compiles a module that it does not know from its bytes in the shared memory, calls, and says so.
 */
export const workerSource: string = `
function serve({ memory, board }, ready) {
  const box = new Int32Array(memory.buffer, board);
  const modules = new Map();
  ready();
  for (;;) {
    let state = Atomics.load(box, ${at.state});
    // For a while it looks; then it sleeps.
    for (let i = 0; i < 2000 && (state & ${2 ** partBits - 1}) === 0; i++) state = Atomics.load(box, ${at.state});
    const left = state & ${2 ** partBits - 1};
    if (left === 0) {
      Atomics.wait(box, ${at.state}, state);
      continue;
    }
    // The rest of the board belongs to a job whose part it has: until that is done, the caller waits.
    if (Atomics.compareExchange(box, ${at.state}, state, state - 1) !== state) continue;
    try {
      const [id, address, length, name, count] = box.subarray(${at.module}, ${at.arguments});
      let functions = modules.get(id);
      if (functions === undefined) {
        const module = new WebAssembly.Module(new Uint8Array(memory.buffer, address, length).slice());
        const exported = new WebAssembly.Instance(module, { env: { memory, sin: Math.sin, cos: Math.cos } }).exports;
        functions = WebAssembly.Module.exports(module).map((e) => exported[e.name]);
        if (modules.size >= 4096) modules.clear();
        modules.set(id, functions);
      }
      const row = ${at.arguments} + (left - 1) * ${argumentWords};
      functions[name](...box.subarray(row, row + count));
    } catch {
      Atomics.store(box, ${at.failed}, 1);
    }
    Atomics.add(box, ${at.done}, 1);
  }
}
if (typeof process === 'object' && process.getBuiltinModule !== undefined) {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  serve(workerData, () => parentPort.postMessage('ready'));
} else {
  onmessage = (event) => serve(event.data, () => postMessage('ready'));
}
`;
