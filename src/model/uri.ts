/** The URI of a workspace-relative POSIX path: `workspace:/apps/app/dist/main.js`, each segment percent-encoded (RFC 3986). */
export function workspaceUri(relativePath: string, kind: 'file' | 'folder' = 'file'): string {
  const encoded = relativePath === '.' ? '' : relativePath.split('/').map(encodeURIComponent).join('/');
  const slash = kind === 'folder' && encoded !== '' ? '/' : '';
  return `workspace:/${encoded}${slash}`;
}
