import { describe, expect, it } from 'vitest';
import { redact } from '../../../src/sign/keyless/service';
import { isPublicLog, selectServices, type ServiceOptions } from '../../../src/sign/keyless/services';

const NOW = new Date('2026-06-01T00:00:00Z');
type Json = Record<string, unknown>;
const service = (url: string, majorApiVersion = 1, operator = 'a', start = '2026-01-01T00:00:00Z', end?: string): Json => ({ url, majorApiVersion, operator, validFor: { start, ...(end !== undefined && { end }) } });
const CONFIG = {
  mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
  caUrls: [service('https://ca')],
  rekorTlogUrls: [service('https://log')],
  rekorTlogConfig: { selector: 'ANY' },
  tsaUrls: [service('https://tsa')],
};
const select = (config: Json, options: ServiceOptions = {}): ReturnType<typeof selectServices> => selectServices({ ...options, signingConfig: Buffer.from(JSON.stringify({ ...CONFIG, ...config })) }, NOW);
const refused = (config: Json | string, message: RegExp, options: ServiceOptions = {}): void => {
  const signingConfig = Buffer.from(typeof config === 'string' ? config : JSON.stringify({ ...CONFIG, ...config }));
  expect(() => selectServices({ ...options, signingConfig }, NOW)).toThrowError(expect.objectContaining({ code: 'SIGNING_CONFIG_INVALID', exitCode: 2, message: expect.stringMatching(message) as string }) as Error);
};

describe('selectServices without a signing configuration', () => {
  it('takes the public-good instance, or the private one that is named', () => {
    expect(selectServices({}, NOW)).toEqual({ fulcio: 'https://fulcio.sigstore.dev', tlogs: [{ url: 'https://rekor.sigstore.dev', version: 1 }], tsas: [] });
    expect(selectServices({ fulcioUrl: 'https://f', rekorUrl: 'https://r' }, NOW)).toEqual({ fulcio: 'https://f', tlogs: [{ url: 'https://r', version: 1 }], tsas: [] });
    expect(selectServices({ fulcioUrl: 'https://f', rekorUrl: 'https://r', rekorVersion: 2, tsaUrl: 'https://t' }, NOW)).toEqual({ fulcio: 'https://f', tlogs: [{ url: 'https://r', version: 2 }], tsas: ['https://t'] });
    expect(selectServices({ tsaUrl: 'https://t' }, NOW)).toMatchObject({ tsas: ['https://t'], tlogs: [{ url: 'https://rekor.sigstore.dev' }] });
  });

  it.each<ServiceOptions>([{ fulcioUrl: 'https://f' }, { rekorUrl: 'https://r' }, { fulcioUrl: 'https://f', tsaUrl: 'https://t' }])('never mixes a private and the public instance: %j', (options) => {
    expect(() => selectServices(options, NOW)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }) as Error);
  });

  it('uses no log when told so, but never without a time', () => {
    expect(selectServices({ fulcioUrl: 'https://f', tsaUrl: 'https://t', tlog: 'none' }, NOW)).toEqual({ fulcio: 'https://f', tlogs: [], tsas: ['https://t'] });
    expect(selectServices({ tsaUrl: 'https://t', tlog: 'none' }, NOW).tlogs).toEqual([]);
    for (const options of [{ tlog: 'none' }, { fulcioUrl: 'https://f', rekorUrl: 'https://r', rekorVersion: 2 }] as const) {
      expect(() => selectServices(options, NOW)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('tsaUrl') as string }) as Error);
    }
  });
});

