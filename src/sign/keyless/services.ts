import { ProofError } from '../../errors';
import { Cursor, parse } from './cursor';

/** A transparency log and the major version of its API. */
export interface Log {
  readonly url: string;
  readonly version: 1 | 2;
}

/** The services that make one keyless signature. */
export interface SigningServices {
  readonly fulcio: string;
  readonly tlogs: readonly Log[];
  readonly tsas: readonly string[];
}

export interface ServiceOptions {
  /** A Sigstore signing configuration v0.2: its bytes. */
  readonly signingConfig?: Uint8Array;
  readonly fulcioUrl?: string;
  readonly rekorUrl?: string;
  /** Of `rekorUrl`; 1 unless set. */
  readonly rekorVersion?: 1 | 2;
  readonly tsaUrl?: string;
  /** none: nothing is logged, and a timestamp says when it was signed. required unless set. */
  readonly tlog?: 'required' | 'none';
}

/** https://docs.sigstore.dev/about/public_deployment/ */
const PUBLIC_GOOD: SigningServices = { fulcio: 'https://fulcio.sigstore.dev', tlogs: [{ url: 'https://rekor.sigstore.dev', version: 1 }], tsas: [] };

/**
 * The services to sign with: those of the signing configuration, else Sigstore's public-good instance; URLs take the place of each.
 * @throws ProofError SIGNING_CONFIG_INVALID, OPTION_INVALID
 */
export function selectServices(options: ServiceOptions, now: Date): SigningServices {
  const { signingConfig: config, fulcioUrl, rekorUrl, tsaUrl } = options;
  // Who names a CA of their own and no log must not find their projects' names in the public one.
  if (config === undefined && (fulcioUrl === undefined) !== (rekorUrl === undefined) && options.tlog !== 'none') {
    throw new ProofError('OPTION_INVALID', 'fulcioUrl and rekorUrl go together: a private instance is a CA and a log');
  }
  const base = config === undefined ? PUBLIC_GOOD : readSigningConfig(config, options.tlog === 'none', now);
  const tlogs = rekorUrl === undefined ? base.tlogs : [{ url: rekorUrl, version: options.rekorVersion ?? 1 }];
  const services = { fulcio: fulcioUrl ?? base.fulcio, tlogs: options.tlog === 'none' ? [] : tlogs, tsas: tsaUrl === undefined ? base.tsas : [tsaUrl] };
  requireTime(services);
  return services;
}

/** A certificate lives for minutes: without a signed time from within them, nobody can verify. Entries of Rekor v2 have none. */
function requireTime({ tlogs, tsas }: SigningServices): void {
  if (tsas.length > 0 || tlogs.some((log) => log.version === 1)) return;
  const reason = tlogs.length === 0 ? 'without a transparency log' : 'with Rekor v2';
  throw new ProofError('OPTION_INVALID', `signing ${reason} needs a timestamp authority; give tsaUrl`);
}

const MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';

const refuse = (problem: string): never => {
  throw new ProofError('SIGNING_CONFIG_INVALID', `signing configuration: ${problem}`);
};

/** https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto, SigningConfig */
function readSigningConfig(bytes: Uint8Array, withoutLog: boolean, now: Date): SigningServices {
  const config = new Cursor(parse(bytes, refuse), refuse);
  const mediaType = config.at('mediaType').text();
  if (mediaType !== MEDIA_TYPE) refuse(`/mediaType is ${JSON.stringify(mediaType)}; ${MEDIA_TYPE} is needed`);
  const [fulcio] = choose(config, { urls: 'caUrls', versions: [1], selector: 'ANY' }, now);
  const logs = withoutLog ? [] : choose(config, { urls: 'rekorTlogUrls', config: 'rekorTlogConfig', versions: [2, 1] }, now);
  if (logs.length === 0 && !withoutLog) refuse('/rekorTlogConfig is needed: it says which of the logs to use');
  const tlogs = logs.map(({ url, version }): Log => ({ url, version: version === 2 ? 2 : 1 }));
  const needsTime = tlogs.every((log) => log.version === 2);
  const tsas = choose(config, { urls: 'tsaUrls', config: 'tsaConfig', versions: [1], ...(needsTime && { selector: 'ANY' as const }) }, now);
  return { fulcio: fulcio?.url ?? refuse('/caUrls'), tlogs, tsas: tsas.map(({ url }) => url) };
}

interface Choice {
  readonly urls: string;
  /** The member that says how many to use. */
  readonly config?: string;
  /** Supported ones, best first. */
  readonly versions: readonly number[];
  /** Where the configuration does not say. */
  readonly selector?: 'ANY';
}

interface Candidate {
  readonly url: string;
  readonly version: number;
  readonly operator: string;
  readonly start: number;
}

/** The services to use: of the best version that any has, the newest first, one of each operator. */
function choose(config: Cursor, choice: Choice, now: Date): Candidate[] {
  const rule = choice.config === undefined ? undefined : config.at(choice.config);
  const selector = rule?.isPresent === true ? rule.at('selector').text() : choice.selector;
  if (selector === undefined) return [];
  const candidates = readCandidates(config, choice, now);
  const version = choice.versions.find((wanted) => candidates.some((candidate) => candidate.version === wanted));
  const usable = candidates.filter((candidate) => candidate.version === version).sort((a, b) => b.start - a.start);
  const ofOperators = usable.filter((candidate, index) => usable.findIndex((other) => other.operator === candidate.operator) === index);
  const count = selector === 'ANY' ? 1 : selector === 'ALL' ? ofOperators.length : selector === 'EXACT' ? Number(rule?.at('count').whole()) : refuse(`/${choice.config}/selector ${selector} is unknown`);
  if (ofOperators.length < Math.max(1, count)) refuse(`/${choice.urls} has ${ofOperators.length} usable services now; ${Math.max(1, count)} needed`);
  return ofOperators.slice(0, count);
}

function readCandidates(config: Cursor, { urls, versions }: Choice, now: Date): Candidate[] {
  return config.at(urls).list().flatMap((service) => {
    const version = Number(service.at('majorApiVersion').whole());
    const start = readTime(service.at('validFor').at('start'));
    const end = service.at('validFor').at('end');
    const isValid = start <= now.getTime() && (!end.isPresent || readTime(end) > now.getTime());
    const operator = service.at('operator');
    return isValid && versions.includes(version) ? [{ url: service.at('url').text(), version, operator: operator.isPresent ? operator.text() : '', start }] : [];
  });
}

function readTime(cursor: Cursor): number {
  const text = cursor.text();
  const time = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? refuse(`${JSON.stringify(text)} is not a time (RFC 3339)`) : time;
}

/** Whether others than the instance's own users can read what is logged. */
export function isPublicLog(log: Log): boolean {
  return URL.canParse(log.url) && /(^|\.)sigst(or|ag)e\.dev$/.test(new URL(log.url).hostname);
}
