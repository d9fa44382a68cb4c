import { readFileSync } from 'node:fs';

/** A program in a guide, and what it prints. */
export interface GuideProgram {
  /** File and line of its first line. */
  readonly name: string;
  readonly source: string;
  /** What stands in the `text` block that follows it; null when none does. */
  readonly output: string | null;
  /** The name under which other programs of the guides import it; null for a program of its own. */
  readonly file: string | null;
}

/**
 * The TypeScript programs in a Markdown file. A block marked `ts ignore` is no program of its own (part of a class, or it
 * needs a browser); one marked `ts name.ts` is a file that other programs import under this name.
 */
export function programsIn(path: string, name: string): GuideProgram[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const blocks: { readonly info: string; readonly at: number; readonly end: number; readonly text: string }[] = [];
  for (let i = 0; i < lines.length; i++) {
    const info = /^```(.*)$/.exec(lines[i]!)?.[1];
    if (info === undefined) continue;
    const at = i + 1;
    while (lines[++i] !== '```') if (i >= lines.length) throw new Error(`${name}: the block at line ${at} has no end`);
    blocks.push({ info, at, end: i, text: lines.slice(at, i).join('\n') });
  }
  return blocks.flatMap((b, k) => {
    const [, file = null] = /^ts (\S+\.ts)$/.exec(b.info) ?? [];
    if (b.info !== 'ts' && file === null) return [];
    const next = blocks[k + 1];
    // Only blank lines may stand between a program and its output.
    const follows = next !== undefined && next.info === 'text' && lines.slice(b.end + 1, next.at - 1).every((l) => l.trim() === '');
    return [{ name: `${name}:${b.at + 1}`, source: b.text, output: follows ? next.text : null, file }];
  });
}
