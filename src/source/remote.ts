const SCHEMES = new Set(['https:', 'http:', 'ssh:', 'git:', 'git+ssh:', 'ssh+git:', 'git+https:', 'git+http:']);

/**
 * The URI of a repository as statements name it: `git+https://host/path`, the same for every way to fetch from it, without credentials, query,
 * a final slash or `.git`. A port is kept only where it is https's. undefined for local paths, file URLs and transport helpers: they name
 * nothing that others could find.
 */
export function normaliseRemote(remote: string): string | undefined {
  const url = parseRemote(remote.trim());
  if (url === undefined || !SCHEMES.has(url.protocol)) return undefined;
  const path = url.pathname.replace(/\/+$/, '').replace(/\.git$/, '').replace(/^\/+/, '').replace(/\/+$/, '');
  if (url.hostname === '' || path === '') return undefined;
  const port = url.protocol.endsWith('https:') && url.port !== '' && url.port !== '443' ? `:${url.port}` : '';
  return `git+https://${url.hostname.toLowerCase()}${port}/${path}`;
}

function parseRemote(remote: string): URL | undefined {
  const text = remote.includes('://') ? remote : scpToUrl(remote);
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}

/** git's scp-like form `[user@]host:path` (git-clone(1), "GIT URLS"); undefined for local paths, `C:\repo` and `helper::address`. */
function scpToUrl(remote: string): string | undefined {
  const match = /^(?:[^@/\\:]+@)?(\[[^\]]+\]|[^@/\\:[\]]{2,}):(?!:)(.+)$/.exec(remote);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return `ssh://${match[1]}/${match[2].replace(/^\/+/, '')}`;
}

/** The repository among the lines of `git remote -v`: that of `origin`, else of the only remote. */
export function chooseRemote(lines: string): string | undefined {
  const remotes = new Map<string, string>();
  for (const line of lines.split('\n')) {
    // A partial clone appends its filter in brackets.
    const match = /^([^\t]+)\t(.*) \(fetch\)(?: \[[^\]]*\])?$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) remotes.set(match[1], match[2]);
  }
  const url = remotes.get('origin') ?? (remotes.size === 1 ? [...remotes.values()][0] : undefined);
  return url === undefined ? undefined : normaliseRemote(url);
}
