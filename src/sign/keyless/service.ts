import { ProofError } from '../../errors';
import { publicUrl, type HttpResponse } from '../../http';

/** One of the services of a Sigstore instance, as messages name it. */
export interface Service {
  /** For example `Fulcio`. */
  readonly name: string;
  readonly url: string;
  /** What the service was told and nobody else may hear. */
  readonly secrets?: readonly string[];
}

export const describe = (service: Service): string => `${service.name} (${publicUrl(new URL(service.url))})`;

/** @throws ProofError SERVICE_UNAVAILABLE for 408, 429 and 5xx, SERVICE_REFUSED for any other status that is not one of `statuses` */
export function expectStatus(response: HttpResponse, service: Service, statuses: readonly number[]): void {
  const { status } = response;
  if (statuses.includes(status)) return;
  const code = status === 408 || status === 429 || status >= 500 ? 'SERVICE_UNAVAILABLE' : 'SERVICE_REFUSED';
  const wait = response.headers['retry-after'];
  const said = [messageOf(response, service), wait === undefined ? undefined : `retry after ${wait.slice(0, 40)}`].filter((part) => part !== undefined);
  const details = { service: service.name, url: publicUrl(new URL(service.url)), status };
  throw new ProofError(code, `${describe(service)} answered ${status}${said.length === 0 ? '' : `: ${said.join('; ')}`}`, { details });
}

/** @throws ProofError SERVICE_INVALID; an answer that cannot be what was asked for */
export function invalidAnswer(service: Service, problem: string): never {
  throw new ProofError('SERVICE_INVALID', `${describe(service)} ${problem}`, { details: { service: service.name, url: publicUrl(new URL(service.url)) } });
}

/** The `message` of a JSON error, made fit to print: one line, short, and with nothing of a secret in it. */
function messageOf(response: HttpResponse, service: Service): string | undefined {
  try {
    const { message } = JSON.parse(response.body.toString('utf8')) as { message?: unknown };
    if (typeof message !== 'string') return undefined;
    const clean = redact(message, service.secrets ?? []).replace(/[\p{C}\s]+/gu, ' ').trim();
    return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
  } catch {
    return undefined;
  }
}

/** Services repeat what they were sent: whatever looks like a token goes, and every longer part of one of the secrets. */
export function redact(text: string, secrets: readonly string[]): string {
  const withoutTokens = text.replace(/eyJ[\w-]*(\.[\w-]*)*/g, '[token]');
  return withoutTokens.replace(/[\w+/=-]{8,}/g, (word) => (secrets.some((secret) => secret.includes(word)) ? '[token]' : word));
}
