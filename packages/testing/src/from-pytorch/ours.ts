import * as core from '@nabla/core';
import * as io from '@nabla/io';
import * as ioNode from '@nabla/io/node';
import * as nn from '@nabla/nn';
import * as optim from '@nabla/optim';
import * as train from '../../../train/src/index.ts';
import * as trainNode from '../../../train/src/node.ts';

const tensor = core.tensor([0]);
const generator = new core.Generator(0);

/** Where names of ours are looked up: the word before the dot in the document, and the object that has the name. */
const owners: Readonly<Record<string, object>> = {
  '': core,
  x: tensor,
  nn,
  F: nn.functional,
  init: nn.init,
  linalg: core.linalg,
  optim,
  train,
  'train/node': trainNode,
  io,
  'io/node': ioNode,
  generator,
  module: nn.Module.prototype,
  sequential: nn.Sequential.prototype,
  moduleList: nn.ModuleList.prototype,
  moduleDict: nn.ModuleDict.prototype,
  parameterList: nn.ParameterList.prototype,
  parameterDict: nn.ParameterDict.prototype,
  optimizer: optim.Optimizer.prototype,
};

/** Members of interfaces, which nothing but the compiler knows; `satisfies` asks it. */
const members = {
  ctx: ['save', 'saved', 'attrs', 'markDirty', 'markNonDifferentiable', 'setMaterializeGrads'] satisfies (keyof core.FunctionContext)[],
} as const;

/** Whether a name of the document, such as `nn.Linear` or `x.add_`, exists in the code. */
export function exists(name: string): boolean {
  const dot = name.lastIndexOf('.');
  const [owner, member] = dot < 0 ? ['', name] : [name.slice(0, dot), name.slice(dot + 1)];
  if (owner in members) return (members[owner as keyof typeof members] as readonly string[]).includes(member);
  const object = owners[owner];
  // Constants such as `cpu` are no functions of that name.
  if (object === undefined || !(member in object)) return false;
  return owner !== '' || typeof (object as Readonly<Record<string, unknown>>)[member] === 'function';
}

/** The first of some names that exists. */
export function firstOf(...names: readonly string[]): string | null {
  return names.find(exists) ?? null;
}

/** Names that are called, constructed or read in a piece of code: what has to exist for it to work. */
export function namesIn(code: string): string[] {
  const found = code.matchAll(/(?<![\w.'"/@])((?:[a-zA-Z]+(?:\/node)?\.)?[a-zA-Z_]\w*)(?=\()/g);
  const ownedReads = code.matchAll(/(?<![\w.'"/@])((?:x|nn|F|init|linalg|optim|train|io|generator|module|optimizer)\.[a-zA-Z_]\w*)/g);
  return [...new Set([...found, ...ownedReads].map((m) => m[1]!))];
}
