import { Declined, defineFunction, type Expr, functions, input } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';
import { print } from '../src/codegen.ts';
import { addFromLibrary, libraryNames } from '../src/library.ts';

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
  });

  test.each(libraryNames)('%s comes with all that it calls, in an order that compilers take', (name) => {
    const given = new Map<string, string>();
    addFromLibrary(name, given);
    const names = [...given.keys()];
    expect(names.at(-1)).toBe(name);
    for (const [caller, code] of given) {
      expect(code.startsWith(`function ${caller}(`)).toBe(true);
      const called = [...code.matchAll(/(?<![.\w])(?!if\b|for\b)([a-z]\w*)\(/g)].map((m) => m[1]!).filter((n) => n !== caller);
      for (const n of called) {
        expect(names, `${caller} calls ${n}`).toContain(n);
        expect(names.indexOf(n), `${caller} calls ${n}`).toBeLessThan(names.indexOf(caller));
      }
    }
  });

  test('a function that names what is not there is declined', () => {
    defineFunction({ name: 'lost', arity: 1, js: (x) => x, gpu: { call: (x) => `gone(${x})`, needs: ['gone'] } });
    const result = print((input(0) as unknown as { lost(): Expr }).lost(), 'float32');
    expect(result).toBeInstanceOf(Declined);
    expect((result as Declined).reason).toContain('gone');
  });
});
