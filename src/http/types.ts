import type { Env } from '../env';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Absolute; https, or http on this machine or where the list of endpoints says so. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The largest body that is accepted, in bytes; 4 MiB unless set. */
  readonly maxBytes?: number;
  /** For all attempts together, waits between them included; that of the options unless set. */
  readonly deadlineMs?: number;
  /** Beside the signal of `Env`. */
  readonly signal?: AbortSignal;
}

/** Any answer, also 404 and 500: what a status means is for the caller to say. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated headers are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Http {
  /**
   * Sends a request, again after network errors and 408, 429 and 5xx answers; the last answer counts. Every request may arrive twice.
   * @throws ProofError NETWORK_ERROR (no answer in time, or one too large), ENDPOINT_REFUSED, ABORTED; none of them contains a header or a body
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** What a test replaces. */
export interface Timing {
  /** In [0, 1). */
  readonly random: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A clock in ms that never goes back. */
  readonly elapsed: () => number;
}

export interface HttpOptions {
  /** Proxies and extra certificates are read from its variables. */
  readonly env: Env;
  /** The only URLs (with all below them) that are contacted; any https URL unless set. */
  readonly endpoints?: readonly string[];
  /** Requests per second to each origin; without limit unless set. */
  readonly rate?: number;
  /** For requests that set none; 60,000 ms unless set. */
  readonly deadlineMs?: number;
  /** PEM certificates trusted beside those of Node.js and NODE_EXTRA_CA_CERTS. */
  readonly ca?: string;
  readonly timing?: Partial<Timing>;
}