describe('selectServices with a signing configuration', () => {
  it('takes one service of each kind, and a timestamp authority only if asked or needed', () => {
    expect(select({})).toEqual({ fulcio: 'https://ca', tlogs: [{ url: 'https://log', version: 1 }], tsas: [] });
    expect(select({ tsaConfig: { selector: 'ANY' } }).tsas).toEqual(['https://tsa']);
    expect(select({ rekorTlogUrls: [service('https://log2', 2)] })).toMatchObject({ tlogs: [{ url: 'https://log2', version: 2 }], tsas: ['https://tsa'] });
    expect(select({}, { tlog: 'none' })).toMatchObject({ tlogs: [], tsas: ['https://tsa'] });
  });

  it('takes the newest that is valid now, of the best version that is supported', () => {
    const logs = [
      service('https://old', 1, 'a', '2025-01-01T00:00:00Z'),
      service('https://ended', 2, 'a', '2026-05-01T00:00:00Z', '2026-06-01T00:00:00Z'),
      service('https://newest', 2, 'a', '2026-04-01T00:00:00.123Z', '2026-06-01T00:00:01+00:00'),
      service('https://newer', 2, 'a', '2026-03-01T00:00:00Z'),
      service('https://later', 2, 'a', '2026-06-01T00:00:01Z'),
      service('https://future', 3, 'a'),
    ];
    expect(select({ rekorTlogUrls: logs }).tlogs).toEqual([{ url: 'https://newest', version: 2 }]);
    expect(select({ rekorTlogUrls: [logs[0], logs[1], logs[4]] }).tlogs).toEqual([{ url: 'https://old', version: 1 }]);
  });

  it('takes as many operators as the selector says', () => {
    const rekorTlogUrls = [service('https://a1'), service('https://a2', 1, 'a', '2026-02-01T00:00:00Z'), service('https://b', 1, 'b'), { ...service('https://c'), operator: undefined }];
    const urls = (rekorTlogConfig: Json): string[] => select({ rekorTlogUrls, rekorTlogConfig }).tlogs.map(({ url }) => url);
    expect(urls({ selector: 'ANY' })).toEqual(['https://a2']);
    expect(urls({ selector: 'ALL' })).toEqual(['https://a2', 'https://b', 'https://c']);
    expect(urls({ selector: 'EXACT', count: 2 })).toEqual(['https://a2', 'https://b']);
    refused({ rekorTlogUrls, rekorTlogConfig: { selector: 'EXACT', count: 4 } }, /3 usable services now; 4 needed/);
  });

  it('lets URLs take the place of its services', () => {
    expect(select({}, { fulcioUrl: 'https://f', rekorUrl: 'https://r', tsaUrl: 'https://t' })).toEqual({ fulcio: 'https://f', tlogs: [{ url: 'https://r', version: 1 }], tsas: ['https://t'] });
  });

  it.each<[string, Json | string, RegExp]>([
    ['is not JSON', 'x', /not JSON/],
    ['has another version', { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json' }, /mediaType is/],
    ['has no CA', { caUrls: undefined }, /caUrls has 0 usable/],
    ['has no log that is supported', { rekorTlogUrls: [service('https://x', 7)] }, /rekorTlogUrls has 0 usable/],
    ['does not say which logs', { rekorTlogConfig: undefined }, /rekorTlogConfig is needed/],
    ['has an unknown selector', { rekorTlogConfig: { selector: 'SOME' } }, /selector SOME is unknown/],
    ['has no count', { rekorTlogConfig: { selector: 'EXACT' } }, /rekorTlogConfig\/count must be a whole number/],
    ['has a service without a start', { caUrls: [{ url: 'https://x', majorApiVersion: 1 }] }, /validFor\/start must be a string/],
    ['has a time that is none', { caUrls: [service('https://x', 1, 'a', 'yesterday')] }, /not a time/],
    ['has a list that is none', { caUrls: {} }, /caUrls must be an array/],
  ])('refuses one that %s', (_what, config, message) => refused(config, message));
});

describe('isPublicLog', () => {
  it('knows the logs of the public instances', () => {
    const isPublic = (url: string): boolean => isPublicLog({ url, version: 1 });
    expect(['https://rekor.sigstore.dev', 'https://log2025-1.rekor.sigstore.dev/', 'https://rekor.sigstage.dev'].every(isPublic)).toBe(true);
    expect(['https://rekor.example.com', 'https://rekor.sigstore.dev.example.com', 'https://notsigstore.dev', 'nonsense'].some(isPublic)).toBe(false);
  });
});

describe('redact', () => {
  it('takes out whatever looks like a token, and longer parts of the secrets', () => {
    const secret = 'abcdefghijklmnop.qrstuvwxyz012345';
    expect(redact('got eyJhbGciOi.eyJ9.sig!', [])).toBe('got [token]!');
    expect(redact(`part cdefghij and wxyz012345, not abcdefg`, [secret])).toBe('part [token] and [token], not abcdefg');
    expect(redact('nothing to hide in here', [secret])).toBe('nothing to hide in here');
  });
});
