import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { operatorsPage } from '../src/operators.ts';

it('docs/operators.md is what `npm run docs:operators` writes', () => {
  const page = readFileSync(new URL('../../../docs/operators.md', import.meta.url), 'utf8');
  expect(page).toBe(operatorsPage());
});
