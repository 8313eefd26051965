import type { ExitCode } from '../../errors';
import type { Host } from '../host';
import { runProgram, type RunnableProgram } from '../main';
import { CORTEX_PROOFS } from './spec';

/** Each command is loaded when it is called. */
const RUNS: RunnableProgram['runs'] = {
  create: async () => (await import('./create')).runCreate,
  sign: async () => (await import('./sign')).runSign,
  verify: async () => (await import('./verify')).runVerify,
};

/** The command line `cortex-proofs ARGV…`. */
export const cortexMain = (argv: readonly string[], host: Host): Promise<ExitCode> => runProgram({ ...CORTEX_PROOFS, runs: RUNS }, argv, host);
