import { EXIT, toProofError, worstExit, type ExitCode, type ProofError } from '../errors';
import { count, errorLines } from '../model/report';
import type { Project } from '../model/project';
import type { Printer } from './printer';

/** How it went with one project: what was asked for, or why that could not be done. */
export type Outcome<R> = { readonly project: string; readonly result: R } | { readonly project: string; readonly error: ProofError };

/** As forEachInOrder, for projects. */
export function forEachProject<R>(projects: readonly Project[], work: (project: Project) => Promise<R>, report: (outcome: Outcome<R>) => void, concurrency = 1): Promise<Outcome<R>[]> {
  return forEachInOrder(projects, { name: ({ name }) => name, work, report, concurrency });
}

/**
 * Does `work` for each item, for `concurrency` of them at a time, and reports in their order; one that fails does not keep the others from being done.
 * No more items are taken than are worked on.
 */
export async function forEachInOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  { name, work, report, concurrency }: { name: (item: T) => string; work: (item: T) => Promise<R>; report: (outcome: Outcome<R>) => void; concurrency: number },
): Promise<Outcome<R>[]> {
  const outcomes: Outcome<R>[] = [];
  const window: Promise<Outcome<R>>[] = [];
  const settle = async (): Promise<void> => {
    for (const outcome of await Promise.all(window.splice(0, 1))) {
      outcomes.push(outcome);
      report(outcome);
    }
  };
  try {
    for await (const item of items) {
      if (window.length === concurrency) await settle();
      window.push(outcomeOf(name(item), () => work(item)));
    }
  } finally {
    while (window.length > 0) await settle();
  }
  return outcomes;
}

export async function outcomeOf<R>(project: string, work: () => Promise<R>): Promise<Outcome<R>> {
  try {
    return { project, result: await work() };
  } catch (error) {
    return { project, error: toProofError(error, project) };
  }
}

/** Prints one outcome. */
export function printOutcome<R>(printer: Printer, outcome: Outcome<R>, lines: (result: R) => readonly string[]): void {
  printer.lines('error' in outcome ? errorLines(outcome.project, outcome.error) : lines(outcome.result));
}

/** The error as a JSON document states it. */
export function errorDocument(error: ProofError): object {
  return { code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode, details: error.details };
}

/** What outcomes are about. */
export type Noun = 'project' | 'proof';

/** The end of a command that creates or signs: the sum, or the JSON document, and the exit code. */
export function finish<R extends object>(printer: Printer, outcomes: readonly Outcome<R>[], done: string, noun: Noun = 'project'): ExitCode {
  const failed = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
  const exitCode = worstExit(failed.map((error) => error.exitCode));
  printer.document({ outcomes: outcomes.map(({ project, ...outcome }) => ({ [noun]: project, ...('error' in outcome ? { error: errorDocument(outcome.error) } : outcome) })), exitCode });
  const rest = failed.length === 0 ? '' : `, ${failed.length} failed (exit ${exitCode})`;
  if (outcomes.length > 1 || exitCode !== EXIT.ok) printer.status(`${count(outcomes.length - failed.length, noun)} ${done}${rest}`);
  return exitCode;
}
