import { writeFileSync } from 'node:fs';
import { operatorsPage } from './operators.ts';

/** `npm run docs:operators`: writes docs/operators.md. */
const page = new URL('../../../docs/operators.md', import.meta.url);
writeFileSync(page, operatorsPage());
