import { describe, expect, it } from 'vitest';
import { type Config, fields, initialConfig } from '../src/config/config.ts';
import { readLink, writeLink } from '../src/config/link.ts';

describe('links', () => {
  it('is empty for what is initially set', () => {
    expect(writeLink(initialConfig)).toBe('');
    expect(readLink('')).toEqual({ config: initialConfig, notices: [] });
    expect(readLink('#')).toEqual({ config: initialConfig, notices: [] });
  });

  it('gives back every value of every field', () => {
    for (const [name, field] of Object.entries(fields)) {
      const values =
        field.kind === 'choice' ? Object.keys(field.options) : field.kind === 'scale' ? field.values : [field.from, 17, field.to];
      for (const value of values) {
        const config = { ...initialConfig, [name]: value } as Config;
        expect(readLink(`#${writeLink(config)}`)).toEqual({ config, notices: [] });
      }
    }
  });

  it('names what it sets', () => {
    expect(writeLink({ ...initialConfig, data: 'spirals', norm: 'batch', lr: 0.3 })).toBe('data=spirals&norm=batch&lr=0.3');
  });

  it.each([
    ['data=mnist', /^Data set: the link says "mnist", which cannot be; moons is used\.$/],
    ['lr=abc', /^Learning rate: the link says "abc"/],
    ['lr=', /^Learning rate: the link says ""/],
    ['lr=0.02', /^Learning rate/],
    ['batch=-4', /^Batch size/],
    ['batch=Infinity', /^Batch size/],
    ['seed=1.5', /^Seed/],
    ['seed=10000', /^Seed/],
    ['norm=toString', /^Normalization/],
    ['constructor=1', /^The link sets "constructor", which does not exist\.$/],
    ['__proto__=1', /^The link sets "__proto__"/],
    [`data=${'x'.repeat(100)}`, /^Data set: the link says "x{24}…"/],
  ])('leaves the initial value and says so: %s', (hash, notice) => {
    const { config, notices } = readLink(`#${hash}`);
    expect(config).toEqual(initialConfig);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(notice);
  });

  it('takes the rest of a link that is wrong in one place', () => {
    const { config, notices } = readLink('#layers=nine&norm=rms&%E0%A4%A=1');
    expect(config).toEqual({ ...initialConfig, norm: 'rms' });
    expect(notices).toHaveLength(2);
  });
});
