import { readFileSync } from 'node:fs';
import { dtypes } from '@nabla/core/internals';
import { exceptions, newer } from './exceptions.ts';
import { camelName, torchNames } from './names.ts';
import { firstOf, namesIn } from './ours.ts';
import { otherModules, outOfScope } from './scope.ts';

/** The dtypes of `torch`, and what they are called here. */
const dtypeNames: Readonly<Record<string, string>> = {
  float32: 'float32',
  float: 'float32',
  float64: 'float64',
  double: 'float64',
  int64: 'int64',
  long: 'int64',
  int32: 'int32',
  int: 'int32',
  uint8: 'uint8',
  bool: 'bool',
};

/** Where a name of a namespace is looked for, by rule. */
const rules: Readonly<Record<string, (name: string) => readonly string[]>> = {
  // Classes of torch have the names of what a tensor tells about itself.
  torch: (n) => (n === 'device' || n === 'dtype' ? [] : [n, `x.${n}`]),
  'torch.Tensor': (n) => [`x.${n}`, n],
  'torch.nn': (n) => [`nn.${n}`],
  'torch.nn.functional': (n) => [`F.${n}`, `x.${n}`],
  'torch.nn.init': (n) => [`init.${n}`],
  'torch.optim': (n) => [`optim.${n}`],
  'torch.optim.lr_scheduler': (n) => [`optim.${n}`],
  'torch.optim.swa_utils': (n) => [`train.${n}`, `optim.${n}`],
  'torch.linalg': (n) => [`linalg.${n}`],
  'torch.special': (n) => [n],
  'torch.random': (n) => [n],
  'torch.autograd': (n) => [n],
  'torch.autograd.functional': (n) => [n],
  'torch.autograd.profiler': (n) => [n],
  'torch.utils.checkpoint': (n) => [n],
  'torch.utils.data': (n) => [`train.${n}`],
  'torch.Generator': (n) => [`generator.${n}`],
  'torch.nn.Module': (n) => [`module.${n}`],
  'torch.nn.Sequential': (n) => [`sequential.${n}`],
  'torch.nn.ModuleList': (n) => [`moduleList.${n}`],
  'torch.nn.ModuleDict': (n) => [`moduleDict.${n}`],
  'torch.nn.ParameterList': (n) => [`parameterList.${n}`],
  'torch.nn.ParameterDict': (n) => [`parameterDict.${n}`],
  'torch.optim.Optimizer': (n) => [`optimizer.${n}`],
  'torch.autograd.function.FunctionCtx': (n) => [`ctx.${n}`],
};

/** Namespaces below `torch.nn.utils` are spread over two packages. */
const inUtilities = (n: string): readonly string[] => [`nn.${n}`, `optim.${n}`];

/** What became of a name of PyTorch. */
export type Place =
  | { readonly kind: 'row'; readonly ours: string | null; readonly note: string }
  | { readonly kind: 'out of scope'; readonly group: string }
  | { readonly kind: 'dtype'; readonly ours: string };

/**
 * Where a name of PyTorch stands in the document.
 *
 * @throws Error when neither a rule nor an exception nor a group has it, or an exception is out of date
 */
export function placeOf(namespace: string, name: string): Place {
  if (namespace === 'torch' && name in dtypeNames) return { kind: 'dtype', ours: dtypeNames[name]! };
  const path = `${namespace}.${name}`;
  const exception = exceptions[namespace]?.[name];
  const byRule = firstOf(...(rules[namespace] ?? inUtilities)(camelName(name)));
  if (exception !== undefined) {
    if (exception.ours === null && byRule !== null && !exception.other)
      throw new Error(`${path}: there is ${byRule} now; remove the exception`);
    return { kind: 'row', ours: exception.ours, note: exception.note };
  }
  if (byRule !== null) return { kind: 'row', ours: byRule, note: '' };
  const group = outOfScope.find((g) => g.match.test(path));
  if (group === undefined) throw new Error(`${path} stands nowhere: add it to exceptions.ts or scope.ts`);
  return { kind: 'out of scope', group: group.title };
}

