import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Command } from './contenders.ts';
import type { AnswerLine, Answers, Request } from './protocol.ts';

/** A contender that cannot do what it was asked for: what the table says in place of a number. */
export class ContenderError extends Error {
  override readonly name = 'ContenderError';
}

/** Characters of standard error that are kept, to say why a process ended. */
const kept = 4000;

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (e: ContenderError) => void;
}

/** A contender's process: one request at a time, each answered by a line. */
export class ContenderProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #gone: Promise<void>;
  #waiting: Waiting | null = null;
  #errors = '';
  /** Why no more answers will come; null so far. */
  #ended: ContenderError | null = null;

  constructor({ file, args, env }: Command) {
    this.#child = spawn(file, args, { env, stdio: 'pipe' });
    this.#gone = new Promise((resolve) => {
      this.#child.on('error', (e) => {
        this.#end(`cannot be started: ${e.message}`);
        resolve();
      });
      this.#child.on('close', (code, signal) => {
        this.#end(`its process ended with ${signal ?? `exit code ${code}`}${this.#lastError()}`);
        resolve();
      });
    });
    // A process that is gone cannot be written to; `close` says so.
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-kept);
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.resolve(line);
    });
  }

  /** The line of an error message that says what is wrong: Python's is the last one, Node's the one with the error's name. */
  #lastError(): string {
    const lines = this.#errors.split('\n').filter((line) => line.trim() !== '');
    const named = lines.find((line) => /^\w*Error\b.*: /.test(line)) ?? lines.at(-1);
    return named === undefined ? '' : `: ${named.trim()}`;
  }

  #end(reason: string): void {
    this.#ended ??= new ContenderError(reason);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#ended);
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws ContenderError when the contender says that it cannot, ends, answers nonsense, or needs longer than `limit`
   * milliseconds, which ends it
   */
  async request<K extends keyof Answers>(request: Extract<Request, { kind: K }>, limit: number): Promise<Answers[K]> {
    if (this.#ended !== null) throw this.#ended;
    let timer: NodeJS.Timeout | undefined;
    try {
      const line = await new Promise<string>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        timer = setTimeout(() => {
          this.#end(`no answer within ${limit / 1000} s`);
          this.#child.kill('SIGKILL');
        }, limit);
        this.#child.stdin.write(`${JSON.stringify(request)}\n`);
      });
      return answerIn<K>(line);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }
}

function answerIn<K extends keyof Answers>(line: string): Answers[K] {
  let found: AnswerLine<K>;
  try {
    found = JSON.parse(line) as AnswerLine<K>;
  } catch {
    throw new ContenderError(`answers what is not JSON: ${line.slice(0, 100)}`);
  }
  if ('error' in found) throw new ContenderError(found.error.split('\n')[0]!);
  return found.answer;
}
