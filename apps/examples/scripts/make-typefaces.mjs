#!/usr/bin/env node
// Renders the "typefaces" data set of the normalization lab: digits 0-9 from the outlines of openly licensed fonts, as four
// gzipped IDX files in MNIST's format. The fonts and the two rendering libraries come from a directory the caller names; nothing
// is installed from here. See ../data/typefaces/README.md.
//
// Every random draw comes from a generator keyed by (seed, typeface, digit, image number), so that the same inputs give the same
// bytes, and adding or removing one typeface leaves the images of the others as they were.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BOX, centre, fit, rasterize, render, SIDE } from './render-glyphs.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const LIST = join(HERE, 'typefaces.json');
const OUT = resolve(HERE, '../data/typefaces');
const USAGE = `usage: node make-typefaces.mjs --fonts DIR [--out DIR] [--seed N]
       node make-typefaces.mjs --packages

  --fonts DIR   directory whose node_modules holds the packages of typefaces.json, at exactly those versions
  --out DIR     where to write the four IDX files and FONTS.md (default: ${OUT})
  --seed N      seed of the split, the augmentation and the shuffle (default: 1)
  --packages    print the packages as name@version, one a line, for npm install
  --help        print this`;

const TEST_SHARE = 0.2;
const LICENCES = new Set(['OFL-1.1', 'Apache-2.0']);
/** Faces whose upright digits differ by less than this (mean absolute difference of coverage) are one design: one group, one split. */
const SAME_DESIGN = 0.02;

/** A message for the user: printed without a stack, exit code 2. */
class UserError extends Error {}

// ---------------------------------------------------------------------------------------------------------------- random numbers

/** sfc32, seeded by the SHA-256 of a string key. */
class Random {
  #s;

  constructor(key) {
    const digest = createHash('sha256').update(key).digest();
    this.#s = Int32Array.from([0, 4, 8, 12], (at) => digest.readInt32LE(at));
    for (let i = 0; i < 12; i++) this.uniform();
  }

  /** In [low, high). */
  uniform(low = 0, high = 1) {
    const s = this.#s;
    const t = (s[0] + s[1] + s[3]) | 0;
    s[3]++;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + t;
    return low + ((high - low) * (t >>> 0)) / 2 ** 32;
  }

  /** In (low, high), densest in the middle: the mean of two uniform draws. */
  bell(low, high) {
    return (this.uniform(low, high) + this.uniform(low, high)) / 2;
  }

  below(n) {
    return Math.floor(this.uniform(0, n));
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffled(items) {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}

// --------------------------------------------------------------------------------------------------------------------------- fonts

/** The folder of an installed package, which must have the version of the list. */
function installedAt({ package: name, version }, modules) {
  const folder = join(modules, name);
  if (!existsSync(join(folder, 'package.json'))) throw new UserError(`${name} is not installed in ${modules}`);
  const installed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  if (installed !== version) throw new UserError(`${name} is installed at ${installed}, typefaces.json says ${version}`);
  return folder;
}

/** The typefaces of the list, each with the files of its faces. */
function readTypefaces(list, modules) {
  return list.typefaces.map((entry) => {
    const { package: name, version, group } = entry;
    const folder = installedAt(entry, modules);
    const { id, family, category, license } = JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8'));
    if (!LICENCES.has(license.type)) throw new UserError(`${name} has licence ${license.type}, not one of ${[...LICENCES].join(', ')}`);
    const faces = readdirSync(join(folder, 'files'))
      .map((file) => ({ file: join(folder, 'files', file), match: /^(.+)-latin-(\d+)-(normal|italic)\.woff$/.exec(file) }))
      // Below weight 200 a stroke is thinner than a quarter of a pixel.
      .filter(({ match }) => match?.[1] === id && Number(match[2]) >= 200)
      .map(({ file, match }) => ({ file, weight: Number(match[2]), italic: match[3] === 'italic' }))
      .sort((a, b) => a.weight - b.weight || Number(a.italic) - Number(b.italic));
    if (faces.length === 0) throw new UserError(`${name} has no latin .woff file`);
    return { name, version, family, category, licence: license.type, copyright: license.attribution, group: group ?? name, faces };
  });
}

/** The commands of the ten digits of a face. */
function readDigits(opentype, file) {
  const bytes = readFileSync(file);
  const font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: 10 }, (_, digit) => {
    const glyph = font.charToGlyph(String(digit));
    const { commands } = glyph.getPath(0, 0, 1000);
    if (glyph.index === 0 || commands.length < 4) throw new UserError(`${file} has no glyph for ${digit}`);
    return commands;
  });
}

/** Gives each typeface its `split`: a fifth of the groups of every category, drawn by the seed, is the test set. */
function split(typefaces, seed) {
  const groups = new Map();
  for (const t of typefaces) groups.set(t.group, [...(groups.get(t.group) ?? []), t]);
  const byCategory = new Map();
  for (const [group, members] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { category } = members[0];
    byCategory.set(category, [...(byCategory.get(category) ?? []), group]);
  }
  for (const [category, names] of byCategory) {
    const test = new Random(`${seed}/split/${category}`).shuffled(names).slice(0, Math.round(names.length * TEST_SHARE));
    for (const name of names) for (const t of groups.get(name)) t.split = test.includes(name) ? 'test' : 'train';
  }
}

