import { ProofError } from '../errors';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A URL for messages: no user, password, query or fragment, any of which may hold a secret. */
export function publicUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/**
 * The URL, if it may be contacted: over https (tokens are sent), or http on this machine or to an endpoint that is listed as http; and
 * below one of `endpoints`, if there is such a list.
 * @throws ProofError OPTION_INVALID, ENDPOINT_REFUSED
 */
export function allowedUrl(text: string, endpoints: readonly string[] | undefined): URL {
  const url = parseUrl(text);
  if (endpoints !== undefined && !endpoints.some((endpoint) => isBelow(url, parseUrl(endpoint)))) {
    throw new ProofError('ENDPOINT_REFUSED', `${publicUrl(url)} is not below any of the allowed endpoints: ${endpoints.join(', ')}`, { details: { url: publicUrl(url) } });
  }
  if (url.protocol === 'http:' && endpoints === undefined && !LOOPBACK.test(url.hostname)) {
    throw new ProofError('ENDPOINT_REFUSED', `${publicUrl(url)} is not https, and would show tokens to the network`, { details: { url: publicUrl(url) } });
  }
  return url;
}

/** @throws ProofError OPTION_INVALID, without the text: it may hold a password */
function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ProofError('OPTION_INVALID', 'the address of a service must be an absolute https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw new ProofError('OPTION_INVALID', `the address of ${url.host} must not hold a user name or a password`, { details: { host: url.host } });
  }
  return url;
}

function isBelow(url: URL, endpoint: URL): boolean {
  const folder = endpoint.pathname.endsWith('/') ? endpoint.pathname : `${endpoint.pathname}/`;
  return url.origin === endpoint.origin && (url.pathname === endpoint.pathname || url.pathname.startsWith(folder));
}
