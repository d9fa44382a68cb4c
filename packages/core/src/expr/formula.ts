import { ValueError } from '../errors.ts';

// Where code may not be generated (a content-security policy without 'unsafe-eval'), the formulas that rows print are read
// here instead: a formula is a JavaScript expression of numbers, names, operators and calls.

/** A formula ready to be evaluated at position i of its variables, each a row of values. */
export type Formula = (variables: readonly ArrayLike<number>[], i: number) => number;

/** What names in a formula stand for: the index of a variable, or a function. */
export interface Names {
  readonly variables: ReadonlyMap<string, number>;
  readonly functions: Readonly<Record<string, unknown>>;
}

type Value = number | boolean;
type Node = (variables: readonly ArrayLike<number>[], i: number) => Value;

const token =
  /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([A-Za-z_$][\w$]*(?:\.\w+)*)|(===|!==|>>>|\*\*|<=|>=|<<|>>|&&|\|\||[-+*/%<>!~&|^?:(),]))/giy;

/** Binary operators by how tightly they bind, loosest first. */
const levels: readonly Readonly<Record<string, (a: Node, b: Node) => Node>>[] = [
  { '||': (a, b) => (v, i) => a(v, i) || b(v, i) },
  { '&&': (a, b) => (v, i) => a(v, i) && b(v, i) },
  { '|': (a, b) => (v, i) => (a(v, i) as number) | (b(v, i) as number) },
  { '^': (a, b) => (v, i) => (a(v, i) as number) ^ (b(v, i) as number) },
  { '&': (a, b) => (v, i) => (a(v, i) as number) & (b(v, i) as number) },
  { '===': (a, b) => (v, i) => a(v, i) === b(v, i), '!==': (a, b) => (v, i) => a(v, i) !== b(v, i) },
  {
    '<': (a, b) => (v, i) => a(v, i) < b(v, i),
    '<=': (a, b) => (v, i) => a(v, i) <= b(v, i),
    '>': (a, b) => (v, i) => a(v, i) > b(v, i),
    '>=': (a, b) => (v, i) => a(v, i) >= b(v, i),
  },
  {
    '<<': (a, b) => (v, i) => (a(v, i) as number) << (b(v, i) as number),
    '>>': (a, b) => (v, i) => (a(v, i) as number) >> (b(v, i) as number),
    '>>>': (a, b) => (v, i) => (a(v, i) as number) >>> (b(v, i) as number),
  },
  {
    '+': (a, b) => (v, i) => (a(v, i) as number) + (b(v, i) as number),
    '-': (a, b) => (v, i) => (a(v, i) as number) - (b(v, i) as number),
  },
  {
    '*': (a, b) => (v, i) => (a(v, i) as number) * (b(v, i) as number),
    '/': (a, b) => (v, i) => (a(v, i) as number) / (b(v, i) as number),
    '%': (a, b) => (v, i) => (a(v, i) as number) % (b(v, i) as number),
  },
];

/** Reads a formula from left to right (Pratt 1973, "Top down operator precedence"). */
class Reader {
  readonly #text: string;
  readonly #names: Names;
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string, names: Names) {
    this.#text = text;
    this.#names = names;
    token.lastIndex = 0;
    while (token.lastIndex < text.trimEnd().length) {
      const start = token.lastIndex;
      const match = token.exec(text);
      if (match === null) throw this.#error(`at ${start}`);
      this.#tokens.push((match[1] ?? match[2] ?? match[3])!);
    }
  }

  read(): Node {
    const node = this.#choice();
    if (this.#at < this.#tokens.length) throw this.#error(`at '${this.#tokens[this.#at]}'`);
    return node;
  }

  #error(where: string): ValueError {
    return new ValueError(`a formula cannot be read without code generation, ${where}: ${this.#text}`);
  }

  #accept(t: string): boolean {
    if (this.#tokens[this.#at] !== t) return false;
    this.#at++;
    return true;
  }

  #expect(t: string): void {
    if (!this.#accept(t)) throw this.#error(`'${t}' expected at '${this.#tokens[this.#at] ?? 'the end'}'`);
  }

  #choice(): Node {
    const condition = this.#binary(0);
    if (!this.#accept('?')) return condition;
    const yes = this.#choice();
    this.#expect(':');
    const no = this.#choice();
    return (v, i) => (condition(v, i) ? yes(v, i) : no(v, i));
  }

  #binary(level: number): Node {
    if (level === levels.length) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const make = levels[level]![this.#tokens[this.#at] ?? ''];
      if (make === undefined) return left;
      this.#at++;
      left = make(left, this.#binary(level + 1));
    }
  }

  #unary(): Node {
    if (this.#accept('-')) {
      const x = this.#unary();
      return (v, i) => -(x(v, i) as number);
    }
    if (this.#accept('+')) return this.#unary();
    if (this.#accept('!')) {
      const x = this.#unary();
      return (v, i) => !x(v, i);
    }
    if (this.#accept('~')) {
      const x = this.#unary();
      return (v, i) => ~(x(v, i) as number);
    }
    const base = this.#primary();
    if (!this.#accept('**')) return base;
    const exponent = this.#unary();
    return (v, i) => (base(v, i) as number) ** (exponent(v, i) as number);
  }

  #primary(): Node {
    const t = this.#tokens[this.#at++];
    if (t === undefined) throw this.#error('at the end');
    if (t === '(') {
      const inner = this.#choice();
      this.#expect(')');
      return inner;
    }
    if (/^[\d.]/.test(t)) {
      const value = Number(t);
      return () => value;
    }
    if (this.#accept('(')) return this.#call(t);
    const variable = this.#names.variables.get(t);
    if (variable !== undefined) return (v, i) => v[variable]![i]!;
    const constant = lookUp(t, this.#names.functions);
    if (typeof constant !== 'number') throw this.#error(`'${t}' is unknown`);
    return () => constant;
  }

  #call(name: string): Node {
    const run = lookUp(name, this.#names.functions) as ((...args: Value[]) => number) | undefined;
    if (typeof run !== 'function') throw this.#error(`'${name}' is no function`);
    const args: Node[] = [];
    if (!this.#accept(')')) {
      do args.push(this.#choice());
      while (this.#accept(','));
      this.#expect(')');
    }
    const [a, b] = args as [Node, Node];
    if (args.length === 1) return (v, i) => run(a(v, i));
    if (args.length === 2) return (v, i) => run(a(v, i), b(v, i));
    return (v, i) => run(...args.map((x) => x(v, i)));
  }
}

/** A function of the row, of Math, or a number that has a name. */
function lookUp(name: string, functions: Readonly<Record<string, unknown>>): unknown {
  if (Object.hasOwn(functions, name)) return functions[name];
  if (name === 'F') return Math.fround;
  if (name === 'NaN') return Number.NaN;
  if (name === 'Infinity') return Number.POSITIVE_INFINITY;
  const [object, property] = name.split('.');
  return object === 'Math' && property !== undefined ? (Math as unknown as Record<string, unknown>)[property] : undefined;
}

/**
 * A formula as a function that needs no generated code. Booleans become 0 and 1, as a buffer would store them.
 *
 * @throws ValueError for what is no formula
 */
export function readFormula(text: string, names: Names): Formula {
  const node = new Reader(text, names).read();
  return (variables, i) => Number(node(variables, i));
}
