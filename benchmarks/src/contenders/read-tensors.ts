import { readFileSync } from 'node:fs';
import type { Arrays, NamedArray } from './tensors.ts';

interface TensorHeader {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * The tensors of a safetensors file that the driver wrote, for peers: reading it with Nabla would put Nabla into their memory.
 */
export function readTensors(file: string): Arrays {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, TensorHeader>;
  const tensors = new Map<string, NamedArray>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    const elements = Uint8Array.prototype.slice.call(bytes, start + offsets[0], start + offsets[1]).buffer;
    if (dtype === 'F32') tensors.set(name, { shape, data: new Float32Array(elements) });
    else if (dtype === 'I64') tensors.set(name, { shape, data: Int32Array.from(new BigInt64Array(elements), Number) });
    else throw new Error(`${name} is ${dtype}, which no workload has`);
  }
  return tensors;
}
