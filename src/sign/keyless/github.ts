import { ProofError } from '../../errors';
import type { Http } from '../../http';
import { Cursor } from './cursor';
import { expectStatus } from './service';

const DEADLINE_MS = 30_000;

/**
 * A token of the running GitHub Actions job.
 * https://docs.github.com/actions/reference/security/oidc
 */
export async function requestGithubToken(http: Http, input: { url: string; bearer: string; audience: string }): Promise<string> {
  if (!URL.canParse(input.url)) throw new ProofError('IDENTITY_NOT_FOUND', 'ACTIONS_ID_TOKEN_REQUEST_URL is not a URL');
  const url = new URL(input.url);
  url.searchParams.set('audience', input.audience);
  const headers = { accept: 'application/json', authorization: `Bearer ${input.bearer}` };
  const response = await http.request({ method: 'GET', url: url.href, headers, deadlineMs: DEADLINE_MS, maxBytes: 256 * 1024 });
  const service = { name: 'GitHub Actions', url: input.url, secrets: [input.bearer] };
  expectStatus(response, service, [200]);
  return Cursor.ofReply(response.body, service).at('value').text();
}