/** Stops when faces of different groups have the same digits: a copy under another name, or a common ancestor. */
function checkGroups(Resvg, typefaces) {
  const plain = typefaces.flatMap((typeface) =>
    typeface.faces.map(({ digits }) => {
      const images = digits.map((commands) => centre(rasterize(Resvg, fit(commands, BOX), 0), 0, 0));
      return { typeface, pixels: Float64Array.from(images.flatMap((image) => [...image])) };
    }),
  );
  const problems = new Map();
  for (const [i, { typeface, pixels }] of plain.entries()) {
    for (const other of plain.slice(i + 1)) {
      if (other.typeface.group === typeface.group) continue;
      const enough = SAME_DESIGN * pixels.length;
      let sum = 0;
      for (let at = 0; at < pixels.length && sum < enough; at++) sum += Math.abs(pixels[at] - other.pixels[at]);
      if (sum < enough) problems.set(`${typeface.family} and ${other.typeface.family}`, (sum / pixels.length).toFixed(4));
    }
  }
  if (problems.size > 0) {
    const lines = [...problems].map(([pair, difference]) => `  ${pair} (${difference})`);
    throw new UserError(`give these typefaces a common "group":\n${lines.join('\n')}`);
  }
}

// ------------------------------------------------------------------------------------------------------------------------- output

/** The images of a split, `perDigit` for each digit of each typeface, in shuffled order. */
function makeImages(Resvg, typefaces, perDigit, seed, order) {
  const examples = [];
  for (const { name, faces } of typefaces) {
    for (let digit = 0; digit < 10; digit++) {
      // Faces in turn, so that a family with several weights and styles shows as many of them as there are images.
      const turn = new Random(`${seed}/${name}/${digit}/faces`).shuffled(faces);
      for (let i = 0; i < perDigit; i++) {
        const random = new Random(`${seed}/${name}/${digit}/${i}`);
        examples.push({ label: digit, image: render(Resvg, turn[i % turn.length].digits[digit], random) });
      }
    }
  }
  return new Random(`${seed}/order/${order}`).shuffled(examples);
}

/** IDX: two zero bytes, type 8 (uint8), number of dimensions, the dimensions as big-endian uint32, the data. */
function idx(shape, parts) {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 0x08;
  header[3] = shape.length;
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, ...parts]);
}

/** gzip without a time stamp, and with the operating system's byte set to "unknown". */
function gzip(data) {
  const out = gzipSync(data, { level: 9, memLevel: 9 });
  out[9] = 255;
  if (!gunzipSync(out).equals(data)) throw new Error('gzip did not round-trip');
  return out;
}

function fontsTable(typefaces) {
  // One statement a file name in many packages, most of them the same.
  const cell = (text) => {
    const statements = text.split(/\S+\.ttf:/).map((s) => s.replaceAll(/\s+/g, ' ').trim());
    return [...new Set(statements)].join('; ').replaceAll('|', '\\|');
  };
  const rows = typefaces.map(
    (t) =>
      `| ${t.family} | ${t.category} | ${t.split} | ${t.faces.length} | \`${t.name}@${t.version}\` | ${t.licence} | ${cell(t.copyright)} |`,
  );
  return `# Fonts of the typefaces data set

Written by \`scripts/make-typefaces.mjs\`. Licences and copyright lines are those of each package's \`metadata.json\`; each package
holds the full licence text. "Faces" counts the weights and styles drawn from.

| Family | Category | Split | Faces | Package | Licence | Copyright |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

async function loadLibraries(directory) {
  const require = createRequire(join(resolve(directory), 'package.json'));
  const opentype = require('opentype.js');
  const { initWasm, Resvg } = require('@resvg/resvg-wasm');
  await initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return { opentype, Resvg };
}

async function main() {
  const { values } = parseArgs({
    options: {
      fonts: { type: 'string' },
      out: { type: 'string', default: OUT },
      seed: { type: 'string', default: '1' },
      packages: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const list = JSON.parse(readFileSync(LIST, 'utf8'));
  if (values.packages) {
    console.log([...list.tools, ...list.typefaces].map((p) => `${p.package}@${p.version}`).join('\n'));
    return;
  }
  if (values.fonts === undefined) throw new UserError(USAGE);
  if (!/^\d+$/.test(values.seed)) throw new UserError(`--seed takes a whole number, not ${values.seed}`);

  const modules = join(resolve(values.fonts), 'node_modules');
  for (const tool of list.tools) installedAt(tool, modules);
  const typefaces = readTypefaces(list, modules);
  const { opentype, Resvg } = await loadLibraries(values.fonts);
  for (const t of typefaces) for (const face of t.faces) face.digits = readDigits(opentype, face.file);
  checkGroups(Resvg, typefaces);
  split(typefaces, values.seed);

  const files = new Map();
  for (const [name, prefix] of [
    ['train', 'train'],
    ['test', 't10k'],
  ]) {
    const members = typefaces.filter((t) => t.split === name);
    const examples = makeImages(Resvg, members, list.imagesPerDigit[name], values.seed, name);
    files.set(
      `${prefix}-images-idx3-ubyte`,
      idx(
        [examples.length, SIDE, SIDE],
        examples.map(({ image }) => image),
      ),
    );
    files.set(`${prefix}-labels-idx1-ubyte`, idx([examples.length], [Uint8Array.from(examples, ({ label }) => label)]));
    console.log(`${name}: ${members.length} typefaces, ${examples.length} images`);
  }
  mkdirSync(values.out, { recursive: true });
  for (const [name, data] of files) {
    const packed = gzip(data);
    writeFileSync(join(values.out, `${name}.gz`), packed);
    console.log(`${name}.gz ${packed.length} bytes, unpacked sha256 ${createHash('sha256').update(data).digest('hex')}`);
  }
  writeFileSync(join(values.out, 'FONTS.md'), fontsTable(typefaces));
}

main().catch((error) => {
  const badOption = error?.code?.startsWith?.('ERR_PARSE_ARGS');
  if (!(error instanceof UserError) && !badOption) throw error;
  console.error(error.message);
  process.exitCode = 2;
});
