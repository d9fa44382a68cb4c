import { readFileSync } from 'node:fs';

/** PyTorch's public names, as scripts/record-names.py wrote them. */
export interface TorchNames {
  /** The version of PyTorch. */
  readonly torch: string;
  /** Its public modules. */
  readonly modules: readonly string[];
  /** Names by the namespace or class they belong to. */
  readonly names: Readonly<Record<string, readonly string[]>>;
}

/** What was recorded. */
export const torchNames: TorchNames = JSON.parse(readFileSync(new URL('../../fixtures/torch-names.json', import.meta.url), 'utf8'));

/** A name of Python in lowerCamel; classes and what begins or ends with an underscore keep that. */
export function camelName(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}
