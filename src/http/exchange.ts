import type { Dispatcher } from 'undici';
import { ProofError, isProofError } from '../errors';
import { attempt, describeFailure, type Failure } from './attempt';
import { MAX_ATTEMPTS, backoffMs, isPermanent, isTransient, retryAfterMs } from './backoff';
import { publicUrl } from './endpoints';
import type { Pace } from './pace';
import type { HttpRequest, HttpResponse, Timing } from './types';

/** What the requests of one `Http` share. */
export interface Shared {
  readonly dispatcher: Dispatcher;
  readonly timing: Timing;
  readonly pace: Pace;
  readonly now: () => Date;
}

/** One request to one URL, with all its attempts. */
export class Exchange {
  readonly #shared: Shared;
  readonly #request: HttpRequest;
  readonly #deadlineMs: number;
  readonly #interrupt: AbortSignal;
  /** When the deadline passes. It runs from the first attempt: to wait for one's turn under a rate limit is not the service's fault. */
  #end: number | undefined;

  constructor(shared: Shared, request: HttpRequest, deadlineMs: number, interrupt: AbortSignal) {
    this.#shared = shared;
    this.#request = request;
    this.#deadlineMs = deadlineMs;
    this.#interrupt = interrupt;
  }

  /** Attempts until the answer is final, or neither time nor attempts are left. */
  async run(url: URL): Promise<HttpResponse> {
    for (let count = 1; ; count += 1) {
      const outcome = await this.#attempt(url);
      const delay = this.#delay(url, outcome, count);
      if (delay === undefined) return this.#answer(url, outcome, count);
      await this.#wait(this.#shared.timing.sleep(delay, this.#interrupt));
    }
  }

  async #attempt(url: URL): Promise<HttpResponse | Failure> {
    const { timing, pace, dispatcher } = this.#shared;
    await this.#wait(pace.turn(url.origin, this.#interrupt));
    this.#end ??= timing.elapsed() + this.#deadlineMs;
    const signal = AbortSignal.any([this.#interrupt, AbortSignal.timeout(Math.max(1, Math.ceil(this.#end - timing.elapsed())))]);
    try {
      return await attempt(dispatcher, url, this.#request, signal);
    } catch (error) {
      if (isProofError(error)) throw error;
      if (this.#interrupt.aborted) throw interrupted();
      return signal.aborted ? { code: 'DEADLINE', reason: `no answer within ${this.#deadlineMs} ms` } : describeFailure(error);
    }
  }

  /** Milliseconds until the next attempt; undefined when there is none. */
  #delay(url: URL, outcome: HttpResponse | Failure, count: number): number | undefined {
    const { timing, pace, now } = this.#shared;
    const isFinal = 'status' in outcome ? !isTransient(outcome.status) : isPermanent(outcome.code);
    if (isFinal || count >= MAX_ATTEMPTS) return undefined;
    const asked = 'status' in outcome ? retryAfterMs(outcome.headers['retry-after'], now()) : undefined;
    const delay = Math.max(asked ?? 0, backoffMs(count, timing.random()));
    if (timing.elapsed() + delay >= (this.#end ?? 0)) return undefined;
    if (asked !== undefined) pace.pause(url.origin, asked);
    return delay;
  }

  #answer(url: URL, outcome: HttpResponse | Failure, count: number): HttpResponse {
    if ('status' in outcome) return outcome;
    const attempts = count === 1 ? '' : ` after ${count} attempts`;
    const details = { url: publicUrl(url), code: outcome.code, attempts: count };
    throw new ProofError('NETWORK_ERROR', `${this.#request.method} ${publicUrl(url)} failed${attempts}: ${outcome.reason}`, { details });
  }

  async #wait(until: Promise<void>): Promise<void> {
    try {
      await until;
    } catch (error) {
      throw this.#interrupt.aborted ? interrupted() : error;
    }
  }
}

/** Without the abort's reason as a cause: it may be anything. */
const interrupted = (): ProofError => new ProofError('ABORTED', 'interrupted while waiting for the network');
