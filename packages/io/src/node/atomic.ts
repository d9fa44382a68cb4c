import { createHash } from 'node:crypto';
import { type FileHandle, link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** Names of this process on this machine in the names of its temporary files. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
let made = 0;

/** Temporary files that this thread is writing. */
const active = new Set<string>();

function temporaryName(path: string): string {
  made++;
  return join(dirname(path), `.${basename(path)}.${host}-${process.pid}-${threadId}-${made}.tmp`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Removes what writers of this file left behind that were killed on this machine. */
async function removeStale(path: string): Promise<void> {
  const start = `.${basename(path)}.${host}-`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(start)) continue;
    const found = /^(\d+)-(\d+)-\d+\.tmp$/.exec(name.slice(start.length));
    if (found === null) continue;
    const [pid, thread] = [Number(found[1]), Number(found[2])];
    // A process of today may have the number of one that is gone, above all in a container.
    const stale = pid === process.pid ? thread === threadId && !active.has(name) : !isAlive(pid);
    if (stale) await rm(join(dirname(path), name), { force: true });
  }
}

/** Makes names of a folder survive a power cut. Windows has no such call, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const { bytesWritten } = await handle.write(piece, at, Math.min(piece.length - at, 2 ** 30));
      at += bytesWritten;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Gives the file a second name, in one step; where the file system has no such thing, moves it. */
async function keepAs(path: string, older: string): Promise<void> {
  // Named after the file itself, so that the next writer clears it away after a crash.
  const second = temporaryName(path);
  active.add(basename(second));
  try {
    await link(path, second);
    await rename(second, older);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await rename(path, older);
  } finally {
    active.delete(basename(second));
  }
}

/** Writers of one file take turns, so that files are replaced in the order of the calls. */
const queues = new Map<string, Promise<void>>();

/**
 * Replaces a file in one step: whoever reads it, at any moment and after a crash or a power cut too, sees the old contents
 * or the new ones. They are written to a temporary file beside it and flushed to the disk before it takes the name.
 *
 * @param keep how many older versions stay, as `path.1` (the one before), `path.2`...
 */
export function replaceFile(path: string, pieces: Iterable<Uint8Array>, keep: number): Promise<void> {
  const turn = (queues.get(path) ?? Promise.resolve()).then(() => replaceNow(path, pieces, keep));
  const settled = turn.catch(() => {});
  queues.set(path, settled);
  void settled.then(() => {
    if (queues.get(path) === settled) queues.delete(path);
  });
  return turn;
}

async function replaceNow(path: string, pieces: Iterable<Uint8Array>, keep: number): Promise<void> {
  await removeStale(path);
  const temporary = temporaryName(path);
  active.add(basename(temporary));
  try {
    const handle = await open(temporary, 'wx');
    try {
      await writeAll(handle, pieces);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (keep > 0 && (await exists(path))) {
      for (let i = keep; i > 1; i--) if (await exists(`${path}.${i - 1}`)) await rename(`${path}.${i - 1}`, `${path}.${i}`);
      await keepAs(path, `${path}.1`);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    active.delete(basename(temporary));
  }
  await syncFolder(dirname(path));
}
