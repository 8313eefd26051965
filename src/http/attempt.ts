import type { Dispatcher } from 'undici';
import { ProofError, isSystemError } from '../errors';
import { publicUrl } from './endpoints';
import type { HttpRequest, HttpResponse } from './types';

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
/** For one attempt to be answered; Rekor v2 answers when the entry is in a published checkpoint, which takes seconds. */
const ATTEMPT_TIMEOUT_MS = 20_000;

/** One attempt over the network. Rejects with whatever undici and node:net reject with, and with ProofError NETWORK_ERROR for a body that is too large. */
export async function attempt(dispatcher: Dispatcher, url: URL, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const answer = await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: { 'user-agent': 'nx-proof', ...request.headers },
    body: request.body ?? null,
    headersTimeout: ATTEMPT_TIMEOUT_MS,
    bodyTimeout: ATTEMPT_TIMEOUT_MS,
    signal,
  });
  const body = await readBody(answer.body, url, request.maxBytes ?? DEFAULT_MAX_BYTES);
  return { status: answer.statusCode, headers: plainHeaders(answer.headers), body };
}

async function readBody(body: Dispatcher.ResponseData['body'], url: URL, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    total += chunk.length;
    // Leaving the loop destroys the body, and the connection with it.
    if (total > maxBytes) throw new ProofError('NETWORK_ERROR', `${publicUrl(url)} answered with more than ${maxBytes} bytes`, { details: { url: publicUrl(url) } });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, total);
}

function plainHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : (value ?? '')] as const);
  return Object.fromEntries(entries);
}

/** What is known of a failed attempt. */
export interface Failure {
  readonly code: string;
  readonly reason: string;
}

/**
 * Why an attempt failed, in words that hold nothing of the request or the answer: errors of undici carry parts of what was received, so
 * that only their code is passed on.
 */
export function describeFailure(error: unknown): Failure {
  // Several addresses were tried: the last tells as much as any.
  const one = error instanceof AggregateError ? (error.errors.at(-1) as unknown) : error;
  if (isSystemError(one)) return { code: one.code, reason: one.message };
  const code = one instanceof Error && 'code' in one && typeof one.code === 'string' ? one.code : one instanceof Error ? one.name : 'unknown';
  return { code, reason: code };
}
