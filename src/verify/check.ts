import { printable } from '../files';
import type { Check, CheckName, CheckStatus, RefusalCode } from '../model/verdict';

type Details = Readonly<Record<string, unknown>>;

export const passed = <N extends CheckName>(name: N, message: string, details?: Details): Check<N> => make(name, 'passed', message, details);
export const asserted = <N extends CheckName>(name: N, message: string, details?: Details): Check<N> => make(name, 'asserted', message, details);
export const unchecked = <N extends CheckName>(name: N, message: string, details?: Details): Check<N> => make(name, 'unchecked', message, details);
export const failed = <N extends CheckName>(name: N, code: RefusalCode, message: string, details?: Details): Check<N> => ({ ...make(name, 'failed', message, details), code });

/** Messages quote what others wrote: nothing in them can forge a line of output. */
function make<N extends CheckName>(name: N, status: CheckStatus, message: string, details: Details | undefined): Check<N> {
  return { name, status, message: printable(message), ...(details === undefined ? {} : { details }) };
}

/** How many names a message and its details list. */
const SHOWN = 20;

/** The first names of a list that may be long. */
export class NameList {
  readonly shown: string[] = [];
  total = 0;

  add(name: string): void {
    this.total += 1;
    if (this.shown.length < SHOWN) this.shown.push(name);
  }

  /** `a, b and 3 more`. */
  toString(): string {
    const names = this.shown.join(', ');
    return this.total > this.shown.length ? `${names} and ${this.total - this.shown.length} more` : names;
  }

  static of(names: Iterable<string>): NameList {
    const list = new NameList();
    for (const name of names) list.add(name);
    return list;
  }
}
