import { type Config, type FieldName, fields, initialConfig } from './config.ts';
import { parse } from './field.ts';

/** What a link holds, and what in it could not be understood, in words. */
export interface ReadLink {
  readonly config: Config;
  readonly notices: readonly string[];
}

const names = Object.keys(fields) as FieldName[];

/** Longer values are cut before they are shown. */
const shown = (text: string): string => JSON.stringify(text.length > 24 ? `${text.slice(0, 24)}…` : text);

/** The part of a link after #: what differs from the initial values. */
export function writeLink(config: Config): string {
  const changed = names.filter((name) => config[name] !== initialConfig[name]);
  return new URLSearchParams(changed.map((name) => [name, String(config[name])])).toString();
}

/** Reads what {@link writeLink} wrote. What is unknown is left at its initial value and named in a notice; nothing throws. */
export function readLink(hash: string): ReadLink {
  const config: Record<string, string | number> = { ...initialConfig };
  const notices: string[] = [];
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    if (!Object.hasOwn(fields, name)) {
      notices.push(`The link sets ${shown(name)}, which does not exist.`);
      continue;
    }
    const field = fields[name as FieldName];
    const value = parse(field, text);
    if (value === null) notices.push(`${field.label}: the link says ${shown(text)}, which cannot be; ${field.initial} is used.`);
    else config[name] = value;
  }
  return { config: config as Config, notices };
}
