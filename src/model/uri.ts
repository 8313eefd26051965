/** The URI of a workspace-relative POSIX path: `workspace:/apps/app/dist/main.js`, each segment percent-encoded (RFC 3986). */
export function workspaceUri(relativePath: string, kind: 'file' | 'folder' = 'file'): string {
  const encoded = relativePath === '.' ? '' : relativePath.split('/').map(encodeURIComponent).join('/');
  const slash = kind === 'folder' && encoded !== '' ? '/' : '';
  return `workspace:/${encoded}${slash}`;
}

/** What a URI of a proof envelope names: a path in the workspace, or an absolute file URL. */
export type FileUri = { readonly path: string } | { readonly url: URL };

/**
 * Reads a URI that names a file. A `workspace:` URI is accepted in the one spelling that workspaceUri gives it, so that neither `%2e%2e` nor `%2F` is
 * ever decoded into something else than a name; a `file:` URI as RFC 8089 has it, without host, query and fragment.
 * @returns undefined for any other URI
 */
export function readFileUri(uri: string): FileUri | undefined {
  if (uri.startsWith('workspace:/')) {
    const path = decodePath(uri.slice('workspace:/'.length));
    return path !== undefined && workspaceUri(path) === uri ? { path } : undefined;
  }
  if (!uri.startsWith('file:') || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  return url.host === '' && url.search === '' && url.hash === '' ? { url } : undefined;
}

function decodePath(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
