// From the outline of a glyph to a 28 x 28 image in MNIST's manner, plain or augmented. Outlines are lists of SVG-like path
// commands; `Resvg` is the class of @resvg/resvg-wasm, whose WebAssembly gives the same pixels on every machine.

/** Side of an image, in pixels. */
export const SIDE = 28;
/** Side of MNIST's box: a digit at scale 1 has its longer side this many pixels. */
export const BOX = 20;
/** Rendered at OVERSAMPLE times the resolution, then box-filtered: exact area coverage to 1/256 and shifts of 1/8 pixel. */
const OVERSAMPLE = 8;
/** Grey levels kept. 16 instead of 256 halves the compressed size and is invisible at this resolution. */
const LEVELS = 16;

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
export function rasterize(Resvg, commands, stroke) {
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

/** The whole shift that brings the centre of a profile of masses nearest to `target` with no mass leaving the profile. */
function shiftTo(profile, target) {
  const mass = profile.reduce((a, b) => a + b);
  if (mass === 0) throw new Error('an empty image');
  const middle = profile.reduce((sum, m, at) => sum + m * (at + 0.5), 0) / mass;
  const before = profile.findIndex((m) => m > 0);
  const after = profile.length - 1 - profile.findLastIndex((m) => m > 0);
  return Math.max(-before, Math.min(after, Math.round(target - middle)));
}

/**
 * Box-filters the oversampled image, moved so that its centre of mass lies (dx, dy) pixels off the middle, or as near to there as
 * keeps the whole digit inside; coverage in 0-1.
 */
export function centre(fine, dx, dy) {
  const side = SIDE * OVERSAMPLE;
  const columns = new Float64Array(side);
  const rows = new Float64Array(side);
  for (let i = 0; i < fine.length; i++) {
    columns[i % side] += fine[i];
    rows[Math.floor(i / side)] += fine[i];
  }
  const shiftX = shiftTo(columns, side / 2 + dx * OVERSAMPLE);
  const shiftY = shiftTo(rows, side / 2 + dy * OVERSAMPLE);
  const out = new Float64Array(SIDE * SIDE);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const level = fine[y * side + x];
      if (level === 0) continue;
      const to = Math.floor((y + shiftY) / OVERSAMPLE) * SIDE + Math.floor((x + shiftX) / OVERSAMPLE);
      out[to] += level / (255 * OVERSAMPLE ** 2);
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
export function fit(commands, size) {
  const { left, top, right, bottom } = bounds(commands);
  const k = size / Math.max(right - left, bottom - top);
  return transform(commands, [k, 0, 0, k, (-k * (left + right)) / 2, (-k * (top + bottom)) / 2]);
}

/** One augmented image of a digit, 0-255. */
export function render(Resvg, commands, random) {
  const angle = (random.bell(-12, 12) * Math.PI) / 180;
  const shear = random.bell(-0.15, 0.15);
  const stretch = Math.exp(random.bell(-0.12, 0.12));
  const size = BOX * random.bell(0.7, 1.05);
  const stroke = Math.max(0, random.uniform(-0.5, 0.5));
  const dx = random.bell(-2, 2);
  const dy = random.bell(-2, 2);
  const softness = random.uniform(0, 0.4);
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
