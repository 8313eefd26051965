/** Lock files of package managers in the workspace's root; a statement records the first that is there. */
export const LOCKFILES: readonly string[] = ['pnpm-lock.yaml', 'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'bun.lock', 'bun.lockb'];
