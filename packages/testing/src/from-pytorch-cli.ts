import { writeFileSync } from 'node:fs';
import { fromPytorchPage } from './from-pytorch/page.ts';

/** `npm run docs:from-pytorch`: writes docs/from-pytorch.md. */
const page = new URL('../../../docs/from-pytorch.md', import.meta.url);
writeFileSync(page, fromPytorchPage());
