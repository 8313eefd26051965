import { toProofError } from '../errors';
import { errorLines } from '../model/report';

/** Runs the work of a generator; what fails becomes an error whose message says all that a user needs, since Nx shows only that. */
export async function presentably<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(errorLines(undefined, toProofError(error)).join('\n'), { cause: error });
  }
}
