import type { Env } from '../env';

/** This process, as the commands may know it. Nx ends a task by ending its process; files are written so that this does no harm. */
export function processEnv(): Env {
  return { now: () => new Date(), env: process.env, cwd: process.cwd(), signal: new AbortController().signal };
}
