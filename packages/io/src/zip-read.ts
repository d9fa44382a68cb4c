import { Inflate, inflateSync } from 'fflate';
import { quote, utf8, viewOf } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { type FileFormat, FileFormatError } from './errors.ts';

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Whether its bytes stand in the archive as they are. */
  readonly stored: boolean;
}

interface Place extends ZipEntry {
  readonly crc: number;
  readonly packed: number;
  /** Where its local header stands. */
  readonly at: number;
  readonly flags: number;
}

/** Deflate cannot do better: 258 bytes take at least 2 bits. */
const maxRatio = 1032;
/** Packed bytes that are inflated at once, which takes no memory but the result's; more than these in pieces. */
const inOneGo = 256 * 1024;
/** Length of such a piece: 2 MiB at most when inflated, so that a lie about the size ends soon. */
const pieceLength = 2048;
/** Most bytes that a file of this size may inflate to, where nothing else is said. */
export function inflationLimit(size: number): number {
  return Math.max(16 * 2 ** 20, 64 * size);
}

/**
 * A zip archive in memory. Everything that can be known without inflating is checked when it is made: the directory, the
 * local headers, that no two files share bytes, and how much all of it would inflate to.
 */
export class ZipArchive {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #format: FileFormat;
  readonly #entries: ReadonlyMap<string, Place>;

