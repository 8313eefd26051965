import { publish, type TrustEvent } from '../events';
import type { Env } from '../env';
import { printable } from '../files';
import { measure, type MetricName } from '../telemetry';
import { appendAudit } from './audit';

type Action = TrustEvent['action'];

const COUNTERS: Partial<Record<Action, MetricName>> = {
  hit: 'proof_artifacts.cache.hit_count',
  stale: 'proof_artifacts.cache.hit_count',
  miss: 'proof_artifacts.cache.miss_count',
  expired: 'proof_artifacts.cache.miss_count',
  refresh: 'proof_artifacts.cache.refresh_count',
};

/** Tells of one look-up: an event, a counter, and a line of the audit log each time. */
export class Journal {
  readonly #env: Env;
  readonly #origin: string;
  readonly #correlation: string;
  /** Where the audit log is; undefined while there is no cache to speak of. */
  folder: string | undefined;
  /** Why lines are missing in the audit log. */
  readonly warnings: string[] = [];

  constructor(env: Env, origin: string, correlation: string) {
    this.#env = env;
    this.#origin = origin;
    this.#correlation = correlation;
  }

  async note(action: Action, facts: { readonly entry?: string; readonly reason?: string } = {}): Promise<void> {
    const reason = facts.reason === undefined ? {} : { reason: printable(facts.reason).slice(0, 2000) };
    const event: TrustEvent = { action, origin: this.#origin, correlation: this.#correlation, ...facts, ...reason };
    publish('nx-proof:trust', event);
    const name = COUNTERS[action];
    if (name !== undefined) measure(name, 1);
    if (this.folder === undefined) return;
    try {
      await appendAudit(this.folder, event, { now: this.#env.now(), signal: this.#env.signal });
    } catch (error) {
      // What is believed does not depend on the log, and a log that cannot be written must not stop a verification.
      this.warnings.push(`the audit log cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
