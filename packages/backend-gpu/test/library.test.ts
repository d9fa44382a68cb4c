import { Declined, defineFunction, type Expr, functions, input } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';
import { print } from '../src/codegen.ts';
import { addFromLibrary } from '../src/library.ts';

describe('library', () => {
  test('has what the functions of core name', () => {
    const missing = [...functions.values()].flatMap((row) => (row.gpu?.needs ?? []).filter((n) => !addFromLibrary(n, new Map())));
    expect(missing).toEqual([]);
  });

  test('gives a function after those that it calls, each once', () => {
    const helpers = new Map([['isNan', 'kept']]);
    addFromLibrary('larger', helpers);
    expect([...helpers.keys()]).toEqual(['isNan', 'larger']);
    expect(helpers.get('isNan')).toBe('kept');
    const deep = new Map<string, string>();
    addFromLibrary('logGamma', deep);
    const names = [...deep.keys()];
    expect(names.at(-1)).toBe('logGamma');
    for (const [name, code] of deep) {
      const called = names.filter((n) => n !== name && new RegExp(`\\b${n}\\(`).test(code));
      for (const n of called) expect(names.indexOf(n), `${name} calls ${n}`).toBeLessThan(names.indexOf(name));
    }
  });

  test('a function that names what is not there is declined', () => {
    defineFunction({ name: 'lost', arity: 1, js: (x) => x, gpu: { call: (x) => `gone(${x})`, needs: ['gone'] } });
    const result = print((input(0) as unknown as { lost(): Expr }).lost(), 'float32');
    expect(result).toBeInstanceOf(Declined);
    expect((result as Declined).reason).toContain('gone');
  });
});
