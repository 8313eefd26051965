import type { SigningOptions } from '../commands/signer';
import { fileOption, textOption, type CommandContext } from './context';
import { invalid } from './parse';

/** Proofs that are signed at the same time: keyless, each waits for the network. */
export const AT_ONCE = { key: 1, keyless: 8 } as const;

/** How the options of the command say to sign. */
export function signingOptions(context: CommandContext): SigningOptions {
  const text = (name: string): string | undefined => textOption(context, name);
  const version = text('rekor-version');
  const options = {
    key: fileOption(context, 'key'),
    identityToken: text('identity-token'),
    identityTokenVariable: text('identity-token-variable'),
    audience: text('audience'),
    signingConfig: fileOption(context, 'signing-config'),
    fulcioUrl: text('fulcio-url'),
    rekorUrl: text('rekor-url'),
    rekorVersion: version === undefined ? undefined : version === '2' ? 2 : 1,
    tsaUrl: text('tsa-url'),
    tlog: text('tlog') as SigningOptions['tlog'],
    rate: rateOption(context),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as SigningOptions;
}

/** `--rate 5/s` or `--rate 5`. */
function rateOption(context: CommandContext): number | undefined {
  const value = textOption(context, 'rate');
  if (value === undefined) return undefined;
  const rate = Number(/^(\d{1,4}(?:\.\d{1,3})?)(?:\/s)?$/.exec(value)?.[1]);
  if (!(rate > 0)) throw invalid('--rate', value, 'must be a number of requests a second, for example 5/s');
  return rate;
}
