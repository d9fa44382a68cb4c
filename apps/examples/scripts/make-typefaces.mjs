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

const SIDE = 28;
/** Side of MNIST's box: a digit at scale 1 has its longer side this many pixels. */
const BOX = 20;
/** Rendered at OVERSAMPLE times the resolution, then box-filtered: exact area coverage to 1/256 and shifts of 1/8 pixel. */
const OVERSAMPLE = 8;
/** Grey levels kept. 16 instead of 256 halves the compressed size and is invisible at this resolution. */
const LEVELS = 16;
const TEST_SHARE = 0.2;
const LICENCES = new Set(['OFL-1.1', 'Apache-2.0']);
/** Two faces whose upright digits differ by less than this (mean absolute difference, of 1) must not be split over train and test. */
const SAME_DESIGN = 0.012;

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

/** The typefaces of the list, each with its faces' files, checked against what is installed. */
function readTypefaces(list, modules) {
  return list.typefaces.map(({ package: name, version, group }) => {
    const folder = join(modules, name);
    if (!existsSync(join(folder, 'package.json'))) throw new UserError(`${name} is not installed in ${modules}`);
    const installed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
    if (installed !== version) throw new UserError(`${name} is installed at ${installed}, typefaces.json says ${version}`);
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

// ----------------------------------------------------------------------------------------------------------------------- rendering

const POINTS = [
  ['x1', 'y1'],
  ['x2', 'y2'],
  ['x', 'y'],
];

/** Applies (x, y) -> (ax + cy + e, bx + dy + f) to path commands. */
function transform(commands, [a, b, c, d, e, f]) {
  return commands.map((command) => {
    const out = { type: command.type };
    for (const [px, py] of POINTS) {
      if (command[px] === undefined) continue;
      out[px] = a * command[px] + c * command[py] + e;
      out[py] = b * command[px] + d * command[py] + f;
    }
    return out;
  });
}

/** Bounding box of the points of the path, control points included. */
function bounds(commands) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const command of commands) {
    for (const [px, py] of POINTS) {
      if (command[px] === undefined) continue;
      box.left = Math.min(box.left, command[px]);
      box.right = Math.max(box.right, command[px]);
      box.top = Math.min(box.top, command[py]);
      box.bottom = Math.max(box.bottom, command[py]);
    }
  }
  return box;
}

/** The path as an SVG path string in oversampled pixels; the rounding keeps last-bit differences of Math.sin out of the images. */
function pathData(commands) {
  return commands
    .map((command) => {
      const numbers = POINTS.filter(([px]) => command[px] !== undefined).flatMap(([px, py]) => [command[px], command[py]]);
      return command.type + numbers.map((v) => v.toFixed(2)).join(' ');
    })
    .join('');
}

/** Rasterizes a path in pixels of the image around its middle, `stroke` pixels bolder, to oversampled coverage in 0-255. */
function rasterize(Resvg, commands, stroke) {
  const side = SIDE * OVERSAMPLE;
  const d = pathData(transform(commands, [OVERSAMPLE, 0, 0, OVERSAMPLE, side / 2, side / 2]));
  const width = (stroke * OVERSAMPLE).toFixed(2);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="${side}" height="${side}"/><path fill="#fff" stroke="#fff" stroke-linejoin="round" stroke-width="${width}" d="${d}"/></svg>`;
  const resvg = new Resvg(svg, { fitTo: { mode: 'original' } });
  const image = resvg.render();
  const rgba = image.pixels;
  const out = new Uint8Array(side * side);
  for (let i = 0; i < out.length; i++) out[i] = rgba[4 * i];
  image.free();
  resvg.free();
  return out;
}

/** Box-filters the oversampled image so that its centre of mass lies (dx, dy) pixels off the middle, as coverage in 0-1. */
function centre(fine, dx, dy) {
  const side = SIDE * OVERSAMPLE;
  let mass = 0;
  let mx = 0;
  let my = 0;
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      mass += fine[i];
      mx += fine[i] * (x + 0.5);
      my += fine[i] * (y + 0.5);
    }
  }
  if (mass === 0) throw new Error('an empty image');
  const shiftX = Math.round(side / 2 + dx * OVERSAMPLE - mx / mass);
  const shiftY = Math.round(side / 2 + dy * OVERSAMPLE - my / mass);
  const out = new Float64Array(SIDE * SIDE);
  for (let y = 0; y < side; y++) {
    const toY = y + shiftY;
    if (toY < 0 || toY >= side) continue;
    for (let x = 0; x < side; x++) {
      const toX = x + shiftX;
      if (toX < 0 || toX >= side) continue;
      out[Math.floor(toY / OVERSAMPLE) * SIDE + Math.floor(toX / OVERSAMPLE)] += fine[y * side + x] / (255 * OVERSAMPLE ** 2);
    }
  }
  return out;
}

/** Separable blur with the kernel [w, 1, w] / (1 + 2w). */
function blur(image, w) {
  const pass = (input, step, coordinate) =>
    input.map((v, i) => {
      const at = coordinate(i);
      const before = at > 0 ? input[i - step] : 0;
      const after = at < SIDE - 1 ? input[i + step] : 0;
      return (v + w * (before + after)) / (1 + 2 * w);
    });
  const rows = pass(image, 1, (i) => i % SIDE);
  return pass(rows, SIDE, (i) => Math.floor(i / SIDE));
}

/** The path moved to the origin and scaled so that its longer side is `size` pixels. */
function fit(commands, size) {
  const { left, top, right, bottom } = bounds(commands);
  const k = size / Math.max(right - left, bottom - top);
  return transform(commands, [k, 0, 0, k, (-k * (left + right)) / 2, (-k * (top + bottom)) / 2]);
}

/** One augmented image of a digit, 0-255. */
function render(Resvg, commands, random) {
  const angle = (random.uniform(-12, 12) * Math.PI) / 180;
  const shear = random.uniform(-0.2, 0.2);
  const stretch = Math.exp(random.uniform(-0.15, 0.15));
  const size = BOX * random.uniform(0.7, 1.05);
  const stroke = Math.max(0, random.uniform(-0.6, 0.9));
  const dx = random.uniform(-2, 2);
  const dy = random.uniform(-2, 2);
  const softness = random.uniform(0, 0.5);
  const contrast = random.uniform(0.55, 1);
  const specks = random.below(5);

  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // Stretch across, then shear, then rotate.
  const shaped = transform(commands, [stretch * cos, stretch * sin, shear * cos - sin, shear * sin + cos, 0, 0]);
  const image = blur(centre(rasterize(Resvg, fit(shaped, size), stroke), dx, dy), softness);
  const peak = image.reduce((a, b) => Math.max(a, b));
  const out = image.map((v) => (v / peak) * contrast);
  for (let i = 0; i < specks; i++) {
    const at = random.below(out.length);
    const grey = random.uniform(0.2, 0.6);
    out[at] += out[at] < contrast / 2 ? grey : -grey;
  }
  return Uint8Array.from(out, (v) => Math.round(Math.min(1, Math.max(0, v)) * (LEVELS - 1)) * (255 / (LEVELS - 1)));
}

/** Stops when a face of a training typeface has the digits of a test face: a copy under another name, or a common ancestor. */
function checkSplit(Resvg, typefaces) {
  const plain = typefaces.flatMap((typeface) =>
    typeface.faces.map(({ digits }) => ({
      typeface,
      images: digits.map((commands) => centre(rasterize(Resvg, fit(commands, BOX), 0), 0, 0)),
    })),
  );
  const train = plain.filter(({ typeface }) => typeface.split === 'train');
  const problems = [];
  for (const test of plain.filter(({ typeface }) => typeface.split === 'test')) {
    for (const other of train) {
      let sum = 0;
      for (let digit = 0; digit < 10; digit++) {
        const [a, b] = [test.images[digit], other.images[digit]];
        for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
      }
      const difference = sum / (10 * SIDE * SIDE);
      if (difference < SAME_DESIGN) problems.push(`${test.typeface.family} and ${other.typeface.family} (${difference.toFixed(4)})`);
    }
  }
  if (problems.length > 0) throw new UserError(`give these typefaces a common "group":\n  ${[...new Set(problems)].join('\n  ')}`);
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
  header.writeUInt16BE(0x08, 1);
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
  const cell = (text) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
  const rows = typefaces.map(
    (t) => `| ${t.family} | ${t.category} | ${t.split} | ${t.faces.length} | \`${t.name}@${t.version}\` | ${t.licence} | ${cell(t.copyright)} |`,
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
  const typefaces = readTypefaces(list, modules);
  const { opentype, Resvg } = await loadLibraries(values.fonts);
  for (const t of typefaces) for (const face of t.faces) face.digits = readDigits(opentype, face.file);
  split(typefaces, values.seed);
  checkSplit(Resvg, typefaces);

  const files = new Map();
  for (const [name, prefix] of [['train', 'train'], ['test', 't10k']]) {
    const members = typefaces.filter((t) => t.split === name);
    const examples = makeImages(Resvg, members, list.imagesPerDigit[name], values.seed, name);
    files.set(`${prefix}-images-idx3-ubyte`, idx([examples.length, SIDE, SIDE], examples.map(({ image }) => image)));
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
