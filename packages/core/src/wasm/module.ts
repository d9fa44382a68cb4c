import { type Opcode, opcodes, type WasmType } from './opcodes.ts';

// A small assembler: functions are written as calls that give values, each in a local of its own. Engines turn locals
// into registers, so this costs nothing once a function is optimized, and kernels read like formulas.

const typeCodes: Readonly<Record<WasmType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let v = value;
  do {
    const more = v > 127;
    out.push(more ? (v % 128) + 128 : v);
    v = Math.floor(v / 128);
  } while (v > 0);
  return out;
}

/** Signed LEB128 of a 32-bit integer. */
function signed(value: number): number[] {
  const out: number[] = [];
  let v = value | 0;
  for (;;) {
    const low = v & 127;
    v >>= 7;
    const done = (v === 0 && (low & 64) === 0) || (v === -1 && (low & 64) !== 0);
    out.push(done ? low : low | 128);
    if (done) return out;
  }
}

/** A value in a local of a function. */
export interface Value {
  readonly index: number;
  readonly type: WasmType;
}

/** Writes one function. Every operation gives its result as a new {@link Value}; {@link set} changes one. */
export class FunctionBuilder {
  readonly #params: readonly WasmType[];
  readonly #result: WasmType | null;
  readonly #locals: WasmType[] = [];
  /** Constants are made once, before everything else. */
  readonly #prologue: number[] = [];
  readonly #code: number[] = [];
  readonly #constants: Map<string, Value> = new Map();

  constructor(params: readonly WasmType[], result: WasmType | null = null) {
    this.#params = params;
    this.#result = result;
  }

  get signature(): { readonly params: readonly WasmType[]; readonly result: WasmType | null } {
    return { params: this.#params, result: this.#result };
  }

  /** How many locals it has: engines take 50,000. */
  get locals(): number {
    return this.#locals.length;
  }

  /** The i-th argument. */
  param(i: number): Value {
    return { index: i, type: this.#params[i]! };
  }

  /** A fresh local; 0 until it is set. */
  local(type: WasmType): Value {
    this.#locals.push(type);
    return { index: this.#params.length + this.#locals.length - 1, type };
  }

  /** A fresh local that starts as `value`. */
  variable(value: Value): Value {
    const v = this.local(value.type);
    this.set(v, value);
    return v;
  }

  set(target: Value, value: Value): void {
    this.#get(value);
    this.#code.push(0x21, ...unsigned(target.index));
  }

  /** The result of an instruction without immediates. */
  op(name: string, ...args: readonly Value[]): Value {
    for (const a of args) this.#get(a);
    this.#code.push(...named(name).bytes);
    return this.#give(name);
  }

  /** A lane instruction: extract_lane, replace_lane. */
  lane(name: string, lane: number, ...args: readonly Value[]): Value {
    for (const a of args) this.#get(a);
    this.#code.push(...named(name).bytes, lane);
    return this.#give(name);
  }

  /** The bytes of `a` and `b` (numbered 0 to 31) in a new order. */
  shuffle(a: Value, b: Value, bytes: readonly number[]): Value {
    this.#get(a);
    this.#get(b);
    this.#code.push(...named('i8x16.shuffle').bytes, ...bytes);
    return this.#give('i8x16.shuffle');
  }

  /** The 32-bit lanes of `a` and `b` (numbered 0 to 7) in a new order. */
  shuffle32(a: Value, b: Value, lanes: readonly number[]): Value {
    return this.shuffle(
      a,
      b,
      lanes.flatMap((l) => [l * 4, l * 4 + 1, l * 4 + 2, l * 4 + 3]),
    );
  }

  load(name: string, address: Value, offset = 0): Value {
    this.#get(address);
    this.#code.push(...named(name).bytes, 0, ...unsigned(offset));
    return this.#give(name);
  }

  /** One lane of `vector` replaced by what lies at `address`. */
  loadLane(address: Value, vector: Value, lane: number, offset = 0): Value {
    this.#get(address);
    this.#get(vector);
    this.#code.push(...named('v128.load32_lane').bytes, 0, ...unsigned(offset), lane);
    return this.#give('v128.load32_lane');
  }

  store(name: string, address: Value, value: Value, offset = 0): void {
    this.#get(address);
    this.#get(value);
    this.#code.push(...named(name).bytes, 0, ...unsigned(offset));
  }

  storeLane(address: Value, vector: Value, lane: number, offset = 0): void {
    this.#get(address);
    this.#get(vector);
    this.#code.push(...named('v128.store32_lane').bytes, 0, ...unsigned(offset), lane);
  }

  i32(value: number): Value {
    return this.#constant(`i${value}`, 'i32', [0x41, ...signed(value)]);
  }

  f32(value: number): Value {
    return this.#constant(`f${Object.is(value, -0) ? '-0' : value}`, 'f32', [0x43, ...bytesOf(new Float32Array([value]))]);
  }

  f64(value: number): Value {
    return this.#constant(`d${Object.is(value, -0) ? '-0' : value}`, 'f64', [0x44, ...bytesOf(new Float64Array([value]))]);
  }

  /** Four float32 lanes of one value. */
  f32x4(value: number): Value {
    return this.#vector(bytesOf(new Float32Array([value, value, value, value])));
  }

  /** Four int32 lanes of one value. */
  i32x4(value: number): Value {
    return this.#vector(bytesOf(new Int32Array([value, value, value, value])));
  }

  /** The lanes 0, 1, 2, 3 as int32. */
  laneNumbers(): Value {
    return this.#vector(bytesOf(new Int32Array([0, 1, 2, 3])));
  }

  #vector(bytes: readonly number[]): Value {
    return this.#constant(`v${bytes.join()}`, 'v128', [0xfd, 12, ...bytes]);
  }

  #constant(key: string, type: WasmType, code: readonly number[]): Value {
    let v = this.#constants.get(key);
    if (v === undefined) {
      v = this.local(type);
      this.#prologue.push(...code, 0x21, ...unsigned(v.index));
      this.#constants.set(key, v);
    }
    return v;
  }

  /** A call of a function of the module, by its index there. */
  call(index: number, result: WasmType | null, ...args: readonly Value[]): Value {
    for (const a of args) this.#get(a);
    this.#code.push(0x10, ...unsigned(index));
    if (result === null) return { index: -1, type: 'i32' };
    const v = this.local(result);
    this.#code.push(0x21, ...unsigned(v.index));
    return v;
  }

  /** `condition ? a : b` for scalars. */
  select(condition: Value, a: Value, b: Value): Value {
    this.#get(a);
    this.#get(b);
    this.#get(condition);
    this.#code.push(0x1b);
    const v = this.local(a.type);
    this.#code.push(0x21, ...unsigned(v.index));
    return v;
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    this.#get(condition);
    this.#code.push(0x04, 0x40);
    then();
    if (otherwise !== undefined) {
      this.#code.push(0x05);
      otherwise();
    }
    this.#code.push(0x0b);
  }

  /** Runs `body` while `condition` (computed anew each time) is not 0. */
  while(condition: () => Value, body: () => void): void {
    this.#code.push(0x02, 0x40, 0x03, 0x40);
    this.#get(condition());
    this.#code.push(0x45, 0x0d, 1);
    body();
    this.#code.push(0x0c, 0);
    this.#code.push(0x0b, 0x0b);
  }

  /** for (i = from; i < to; i += step), of signed integers; the body is run with i. */
  for(from: Value, to: Value, step: number, body: (i: Value) => void): void {
    const i = this.variable(from);
    this.while(
      () => this.op('i32.lt_s', i, to),
      () => {
        body(i);
        this.set(i, this.plus(i, step));
      },
    );
  }

  /** Adds a constant number to an integer. */
  plus(v: Value, by: number): Value {
    return by === 0 ? v : this.op('i32.add', v, this.i32(by));
  }

  return(value: Value): void {
    this.#get(value);
    this.#code.push(0x0f);
  }

  /** The function as it stands in a module's code section. */
  encode(): number[] {
    const groups: [number, WasmType][] = [];
    for (const t of this.#locals) {
      const last = groups[groups.length - 1];
      if (last !== undefined && last[1] === t) last[0]++;
      else groups.push([1, t]);
    }
    const locals = [...unsigned(groups.length), ...groups.flatMap(([n, t]) => [...unsigned(n), typeCodes[t]])];
    // Every path that gives a result has returned by then.
    const end = this.#result === null ? [0x0b] : [0x00, 0x0b];
    const body = [...locals, ...this.#prologue, ...this.#code, ...end];
    return [...unsigned(body.length), ...body];
  }

  #get(v: Value): void {
    this.#code.push(0x20, ...unsigned(v.index));
  }

  #give(name: string): Value {
    const { result } = named(name);
    if (result === null) return { index: -1, type: 'i32' };
    const v = this.local(result);
    this.#code.push(0x21, ...unsigned(v.index));
    return v;
  }
}

