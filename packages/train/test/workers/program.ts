import { DataLoader } from '@nabla/train';
import { WorkerPool } from '@nabla/train/node';

// Ends by itself, although nobody disposes of the pool.
const execArgv = ['--conditions=@nabla/source', '--import', new URL('register.mjs', import.meta.url).href];
const pool = new WorkerPool(new URL('samples.ts', import.meta.url), { size: 2, data: { n: 8, wait: true }, execArgv });
let batches = 0;
for await (const _ of new DataLoader(await pool.dataset(), { batchSize: 2 })) batches++;
console.log(`${pool.running} threads, ${batches} batches`);
