import type { Command, Contender } from './contenders.ts';
import { ContenderError, ContenderProcess } from './process.ts';
import type { About } from './protocol.ts';

/** A contender in this run: what it says of itself, or why it takes no part. */
export interface Entrant {
  readonly contender: Contender;
  readonly command: Command;
  readonly about: About | null;
  /** Why it takes no part; null if it does. */
  readonly reason: string | null;
}

/** Time for a library to be imported, on a slow machine. */
const startLimit = 120_000;

/** Starts a contender once, to hear what it is and whether it can take part. */
export async function introduce(contender: Contender, command: Command): Promise<Entrant> {
  const process = new ContenderProcess(command);
  try {
    const about = await process.request({ kind: 'about' }, startLimit);
    return { contender, command, about, reason: about.refusal };
  } catch (e) {
    if (!(e instanceof ContenderError)) throw e;
    return { contender, command, about: null, reason: e.message };
  } finally {
    await process.stop();
  }
}
