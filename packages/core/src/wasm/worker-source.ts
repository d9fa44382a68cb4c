/**
 * The program of a worker thread, as text: it needs no file of its own, so that bundlers and Node start it alike. It waits
 * for its mailbox to change, compiles a module that it does not know from its bytes in the shared memory, calls, and says so.
 */
export const workerSource: string = `
function serve({ memory, mail }, ready) {
  const box = new Int32Array(memory.buffer, mail, 32);
  const modules = new Map();
  ready();
  let turn = 0;
  for (;;) {
    // For a while it looks; then it sleeps.
    for (let i = 0; i < 2000 && Atomics.load(box, 0) === turn; i++);
    Atomics.wait(box, 0, turn);
    turn = Atomics.load(box, 0);
    let done = turn;
    try {
      const [, , id, address, length, name, count] = box;
      let functions = modules.get(id);
      if (functions === undefined) {
        const module = new WebAssembly.Module(new Uint8Array(memory.buffer, address, length).slice());
        const exported = new WebAssembly.Instance(module, { env: { memory, sin: Math.sin, cos: Math.cos } }).exports;
        functions = WebAssembly.Module.exports(module).map((e) => exported[e.name]);
        if (modules.size >= 4096) modules.clear();
        modules.set(id, functions);
      }
      functions[name](...box.subarray(8, 8 + count));
    } catch {
      done = -turn;
    }
    Atomics.store(box, 1, done);
  }
}
if (typeof process === 'object' && process.getBuiltinModule !== undefined) {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  serve(workerData, () => parentPort.postMessage('ready'));
} else {
  onmessage = (event) => serve(event.data, () => postMessage('ready'));
}
`;
