import type { ProofError} from '../errors';
import { toProofError } from '../errors';
import type { Check, CheckName } from '../model/verdict';
import { unchecked } from '../verify';

/** Runs checks that may be unable to answer. A verdict that is no stands without their answer; a verdict that is yes does not. */
export class Attempts {
  readonly #errors: ProofError[] = [];

  async make<N extends CheckName>(name: N, check: () => Check<N> | Promise<Check<N>>): Promise<Check<N>> {
    try {
      return await check();
    } catch (error) {
      const reason = toProofError(error);
      if (reason.code === 'ABORTED') throw reason;
      this.#errors.push(reason);
      return unchecked(name, `could not be checked (${reason.code})`);
    }
  }

  throwUnlessRefused(all: Readonly<Partial<Record<CheckName, Check>>>): void {
    const [worst] = [...this.#errors].sort((a, b) => b.exitCode - a.exitCode);
    if (worst !== undefined && !Object.values(all).some(({ status }) => status === 'failed')) throw worst;
  }
}
