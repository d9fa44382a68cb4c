import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../src/errors.ts';
import { checkWritable, writeWhole } from '../src/output.ts';

const folder = mkdtempSync(join(tmpdir(), 'nabla-bench-output-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('checkWritable', () => {
  it('takes a file that is there and one that is not', () => {
    writeFileSync(join(folder, 'there'), '');
    expect(() => checkWritable('--json', join(folder, 'there'))).not.toThrow();
    expect(() => checkWritable('--json', join(folder, 'new'))).not.toThrow();
  });

  it('refuses a folder, and a file in one that is missing', () => {
    expect(() => checkWritable('--json', folder)).toThrow(UsageError);
    expect(() => checkWritable('--json', folder)).toThrow(/^--json .*: is a folder$/);
    expect(() => checkWritable('--json', join(folder, 'no', 'file'))).toThrow(/: its folder cannot be written to \(ENOENT\)$/);
  });
});

describe('writeWhole', () => {
  it('replaces a file and leaves no other one', () => {
    const own = join(folder, 'own');
    mkdirSync(own);
    writeWhole(join(own, 'file'), 'old and long');
    writeWhole(join(own, 'file'), 'new');
    expect(readFileSync(join(own, 'file'), 'utf8')).toBe('new');
    expect(readdirSync(own)).toEqual(['file']);
  });

  it('leaves nothing when it fails', () => {
    const own = join(folder, 'fails');
    mkdirSync(join(own, 'taken'), { recursive: true });
    expect(() => writeWhole(join(own, 'taken'), 'text')).toThrow();
    expect(readdirSync(own)).toEqual(['taken']);
  });
});
