import { Generator, randperm } from '@nabla/core';

// Names of villages, made as English ones are: of a first and a second part, each of which had a meaning once. Some exist.

const first = `alder ash ald barn beck black bourn bram bran brook burn chal clay clif cold cran crow dal dart deer den east
elm ever fair fen field fox frost glen gold gran green hal ham hart hawk hazel hen hex high hol hunt ivel kel king lang
lark lin lock long maple mar marsh mel mid mill mor nether new nor north oak otter over pen port rad raven red ridge rock
rose row salt sand shel silver sker stan stoke sun swan tam thorn tor under wake wal wax wen west whit wick wil win wolf
wood wren yar yew`;
const second = `beck borough bourne bridge brook burn bury by cliff combe cote cross dale den don fell field ford gate grove ham hill
holm hope hurst leigh ley low mere minster mouth ness port shaw stead stoke stow thorpe thwaite ton tree wick wold wood worth`;

const parts = (text: string): string[] => text.split(/\s+/);

/** `count` of the names that the parts allow, in an order that the seed decides. */
export function villages(count: number, seed: number): string[] {
  const all = parts(first).flatMap((a) => parts(second).map((b) => (a === b ? '' : a + b)));
  const names = [...new Set(all)].filter((name) => name !== '');
  const order = randperm(names.length, { generator: new Generator(seed) }).toArray() as number[];
  return order.slice(0, count).map((i) => names[i]!);
}
