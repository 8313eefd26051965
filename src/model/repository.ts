/**
 * A repository as rules and statements are compared: `https://host/path`. Takes the form of rules and that of statements (`git+https://…`);
 * host in lower case, without a final slash or `.git`. undefined for anything else: no credentials, query or fragment.
 */
export function normaliseRepository(uri: string): string | undefined {
  const text = uri.replace(/^git\+/, '');
  if (!/^https:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const path = url.pathname.replace(/\/+$/, '').replace(/\.git$/, '');
  return path === '' ? undefined : `https://${url.host}${path}`;
}
