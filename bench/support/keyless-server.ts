// A process of its own: a loopback Sigstore with a TUF mirror, whose servers take no time of the clients'. Prints what a client needs, as one line of JSON;
// ends with its standard input.
import { newServerCertificate } from '../../tests/support/sigstore/x509';
import { startSigstore } from '../../tests/support/sigstore';
import { startService } from '../../tests/support/sigstore/server';
import { TufRepository } from '../../tests/support/tuf/repository';

/** What a client of the loopback Sigstore is told. */
export interface Instance {
  readonly fulcioUrl: string;
  readonly rekorUrl: string;
  readonly rekorV2Url: string;
  readonly tsaUrl: string;
  readonly tufUrl: string;
  /** Base64 of the root.json that the TUF repository is verified from. */
  readonly tufRoot: string;
  readonly ca: string;
  readonly issuer: string;
  readonly identity: string;
  readonly trustedRoot: Record<string, unknown>;
  readonly token: string;
}

async function main(): Promise<void> {
  const { rttMs, keepAlive } = JSON.parse(process.argv[2] ?? '{}') as { rttMs?: number; keepAlive?: boolean };
  const sigstore = await startSigstore({ tls: true, rttMs, keepAlive });
  const repository = new TufRepository(JSON.stringify(sigstore.trustedRoot));
  const { key, cert, ca } = newServerCertificate();
  const serve = ({ url }: { url: URL }) => {
    const body = repository.files.get(decodeURIComponent(url.pathname).slice(1));
    return body === undefined ? { status: 404 } : { body };
  };
  const mirror = await startService(serve, { tls: { key, cert }, rttMs, keepAlive });
  const { fulcio, rekor, rekorV2, tsa, oidc, identity, trustedRoot } = sigstore;
  const instance: Instance = {
    ...{ fulcioUrl: fulcio.url, rekorUrl: rekor.url, rekorV2Url: rekorV2.url, tsaUrl: tsa.url, tufUrl: mirror.url },
    ...{ tufRoot: repository.anchor.toString('base64'), ca: `${sigstore.ca ?? ''}${ca}`, issuer: oidc.url, identity, trustedRoot },
    // Valid for as long as any benchmark takes.
    token: oidc.token({ exp: Math.floor(Date.now() / 1000) + 7200 }),
  };
  process.stdout.write(`${JSON.stringify(instance)}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
}
void main();
