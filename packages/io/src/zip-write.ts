import { ValueError } from '@nabla/core';
import { deflateSync } from 'fflate';
import { join, toUtf8, viewOf } from './bytes.ts';
import { crc32 } from './crc32.ts';

/** What a zip archive without its extension to 64 bits can count. */
const maxSize = 0xfffffffe;

/** 1980-01-01, the first day that zip knows: equal contents give equal archives. */
const date = 0x21;

/** Fields of 2 and 4 bytes in little-endian order. */
function record(signature: number, fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  const out = new Uint8Array(4 + fields.reduce((n, [bytes]) => n + bytes, 0));
  const view = viewOf(out);
  view.setUint32(0, signature, true);
  let at = 4;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return out;
}

/**
 * A zip archive of these files.
 *
 * @param op who asks, for messages
 * @param compress whether to deflate the files
 * @throws ValueError for 65,535 files or more, or when the archive would reach 4 GiB
 */
export function writeZip(op: string, files: readonly (readonly [name: string, bytes: Uint8Array])[], compress: boolean): Uint8Array {
  if (files.length >= 0xffff) throw new ValueError(`${op}: ${files.length} files, but a zip archive has less than 65,535`);
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const path = toUtf8(name);
    if (path.length > 0xffff) throw new ValueError(`${op}: a name of ${path.length} bytes, but a zip archive takes 65,535`);
    const data = compress ? deflateSync(bytes) : bytes;
    // Version 2.0, names in UTF-8.
    const common = [
      [2, 20],
      [2, 0x800],
      [2, compress ? 8 : 0],
      [2, 0],
      [2, date],
      [4, crc32(bytes)],
      [4, data.length],
      [4, bytes.length],
      [2, path.length],
    ] as const;
    if (bytes.length > maxSize || at + data.length > maxSize)
      throw new ValueError(`${op}: a zip archive of 4 GiB or more; write several, or safetensors`);
    const local = [record(0x04034b50, [...common, [2, 0]]), path, data];
    directory.push(record(0x02014b50, [[2, 20], ...common, [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), path);
    for (const part of local) {
      parts.push(part);
      at += part.length;
    }
  }
  const size = directory.reduce((n, d) => n + d.length, 0);
  if (at + size > maxSize) throw new ValueError(`${op}: a zip archive of 4 GiB or more; write several, or safetensors`);
  const count = files.length;
  return join([
    ...parts,
    ...directory,
    record(0x06054b50, [
      [2, 0],
      [2, 0],
      [2, count],
      [2, count],
      [4, size],
      [4, at],
      [2, 0],
    ]),
  ]);
}