/** Every name of ours that the document mentions: in a column, or as code in a note. */
export function mentioned(): { readonly name: string; readonly where: string }[] {
  const rows = Object.entries(torchNames.names).flatMap(([namespace, names]) =>
    names.flatMap((name) => {
      const place = placeOf(namespace, name);
      if (place.kind !== 'row') return [];
      const codes = [...place.note.matchAll(/`([^`]+)`/g)].flatMap((m) => namesIn(m[1]!));
      return [...(place.ours === null ? [] : [place.ours]), ...codes].map((n) => ({ name: n, where: `${namespace}.${name}` }));
    }),
  );
  const more = newer.flatMap(({ torch, ours }) => (ours === null ? [] : [{ name: ours, where: torch }]));
  return [...rows, ...more];
}

const code = (text: string): string => `\`${text}\``;
const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replace(/\|/g, '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');

/** Functions of torch and methods of its tensors, one row for a function, its method and what both do in place. */
function tensorTable(): string {
  const rows = new Map<string, { readonly cells: [string, string, string]; readonly notes: Set<string> }>();
  const put = (name: string, column: 0 | 1 | 2, ours: string | null, note: string): void => {
    const base = name.replace(/_$/, '');
    const row = rows.get(base) ?? { cells: ['', '', ''], notes: new Set<string>() };
    rows.set(base, row);
    row.cells[column] = ours === null ? 'no' : code(ours);
    if (note !== '') row.notes.add(note);
  };
  for (const [namespace, column] of [
    ['torch', 0],
    ['torch.Tensor', 1],
  ] as const) {
    for (const name of torchNames.names[namespace]!) {
      const place = placeOf(namespace, name);
      if (place.kind === 'row') put(name, name.endsWith('_') ? 2 : column, place.ours, place.note);
    }
  }
  const sorted = [...rows].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return table(
    ['PyTorch', '`torch.`', '`tensor.`', 'in place', ''],
    sorted.map(([base, { cells, notes }]) => [code(base), ...cells, [...notes].join('; ')]),
  );
}

function dtypeTable(): string {
  const by = dtypes.map((d) => [Object.keys(dtypeNames).filter((n) => dtypeNames[n] === d), d] as const);
  return table(
    ['PyTorch', 'Nabla'],
    by.map(([names, d]) => [names.map((n) => code(`torch.${n}`)).join(', '), code(`'${d}'`)]),
  );
}

function namespaceTable(namespace: string): string {
  const rows = torchNames.names[namespace]!.flatMap((name) => {
    const place = placeOf(namespace, name);
    return place.kind === 'row' ? [[code(name), place.ours === null ? 'no' : code(place.ours), place.note]] : [];
  });
  return rows.length === 0 ? '' : table([`\`${namespace}.\``, 'Nabla', ''], rows);
}

function scopeList(): string {
  const members = new Map<string, string[]>(outOfScope.map((g) => [g.title, []]));
  for (const [namespace, names] of Object.entries(torchNames.names)) {
    for (const name of names) {
      const place = placeOf(namespace, name);
      if (place.kind === 'out of scope') members.get(place.group)!.push(`${namespace.replace(/^torch\.Tensor$/, 'Tensor')}.${name}`);
    }
  }
  return outOfScope.map(({ title, reason }) => `**${title}**: ${reason}.\n\n${members.get(title)!.map(code).join(', ')}`).join('\n\n');
}

const part = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8').trimEnd();

const legend = `Where a name stands: \`x\` is a tensor, \`F\` is \`functional\` and \`init\` is \`init\` of \`@nabla/nn\`, \`linalg\` belongs to \`@nabla/core\`, and what has nothing in front is exported by it; \`nn\`, \`optim\`, \`train\`, \`io\` are packages. An empty cell: PyTorch has no such form. "no": it has one, and the last column says what to write.`;

/** The whole of `docs/from-pytorch.md`. */
export function fromPytorchPage(): string {
  const others = Object.keys(torchNames.names).filter((n) => n !== 'torch' && n !== 'torch.Tensor');
  const version = torchNames.torch.replace(/a0$/, '');
  const sections = others.flatMap((namespace) => {
    const text = namespaceTable(namespace);
    return text === '' ? [] : [`### ${namespace}\n\n${text}`];
  });
  const covered = (m: string): boolean => m === 'torch' || Object.keys(torchNames.names).some((n) => n === m || n.startsWith(`${m}.`));
  const modules = torchNames.modules.filter((m) => !covered(m)).map((m) => `- ${code(m)}: ${otherModules[m]}`);
  return [
    part('opening.md').replace('TORCH', version),
    `## The tables\n\n${legend}`,
    `### dtypes\n\n${dtypeTable()}`,
    `### torch and torch.Tensor\n\n${tensorTable()}`,
    ...sections,
    `### Newer than PyTorch ${version}, or only here\n\n${table(
      ['PyTorch', 'Nabla', ''],
      newer.map(({ torch, ours, note }) => [torch === '' ? '' : code(torch), ours === null ? 'no' : code(ours), note]),
    )}`,
    `## What has no place here\n\n${scopeList()}`,
    `Whole modules:\n\n${modules.join('\n')}`,
    part('differences.md'),
  ]
    .join('\n\n')
    .concat('\n');
}
