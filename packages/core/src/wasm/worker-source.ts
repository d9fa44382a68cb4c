/** Bits of the board's state that count the parts which nobody has taken. */
export const partBits = 5;

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
    let state = Atomics.load(box, 0);
    // For a while it looks; then it sleeps.
    for (let i = 0; i < 2000 && (state & ${2 ** partBits - 1}) === 0; i++) state = Atomics.load(box, 0);
    const left = state & ${2 ** partBits - 1};
    if (left === 0) {
      Atomics.wait(box, 0, state);
      continue;
    }
    // The rest of the board belongs to a job whose part it has: until that is done, the caller waits.
    if (Atomics.compareExchange(box, 0, state, state - 1) !== state) continue;
    try {
      const [id, address, length, name, count] = box.subarray(3, 8);
      let functions = modules.get(id);
      if (functions === undefined) {
        const module = new WebAssembly.Module(new Uint8Array(memory.buffer, address, length).slice());
        const exported = new WebAssembly.Instance(module, { env: { memory, sin: Math.sin, cos: Math.cos } }).exports;
        functions = WebAssembly.Module.exports(module).map((e) => exported[e.name]);
        if (modules.size >= 4096) modules.clear();
        modules.set(id, functions);
      }
      const row = 8 + (left - 1) * 32;
      functions[name](...box.subarray(row, row + count));
    } catch {
      Atomics.store(box, 2, 1);
    }
    Atomics.add(box, 1, 1);
  }
}
if (typeof process === 'object' && process.getBuiltinModule !== undefined) {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  serve(workerData, () => parentPort.postMessage('ready'));
} else {
  onmessage = (event) => serve(event.data, () => postMessage('ready'));
}
`;
