import type { Env } from '../../src/env';

/** An `Env` of the given variables alone; the real clock, and the folder of the process, unless given. */
export function testEnv(variables: Record<string, string> = {}, rest: Partial<Omit<Env, 'env'>> = {}): Env {
  return { now: () => new Date(), cwd: process.cwd(), signal: new AbortController().signal, ...rest, env: variables };
}
