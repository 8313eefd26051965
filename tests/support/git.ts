import { execFileSync } from 'node:child_process';

const SETTINGS = ['user.name=Test', 'user.email=test@example.com', 'commit.gpgsign=false', 'init.defaultBranch=main', 'protocol.file.allow=always'];

/** Runs git in the folder, untouched by the machine's configuration, and returns what it prints. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', [...SETTINGS.flatMap((setting) => ['-c', setting]), ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_COMMITTER_DATE: '2024-05-06T07:08:09Z', GIT_AUTHOR_DATE: '2024-05-06T07:08:09Z' },
  });
}

/** Makes the folder a repository with one commit of everything in it. */
export function commitAll(folder: string): void {
  git(folder, 'init', '-q');
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'all', '--allow-empty');
}
