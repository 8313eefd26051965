import type { Session } from '../commands/session';
import type { NxContext } from './context';
import type { OptionsOf, Verb } from './options';

/** What a task reports: whole lines, the status line first. */
export interface TaskReport {
  readonly success: boolean;
  readonly lines: readonly string[];
}

/** What the tasks of one process share. */
export interface Shared {
  readonly session: Session;
  readonly context: NxContext;
  readonly nxVersion: string;
}

/**
 * Does the work of one executor. Made once for all tasks of a process, so that it can keep what they share; called for each project.
 * Throws ProofError for what it cannot do.
 */
export type Runner<V extends Verb> = (shared: Shared) => (project: string, options: OptionsOf[V]) => Promise<TaskReport>;

/** A function called once for each different argument; arguments are compared as JSON. */
export function memoised<A, R>(load: (argument: A) => R): (argument: A) => R {
  const loaded = new Map<string, R>();
  return (argument) => {
    const key = JSON.stringify(argument);
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const value = load(argument);
    loaded.set(key, value);
    return value;
  };
}
