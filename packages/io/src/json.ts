/** A JSON value; objects are Maps, so that no name in a file means anything to JavaScript. */
export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

/** What is wrong with a text that is not the JSON that was asked for. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const spacePattern = /[ \t\n\r]*/y;
const surrogate = /\p{Surrogate}/u;

/**
 * Parses JSON as RFC 8259 has it, and refuses what a careful writer never writes: an object with a key twice, text that
 * UTF-8 cannot hold, numbers beyond the doubles, and nesting deeper than `maxDepth`.
 *
 * @throws JsonError
 */
export function parseJson(text: string, maxDepth: number): Json {
  let at = 0;
  const fail = (what: string): never => {
    throw new JsonError(`${what} at character ${at}`);
  };
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  };
  const take = (symbol: string): boolean => {
    match(spacePattern);
    if (text[at] !== symbol) return false;
    at++;
    return true;
  };
  const word = (expected: string, value: null | boolean): Json => {
    if (!text.startsWith(expected, at)) fail('no JSON value');
    at += expected.length;
    return value;
  };
  const string = (): string => {
    const start = at++;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (!(code >= 0x20)) fail('a string that does not end, or a control character in it');
      at++;
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        at++;
      }
    }
    const quoted = text.slice(start, at);
    if (!escaped) return quoted.slice(1, -1);
    let plain: string;
    try {
      plain = JSON.parse(quoted) as string;
    } catch {
      at = start;
      return fail('an escape that JSON does not have');
    }
    return surrogate.test(plain) ? fail('half of a surrogate pair') : plain;
  };
  const value = (depth: number): Json => {
    if (depth > maxDepth) fail(`values nested deeper than ${maxDepth}`);
    match(spacePattern);
    switch (text[at]) {
      case '{': {
        at++;
        const out = new Map<string, Json>();
        if (take('}')) return out;
        do {
          match(spacePattern);
          const key = text[at] === '"' ? string() : fail('expected a key');
          if (out.has(key)) fail(`the key ${JSON.stringify(key.slice(0, 100))} a second time`);
          if (!take(':')) fail("expected ':'");
          out.set(key, value(depth + 1));
        } while (take(','));
        if (!take('}')) fail("expected ',' or '}'");
        return out;
      }
      case '[': {
        at++;
        const out: Json[] = [];
        if (take(']')) return out;
        do out.push(value(depth + 1));
        while (take(','));
        if (!take(']')) fail("expected ',' or ']'");
        return out;
      }
      case '"':
        return string();
      case 't':
        return word('true', true);
      case 'f':
        return word('false', false);
      case 'n':
        return word('null', null);
      default: {
        const digits = match(numberPattern);
        if (digits === null) return fail('no JSON value');
        const number = Number(digits);
        return Number.isFinite(number) ? number : fail('a number beyond the doubles');
      }
    }
  };
  const result = value(0);
  match(spacePattern);
  if (at !== text.length) fail('something after the value');
  return result;
}
