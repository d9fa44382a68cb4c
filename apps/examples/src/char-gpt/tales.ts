import { Generator, randint } from '@nabla/core';

// A text to learn from: tales of animals that find lost things. A small grammar writes them, so that the repository holds
// no book. What comes later depends on what came long before (who is "she", what was found, who lost it), and only a model
// that looks back further than a few characters can know it.

const heroes = ['Mira she', 'Tobin he', 'Wenna she', 'Jory he', 'Elsa she', 'Bran he', 'Nell she', 'Odo he', 'Tess she', 'Rufus he'];
const animals = ['fox', 'heron', 'otter', 'badger', 'hare', 'owl', 'mole', 'wren', 'toad', 'mouse', 'goose', 'stoat'];
const homes = ['under the old bridge', 'by the mill', 'in a hollow oak', 'behind the chapel', 'at the edge of the marsh', 'on the hill'];
const mornings = ['One cold morning', 'One windy day', 'Late one evening', 'On the first day of spring', 'After the long rain'];
const things = ['silver key', 'red mitten', 'brass bell', 'small lantern', 'wooden boat', 'blue ribbon', 'torn map', 'tin whistle'];
const places = ['in the reeds', 'beside the road', 'under a stone', 'near the well', 'among the roots', 'in the tall grass'];
const walks = ['walked to the river', 'climbed the hill', 'ran down the lane', 'crossed the wide field', 'went into the wood'];
const losses = ['when the snow fell', 'on my way to the fair', 'while I was asleep', 'the night of the storm', 'a year ago'];
const thanks = ['a pot of honey', 'a warm loaf', 'three ripe plums', 'a seat by the fire', 'an old song'];
const ends = ['slept well that night', 'went home and told nobody', 'danced all the way home', 'never forgot that day'];

/** `count` tales; the same ones for the same seed. */
export function tales(count: number, seed: number): string {
  const generator = new Generator(seed);
  const pick = (list: readonly string[]): string => list[randint(list.length, [1], { generator }).item()]!;
  const others = (known: readonly string[]): string => pick(animals.filter((a) => !known.includes(a)));
  const tale = (): string => {
    const [name, she] = pick(heroes).split(' ') as [string, string];
    const [hero, thing] = [pick(animals), pick(things)];
    const first = others([hero]);
    const second = others([hero, first]);
    return [
      `${name} the ${hero} lived ${pick(homes)}. ${pick(mornings)} ${she} found a ${thing} ${pick(places)}.`,
      `"Whose ${thing} is this?" ${she} asked the ${first}.`,
      `"Not mine," said the ${first}. "Ask the ${second}."`,
      `So ${name} ${pick(walks)} and asked the ${second}.`,
      `"It is mine! I lost my ${thing} ${pick(losses)}," said the ${second}, and gave ${name} ${pick(thanks)}.`,
      `${name} the ${hero} ${pick(ends)}.`,
    ].join('\n');
  };
  return Array.from({ length: count }, tale).join('\n\n');
}
