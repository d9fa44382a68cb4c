import { cpu, defaultGenerator, Generator, randint } from '@nabla/core';

/** Seeds lie below this. */
const bound = Number.MAX_SAFE_INTEGER;
/** Words of the stream that a seed takes. */
const words = 2;

/** Draws a seed. */
export function drawSeed(generator: Generator = defaultGenerator()): number {
  return randint(bound, [1], { generator, device: cpu }).item();
}

/** Seed number `place` of those that follow from `seed`, without drawing those before it. */
export function seedAt(seed: number, place: number): number {
  return drawSeed(new Generator().setState({ seed, offset: words * place }));
}
