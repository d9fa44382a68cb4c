import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exceptions } from '../src/from-pytorch/exceptions.ts';
import { camelName, torchNames } from '../src/from-pytorch/names.ts';
import { exists, namesIn } from '../src/from-pytorch/ours.ts';
import { fromPytorchPage, mentioned, placeOf } from '../src/from-pytorch/page.ts';
import { otherModules, outOfScope } from '../src/from-pytorch/scope.ts';

describe('docs/from-pytorch.md', () => {
  it('is what `npm run docs:from-pytorch` writes', () => {
    expect(readFileSync(new URL('../../../docs/from-pytorch.md', import.meta.url), 'utf8')).toBe(fromPytorchPage());
  });

  it('has every recorded name of PyTorch, in a row or among what has no place here', () => {
    const places = Object.entries(torchNames.names).flatMap(([namespace, names]) => names.map((name) => placeOf(namespace, name).kind));
    expect(places.length).toBeGreaterThan(2000);
    expect(new Set(places)).toEqual(new Set(['row', 'out of scope', 'dtype']));
  });

  it('names nothing of ours that does not exist', () => {
    expect(mentioned().filter((m) => !exists(m.name))).toEqual([]);
    expect(exists('x.add')).toBe(true);
    expect(exists('nn.Linaer')).toBe(false);
    expect(namesIn('new nn.Dropout(p).call(x), x.mT, linalg.svd(a)')).toEqual(['nn.Dropout', 'linalg.svd', 'x.mT']);
  });

  it('says nothing in place of a name that it leaves out, and keeps no exception for a name that PyTorch has not', () => {
    for (const [namespace, names] of Object.entries(exceptions))
      for (const [name, { ours, note }] of Object.entries(names)) {
        expect(torchNames.names[namespace], `${namespace}.${name}`).toContain(name);
        expect(ours !== null || note !== '', `${namespace}.${name}`).toBe(true);
      }
  });

  it('gives a reason for every group and module that it leaves out, and has no empty group', () => {
    const paths = Object.entries(torchNames.names).flatMap(([namespace, names]) => names.map((name) => `${namespace}.${name}`));
    for (const { title, match } of outOfScope)
      expect(
        paths.some((p) => match.test(p)),
        title,
      ).toBe(true);
    const named = Object.keys(torchNames.names);
    const left = torchNames.modules.filter((m) => !named.some((n) => n === m || n.startsWith(`${m}.`)));
    expect(Object.keys(otherModules).sort()).toEqual(left.filter((m) => m !== 'torch').sort());
  });

  it('turns names into camelCase', () => {
    expect(['log_softmax', 'max_pool2d', 'add_', 'i0e', 'LSTM', 'nll_loss'].map(camelName)).toEqual([
      'logSoftmax',
      'maxPool2d',
      'add_',
      'i0e',
      'LSTM',
      'nllLoss',
    ]);
  });
});
