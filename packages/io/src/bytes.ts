import { ValueError } from '@nabla/core';

/** The contents of a file: a buffer, or a view of one such as a Uint8Array or a Buffer of Node. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

/** What {@link Bytes} hold, without a copy, as a Uint8Array and no subclass of it. */
export function bytesOf(bytes: Bytes): Uint8Array {
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = Object.prototype.toString.call(bytes);
  if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') return new Uint8Array(bytes);
  throw new ValueError(`expected an ArrayBuffer or a view of one, got ${bytes === null ? 'null' : typeof bytes}`);
}

/** A window on `bytes` for reading numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The text in `bytes`; null when they are no UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    // A decoder takes no shared memory in browsers.
    const own = bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(own);
  } catch {
    return null;
  }
}

/** A text as UTF-8. */
export function toUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Arrays one after the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    whole.set(p, at);
    at += p.length;
  }
  return whole;
}

/** Whether a text has a surrogate without its partner, which UTF-8 cannot write. */
export function isIllFormed(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** A name as messages show it: quoted, and cut when it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}
