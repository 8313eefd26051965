import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const { formats } = require('../../schemas/formats.cjs') as { formats: Record<'uri' | 'date-time', unknown> };
const { fullFormats } = require('ajv-formats/dist/formats') as { fullFormats: Record<string, unknown> };
const isUri = formats.uri as (text: string) => boolean;
const isUriToAjv = fullFormats['uri'] as (text: string) => boolean;

describe('the formats of the schemas', () => {
  it('when anything is tried, accept the URIs that ajv-formats accepts, and no others', () => {
    const part = fc.constantFrom('workspace', 'a', 'Z', ':', '/', '//', '.', '..', '-', '~', '%20', '%2', '%', '?', '#', '@', '[', ']', '::1', ' ', 'é', '\n', '\\', '!', '|', '\0');
    const anything = fc.oneof(fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')), fc.webUrl(), fc.string().map((text) => `x:/${text}`));
    fc.assert(
      fc.property(anything, (text) => {
        expect(isUri(text), text).toBe(isUriToAjv(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it.each(['workspace:/', 'workspace:/apps/app/dist/', 'workspace:/apps/%5Bid%5D.js', 'https://example.com/a?b#c'])('accept %s', (uri) => {
    expect(isUri(uri)).toBe(true);
  });

  it.each(['', 'workspace', '/a', 'workspace:/a b', 'workspace:/a\n', 'workspace:/%zz', '1:/a'])('refuse %j', (text) => {
    expect(isUri(text)).toBe(false);
  });

  it('when a text is long and no URI, find that out without going back and forth', () => {
    expect(isUri(`workspace:/${'a'.repeat(100_000)}%`)).toBe(false);
  });

  it('have dates and times from ajv-formats', () => {
    expect(formats['date-time']).toBe(fullFormats['date-time']);
  });
});
