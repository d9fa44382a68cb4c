import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const project = fileURLToPath(new URL('./fixtures/budget/tsconfig.json', import.meta.url));
const models = fileURLToPath(new URL('./fixtures/budget/models.ts', import.meta.url));

/** Types that the compiler makes for the library, what it makes more for the models, and what it says of them. */
function compile(): { library: number; more: number; errors: readonly string[] } {
  const refuse = (d: ts.Diagnostic): never => {
    throw new Error(ts.flattenDiagnosticMessageText(d.messageText, ' '));
  };
  const { errors, fileNames, options } = ts.getParsedCommandLineOfConfigFile(
    project,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: refuse },
  )!;
  errors.forEach(refuse);
  const program = ts.createProgram(fileNames, options);
  const mine = program.getSourceFile(models)!;
  for (const file of program.getSourceFiles()) if (file !== mine) program.getSemanticDiagnostics(file);
  const library = program.getInstantiationCount();
  const found = [
    ...program.getSyntacticDiagnostics(mine),
    ...program.getSemanticDiagnostics(mine),
    ...program.getDeclarationDiagnostics(mine),
  ];
  const more = program.getInstantiationCount() - library;
  return { library, more, errors: found.map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n')) };
}

/**
 * What shapes may cost an editor: type instantiations for a LeNet and a transformer block, beyond those of the library
 * itself. The count is exact and the same on every machine; raise the budget only for types that are worth it.
 */
const budget = 20_000;

it('a LeNet and a transformer block stay within the instantiation budget', { timeout: 120_000 }, () => {
  const { library, more, errors } = compile();
  expect(errors).toEqual([]);
  expect(library).toBeGreaterThan(0);
  expect(more).toBeLessThanOrEqual(budget);
  // A program whose shapes had become unknown would cost next to nothing.
  expect(more).toBeGreaterThan(budget / 4);
});