/** A function of numbers (i32), and its arguments by name. */
export function parameters<const N extends readonly string[]>(
  names: N,
  result: WasmType | null = null,
): [FunctionBuilder, { readonly [K in N[number]]: Value }] {
  const f = new FunctionBuilder(
    names.map(() => 'i32' as const),
    result,
  );
  return [f, Object.fromEntries(names.map((name, i) => [name, f.param(i)])) as { [K in N[number]]: Value }];
}

function named(name: string): Opcode {
  const op = opcodes[name];
  if (op === undefined) throw new TypeError(`no such instruction: ${name}`);
  return op;
}

function bytesOf(values: Float32Array | Float64Array | Int32Array): number[] {
  return [...new Uint8Array(values.buffer)];
}

/** A function of JavaScript that a module calls. */
export interface Import {
  readonly name: string;
  readonly params: readonly WasmType[];
  readonly result: WasmType | null;
}

/**
 * A module of these functions over an imported memory `env.memory`. Functions are numbered from the imports on.
 *
 * @param shared whether the memory is shared, and its size in pages of 64 KiB
 */
export function encodeModule(
  functions: Readonly<Record<string, FunctionBuilder>>,
  memory: { readonly pages: number; readonly shared: boolean },
  imports: readonly Import[] = [],
): Uint8Array<ArrayBuffer> {
  const built = Object.entries(functions);
  const signatures = [...imports, ...built.map(([, f]) => f.signature)];
  const types = signatures.map(({ params, result }) => [
    0x60,
    ...unsigned(params.length),
    ...params.map((t) => typeCodes[t]),
    ...(result === null ? [0] : [1, typeCodes[result]]),
  ]);
  const limits = [memory.shared ? 3 : 1, ...unsigned(memory.pages), ...unsigned(memory.pages)];
  const section = (id: number, items: readonly (readonly number[])[]): number[] => {
    const body = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(body.length), ...body];
  };
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, [
      [...text('env'), ...text('memory'), 0x02, ...limits],
      ...imports.map((f, i) => [...text('env'), ...text(f.name), 0, i]),
    ]),
    ...section(
      3,
      built.map((_, i) => unsigned(imports.length + i)),
    ),
    ...section(
      7,
      built.map(([name], i) => [...text(name), 0, ...unsigned(imports.length + i)]),
    ),
    ...section(
      10,
      built.map(([, f]) => f.encode()),
    ),
  ]);
}

function text(s: string): number[] {
  const bytes = [...new TextEncoder().encode(s)];
  return [...unsigned(bytes.length), ...bytes];
}
