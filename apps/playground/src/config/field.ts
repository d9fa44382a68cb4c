/** One of a few named values. */
export interface Choice<T extends string> {
  readonly kind: 'choice';
  readonly label: string;
  readonly options: Readonly<Record<T, string>>;
  readonly initial: T;
}

/** One of a few numbers, in the order of a slider. */
export interface Scale {
  readonly kind: 'scale';
  readonly label: string;
  readonly values: readonly number[];
  readonly initial: number;
}

/** An integer that is typed in. */
export interface Whole {
  readonly kind: 'whole';
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly initial: number;
}

export type Field = Choice<string> | Scale | Whole;

export function choice<T extends string>(label: string, options: Readonly<Record<T, string>>, initial: NoInfer<T>): Choice<T> {
  return { kind: 'choice', label, options, initial };
}

export function scale(label: string, values: readonly number[], initial: number): Scale {
  return { kind: 'scale', label, values, initial };
}

export function whole(label: string, from: number, to: number, initial: number): Whole {
  return { kind: 'whole', label, from, to, initial };
}

/** The value that a field takes. */
export type ValueOf<F> = F extends Choice<infer T> ? T : number;

/** A value as text gives it, or null when the field does not take it. */
export function parse(field: Field, text: string): string | number | null {
  if (field.kind === 'choice') return Object.hasOwn(field.options, text) ? text : null;
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (field.kind === 'scale') return field.values.includes(number) ? number : null;
  return Number.isInteger(number) && number >= field.from && number <= field.to ? number : null;
}
