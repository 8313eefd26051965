import { setTimeout as sleepMs } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { ProofError } from '../errors';
import { openDispatcher } from './dispatcher';
import { allowedUrl, publicUrl } from './endpoints';
import { Exchange } from './exchange';
import { Pace } from './pace';
import type { Http, HttpOptions, HttpRequest, HttpResponse, Timing } from './types';

export type { Http, HttpOptions, HttpRequest, HttpResponse, Timing } from './types';
export { publicUrl } from './endpoints';

const DEFAULT_DEADLINE_MS = 60_000;
const MAX_REDIRECTS = 3;

const SYSTEM_TIMING: Timing = {
  random: Math.random,
  sleep: (ms, signal) => sleepMs(ms, undefined, { signal }),
  elapsed: () => performance.now(),
};

/** The way to the network: nothing is opened before the first request. */
export function createHttp(options: HttpOptions): Http {
  const timing = { ...SYSTEM_TIMING, ...options.timing };
  const pace = new Pace(options.rate, timing);
  const { env } = options;
  let dispatcher: Promise<Dispatcher> | undefined;
  return {
    request: async (request) => {
      const url = allowedUrl(request.url, options.endpoints);
      dispatcher ??= openDispatcher(env, options.ca);
      const interrupt = request.signal === undefined ? env.signal : AbortSignal.any([env.signal, request.signal]);
      const shared = { dispatcher: await dispatcher, timing, pace, now: env.now };
      return follow(new Exchange(shared, request, request.deadlineMs ?? options.deadlineMs ?? DEFAULT_DEADLINE_MS, interrupt), request, url, options.endpoints);
    },
    close: async () => {
      const opened = dispatcher;
      dispatcher = undefined;
      await (await opened)?.close();
    },
  };
}

/** The answer to the request. A GET is redirected within its origin only, and to what is allowed: to say where to go is not for others. */
async function follow(exchange: Exchange, request: HttpRequest, first: URL, endpoints: readonly string[] | undefined): Promise<HttpResponse> {
  let url = first;
  for (let hops = 0; ; hops += 1) {
    const response = await exchange.run(url);
    const location = response.headers['location'];
    if (request.method !== 'GET' || location === undefined || ![301, 302, 303, 307, 308].includes(response.status)) return response;
    url = allowedUrl(redirect(url, location, hops).href, endpoints);
  }
}

function redirect(from: URL, location: string, hops: number): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const details = { url: publicUrl(from) };
  if (to === undefined || to.origin !== from.origin) {
    const target = to === undefined ? 'no URL' : to.origin;
    throw new ProofError('ENDPOINT_REFUSED', `${publicUrl(from)} redirects to ${target}; only redirects within its origin are followed`, { details });
  }
  if (hops >= MAX_REDIRECTS) throw new ProofError('NETWORK_ERROR', `${publicUrl(from)} redirects more than ${MAX_REDIRECTS} times`, { details });
  return to;
}
