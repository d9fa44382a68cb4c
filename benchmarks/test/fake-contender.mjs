// A contender that computes nothing and behaves as its first argument says.
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [behaviour] = process.argv.slice(2);
let task = null;
let rounds = 0;

function answer(request) {
  switch (request.kind) {
    case 'about':
      return { version: '1', threads: 1, details: ['fake'], refusal: behaviour === 'refused' ? 'not today' : null };
    case 'load':
      task = request.task;
      return {};
    case 'run': {
      rounds++;
      if (behaviour === 'unable') throw new Error('there is no such kernel\nat somewhere');
      if (behaviour === 'crash') {
        console.error('something before\nFakeError: out of luck\n    at somewhere');
        process.exit(3);
      }
      const loss = behaviour === 'other loss' ? 0.75 : 0.5;
      // Some time per step, so that the number of calls in a round settles.
      return { milliseconds: request.steps * (behaviour === 'slow' ? 20 : 10), loss: task.kind === 'train' ? loss : null };
    }
    case 'outputs': {
      const values = Float32Array.of(1, 2, behaviour === 'other output' ? 4 : 3);
      writeFileSync(request.file, new Uint8Array(values.buffer));
      return { sizes: [values.length] };
    }
    case 'memory':
      return { baseline: 1000, peak: 1000 + rounds };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (behaviour === 'silent' && request.kind === 'run') continue;
  if (behaviour === 'babble' && request.kind === 'run') {
    console.log('hello there');
    continue;
  }
  try {
    console.log(JSON.stringify({ answer: answer(request) }));
  } catch (e) {
    console.log(JSON.stringify({ error: e.message }));
  }
}
