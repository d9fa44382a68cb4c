import { inflateRawSync } from 'node:zlib';
import type { Mutant } from './bytes.ts';

/** What a reader without any checks makes of a file that can be read: the measure for readers that have them. */
export function naive({ format, bytes }: Mutant): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (format === 'safetensors') {
    const length = view.getUint32(0, true);
    const header = Object.entries(
      JSON.parse(Buffer.from(bytes).toString('utf8', 8, 8 + length)) as Record<
        string,
        { dtype: string; shape: number[]; data_offsets: [number, number] }
      >,
    );
    return header
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [begin, end],
          },
        ]) => show(name, `<${codes[dtype]}`, shape, bytes.subarray(8 + length + begin, 8 + length + end)),
      );
  }
  if (format === 'npy') return [npy('', bytes)];
  const out: string[] = [];
  for (let at = view.getUint32(bytes.length - 6, true); at < bytes.length - 22; ) {
    const nameLength = view.getUint16(at + 28, true);
    const name = Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength)).toString();
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const data = bytes.subarray(start, start + view.getUint32(at + 20, true));
    out.push(npy(name.replace(/\.npy$/, ''), view.getUint16(at + 10, true) === 8 ? new Uint8Array(inflateRawSync(data)) : data));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return out;
}

const codes: Readonly<Record<string, string>> = {
  F32: 'f4',
  F64: 'f8',
  I64: 'i8',
  U64: 'u8',
  U8: 'u1',
  I8: 'i1',
  I32: 'i4',
  U32: 'u4',
  BOOL: 'b1',
  F16: 'f2',
  I16: 'i2',
  U16: 'u2',
};
const kinds: Readonly<Record<string, readonly [dtype: string, size: number, get: (v: DataView, at: number, little: boolean) => number]>> = {
  f4: ['float32', 4, (v, at, le) => v.getFloat32(at, le)],
  f8: ['float64', 8, (v, at, le) => v.getFloat64(at, le)],
  i8: ['int64', 8, (v, at, le) => Number(v.getBigInt64(at, le))],
  u8: ['int64', 8, (v, at, le) => Number(v.getBigUint64(at, le))],
  u1: ['uint8', 1, (v, at) => v.getUint8(at)],
  i1: ['int32', 1, (v, at) => v.getInt8(at)],
  b1: ['bool', 1, (v, at) => (v.getUint8(at) === 0 ? 0 : 1)],
  i4: ['int32', 4, (v, at, le) => v.getInt32(at, le)],
  u4: ['int64', 4, (v, at, le) => v.getUint32(at, le)],
  i2: ['int32', 2, (v, at, le) => v.getInt16(at, le)],
  u2: ['int32', 2, (v, at, le) => v.getUint16(at, le)],
};

function show(name: string, descr: string, shape: readonly number[], data: Uint8Array): string {
  const [dtype, size, get] = kinds[descr.slice(1)]!;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const values = Array.from({ length: data.length / size }, (_, i) => get(view, i * size, descr[0] !== '>'));
  return `${name} ${dtype} [${shape.join()}] ${values.slice(0, 5000).join()}`;
}

function npy(name: string, bytes: Uint8Array): string {
  const length = bytes[8]! + 256 * bytes[9]!;
  const header = Buffer.from(bytes.subarray(10, 10 + length)).toString('latin1');
  const shape = /\(([^)]*)\)/
    .exec(header)![1]!
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '')
    .map(Number);
  return show(name, /descr.: .([^'"]*)/.exec(header)![1]!, shape, bytes.subarray(10 + length));
}
