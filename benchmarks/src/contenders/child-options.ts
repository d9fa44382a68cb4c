/** What every contender's process is told on its command line. */
export interface ChildOptions {
  readonly threads: number;
  readonly backend: string;
}

export function childOptions(): ChildOptions {
  const [threads, backend] = process.argv.slice(2);
  return { threads: Number(threads ?? 1), backend: backend ?? 'cpu' };
}