  /**
   * @param format what messages say was read
   * @param maxInflatedBytes most bytes that compressed files may have together; 16 MiB or 64 times the archive if omitted
   */
  constructor(bytes: Uint8Array, format: FileFormat, maxInflatedBytes?: number) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#format = format;
    const { start, end, count } = this.#directory();
    this.#entries = this.#list(start, end, count);
    this.#checkPlaces(start);
    this.#checkInflation(maxInflatedBytes ?? inflationLimit(bytes.length));
  }

  /** The files, in order of the directory. */
  get entries(): Iterable<ZipEntry> {
    return this.#entries.values();
  }

  /** The file of a name. */
  get(name: string): ZipEntry | undefined {
    return this.#entries.get(name);
  }

  #fail(message: string): never {
    throw new FileFormatError(this.#format, message);
  }

  /** A number of 64 bits that has to be a place or a size in this file. */
  #wide(at: number): number {
    const value = this.#view.getBigUint64(at, true);
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? this.#fail(`a size of ${value} bytes in the zip archive`) : Number(value);
  }

  /** Finds the central directory. */
  #directory(): { start: number; end: number; count: number } {
    const view = this.#view;
    const n = view.byteLength;
    let at = n - 22;
    for (; at >= Math.max(0, n - 22 - 0xffff); at--) {
      if (view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) === n) break;
    }
    if (at < Math.max(0, n - 22 - 0xffff)) return this.#fail('no zip archive: it has no end-of-directory record');
    let end = at;
    let count = view.getUint16(at + 10, true);
    let size = view.getUint32(at + 12, true);
    let start = view.getUint32(at + 16, true);
    let disks = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
    let here = view.getUint16(at + 8, true);
    const locator = at - 20;
    // Some writers, PyTorch among them, add the record of 64 bits to every archive.
    if (locator >= 0 && view.getUint32(locator, true) === 0x07064b50) {
      end = this.#wide(locator + 8);
      if (end + 56 > locator || view.getUint32(end, true) !== 0x06064b50)
        this.#fail('the zip64 directory record is not where it is said to be');
      const wide = { count: this.#wide(end + 32), size: this.#wide(end + 40), start: this.#wide(end + 48) };
      const agrees = (narrow: number, most: number, value: number): boolean => narrow === most || narrow === value;
      if (!agrees(count, 0xffff, wide.count) || !agrees(size, 0xffffffff, wide.size) || !agrees(start, 0xffffffff, wide.start)) {
        this.#fail('the two directory records of the zip archive contradict each other');
      }
      disks = [view.getUint32(end + 16, true), view.getUint32(end + 20, true)];
      here = this.#wide(end + 24);
      ({ count, size, start } = wide);
    }
    if (disks.some((d) => d !== 0) || here !== count) return this.#fail('a zip archive in several parts');
    if (start + size !== end) return this.#fail(`the zip directory has ${size} bytes from ${start}, but it ends at ${end}`);
    if (count * 46 > size) return this.#fail(`a zip directory of ${size} bytes cannot list ${count} files`);
    return { start, end, count };
  }

  #list(start: number, end: number, count: number): Map<string, Place> {
    const view = this.#view;
    const out = new Map<string, Place>();
    let at = start;
    for (let i = 0; i < count; i++) {
      if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) return this.#fail(`the zip directory is damaged at file ${i}`);
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => view.getUint16(at + o, true)) as [number, number, number];
      const next = at + 46 + nameLength + extraLength + commentLength;
      if (next > end) return this.#fail(`the zip directory is damaged at file ${i}`);
      const name = utf8(this.#bytes.subarray(at + 46, at + 46 + nameLength)) ?? this.#fail(`the name of file ${i} is no UTF-8`);
      if (out.has(name)) return this.#fail(`there are two files ${quote(name)}`);
      const flags = view.getUint16(at + 8, true);
      if (flags & 1) return this.#fail(`the file ${quote(name)} is encrypted`);
      const method = view.getUint16(at + 10, true);
      if (method !== 0 && method !== 8)
        return this.#fail(`the file ${quote(name)} is compressed by method ${method}; known are 0 (stored) and 8 (deflated)`);
      const place = this.#place(at, at + 46 + nameLength, extraLength, name);
      if (method === 0 && place.packed !== place.size)
        return this.#fail(`the stored file ${quote(name)} has ${place.packed} bytes, but is said to have ${place.size}`);
      out.set(name, { ...place, name, flags, stored: method === 0, crc: view.getUint32(at + 16, true) });
      at = next;
    }
    if (at !== end) return this.#fail(`the zip directory goes on after its ${count} files`);
    return out;
  }

  /** Sizes and place from a directory entry, or from its zip64 field. */
  #place(entry: number, extra: number, extraLength: number, name: string): { size: number; packed: number; at: number } {
    const view = this.#view;
    let packed = view.getUint32(entry + 20, true);
    let size = view.getUint32(entry + 24, true);
    let at = view.getUint32(entry + 42, true);
    if (view.getUint16(entry + 34, true) !== 0) this.#fail('a zip archive in several parts');
    for (let p = extra; p + 4 <= extra + extraLength; ) {
      const [id, length] = [view.getUint16(p, true), view.getUint16(p + 2, true)];
      const fieldEnd = p + 4 + length;
      if (fieldEnd > extra + extraLength) this.#fail(`the file ${quote(name)} has a damaged extra field`);
      if (id === 1) {
        let q = p + 4;
        const next = (): number => {
          if (q + 8 > fieldEnd) this.#fail(`the file ${quote(name)} has a damaged zip64 field`);
          q += 8;
          return this.#wide(q - 8);
        };
        if (size === 0xffffffff) size = next();
        if (packed === 0xffffffff) packed = next();
        if (at === 0xffffffff) at = next();
      }
      p = fieldEnd;
    }
    return { size, packed, at };
  }

  /** Where the bytes of a file begin, after its local header. */
  #dataOf(entry: Place, directory: number): number {
    const { at, name } = entry;
    const view = this.#view;
    if (at + 30 > directory || view.getUint32(at, true) !== 0x04034b50)
      return this.#fail(`the file ${quote(name)} is not where the zip directory says`);
    const nameLength = view.getUint16(at + 26, true);
    const start = at + 30 + nameLength + view.getUint16(at + 28, true);
    if (start + entry.packed > directory)
      return this.#fail(`the file ${quote(name)} ends at byte ${start + entry.packed}, after the files end at ${directory}`);
    if (utf8(this.#bytes.subarray(at + 30, at + 30 + nameLength)) !== name || view.getUint16(at + 8, true) !== (entry.stored ? 0 : 8)) {
      return this.#fail(`the file ${quote(name)} and the zip directory contradict each other`);
    }
    return start;
  }

  #checkPlaces(directory: number): void {
    const inOrder = [...this.#entries.values()].sort((a, b) => a.at - b.at);
    let end = 0;
    for (const entry of inOrder) {
      if (entry.at < end) this.#fail(`the file ${quote(entry.name)} begins inside of another one`);
      end = this.#dataOf(entry, directory) + entry.packed;
    }
  }

  #checkInflation(limit: number): void {
    let total = 0;
    for (const { name, stored, size, packed } of this.#entries.values()) {
      if (stored) continue;
      if (size > packed * maxRatio)
        this.#fail(`the file ${quote(name)} is said to inflate from ${packed} to ${size} bytes, more than deflate can do`);
      total += size;
    }
    if (total > limit)
      this.#fail(`the archive inflates from ${this.#bytes.length} to ${total} bytes, more than ${limit}; set maxInflatedBytes if it may`);
  }

  /**
   * The bytes of a file, checked by their CRC: a part of the archive when they are stored.
   *
   * @throws FileFormatError when they do not inflate to what the directory says
   */
  read(entry: ZipEntry): Uint8Array {
    const place = this.#entries.get(entry.name)!;
    const start = place.at + 30 + this.#view.getUint16(place.at + 26, true) + this.#view.getUint16(place.at + 28, true);
    const packed = this.#bytes.subarray(start, start + place.packed);
    const bytes = place.stored ? packed : this.#inflate(place, packed);
    if (crc32(bytes) !== place.crc) return this.#fail(`the file ${quote(place.name)} is damaged: its checksum is wrong`);
    return bytes;
  }

  #inflate({ name, size }: Place, packed: Uint8Array): Uint8Array {
    // A place for one byte more shows whether there is more than was said; nothing is written beyond it.
    const out = new Uint8Array(size + 1);
    let length: number;
    try {
      length = packed.length > inOneGo ? inflateInPieces(packed, out) : inflateSync(packed, { out }).length;
    } catch {
      return this.#fail(`the file ${quote(name)} does not inflate`);
    }
    if (length !== size) return this.#fail(`the file ${quote(name)} does not inflate to the ${size} bytes that it is said to have`);
    return out.subarray(0, size);
  }
}

/** Inflates until `out` is full or nothing is left, and gives the number of bytes. */
function inflateInPieces(packed: Uint8Array, out: Uint8Array): number {
  let length = 0;
  const stream = new Inflate((bytes) => {
    const fitting = bytes.subarray(0, out.length - length);
    out.set(fitting, length);
    length += fitting.length;
  });
  for (let at = 0; at < packed.length && length < out.length; at += pieceLength)
    stream.push(packed.subarray(at, at + pieceLength), at + pieceLength >= packed.length);
  return length;
}
