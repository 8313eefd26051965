import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import type { Dispatcher } from 'undici';
import type { Env } from '../env';
import { ProofError } from '../errors';

const CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * A pool of kept-alive connections per origin, through the proxies that the environment names. undici is loaded here, at the first
 * request: commands that need no network do not pay for it.
 * @throws ProofError OPTION_INVALID for proxies that are no URLs, IO_ERROR for an unreadable NODE_EXTRA_CA_CERTS
 */
export async function openDispatcher(env: Env, extraCa: string | undefined): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const trust = await trustOptions(env, extraCa);
  const pool = {
    connections: CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: 2 * KEEP_ALIVE_MS,
    connect: { ...trust, timeout: CONNECT_TIMEOUT_MS },
  };
  const proxies = proxyVariables(env);
  if (proxies.httpProxy === '' && proxies.httpsProxy === '') return new Agent(pool);
  return new EnvHttpProxyAgent({ ...pool, ...proxies, requestTls: trust, proxyTls: trust });
}

/** Empty where unset: for undefined undici would look into the environment of the process itself. */
function proxyVariables(env: Env): { httpProxy: string; httpsProxy: string; noProxy: string } {
  const proxies = { httpProxy: variable(env, 'http_proxy'), httpsProxy: variable(env, 'https_proxy'), noProxy: variable(env, 'no_proxy') };
  for (const [name, value] of [['HTTP_PROXY', proxies.httpProxy], ['HTTPS_PROXY', proxies.httpsProxy]] as const) {
    // Without the value: it may hold a password.
    if (value !== '' && !/^https?:$/.test(URL.canParse(value) ? new URL(value).protocol : '')) {
      throw new ProofError('OPTION_INVALID', `${name} must be an absolute http or https URL`, { details: { variable: name } });
    }
  }
  return proxies;
}

/** The lower case name first, as curl and undici do. */
const variable = (env: Env, name: string): string => env.env[name] ?? env.env[name.toUpperCase()] ?? '';

interface TlsOptions {
  readonly rejectUnauthorized: true;
  readonly secureContext?: tls.SecureContext;
}

/**
 * Node.js reads NODE_EXTRA_CA_CERTS only when it starts; here it counts whenever it is set. Certificates are checked even where
 * NODE_TLS_REJECT_UNAUTHORIZED=0 turns that off for the process: tokens are sent over these connections.
 * One context serves all connections: to read some 150 roots takes as long as a handshake.
 */
async function trustOptions(env: Env, extraCa: string | undefined): Promise<TlsOptions> {
  const file = env.env['NODE_EXTRA_CA_CERTS'];
  const extra = extraCa === undefined ? [] : [extraCa];
  if (file !== undefined && file !== '') extra.push(await readCertificates(file));
  if (extra.length === 0) return { rejectUnauthorized: true };
  return { rejectUnauthorized: true, secureContext: tls.createSecureContext({ ca: [...defaultCertificates(), ...extra] }) };
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ProofError('IO_ERROR', `NODE_EXTRA_CA_CERTS names ${file}, which cannot be read`, { cause: error, details: { file } });
  }
}

/** From Node.js 22.15 on, with those of the system where the process was started so. */
function defaultCertificates(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates === undefined ? tls.rootCertificates : getCACertificates('default');
}
