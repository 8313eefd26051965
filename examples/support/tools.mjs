import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '..', '..');

/** pnpm's JavaScript entry, from the devDependencies: only npm needs to be installed. */
export const PNPM = path.join(REPOSITORY, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

/** The command of npm, without a shell: the npm that runs this, else the one beside Node.js. */
export function npm() {
  const beside = path.dirname(process.execPath);
  const entries = [
    process.env.npm_execpath,
    path.join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const entry = entries.find((file) => file?.endsWith('npm-cli.js') && existsSync(file));
  return entry === undefined ? ['npm'] : [process.execPath, entry];
}

/** Variables that would lead Nx, npm or nx-proof away from the example. */
const FOREIGN = /^(NX_|npm_|PNPM_|INIT_CWD$|GITHUB_|GITLAB_|ACTIONS_|CI_|NODE_ENV$|GIT_DIR$|GIT_WORK_TREE$|PATH$)/i;

/** The caller's environment, with configuration, caches and keys in the scratch folder. CI stays as it is. */
export function exampleEnv(scratch) {
  const home = path.join(scratch, 'home');
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const search = process.env.PATH ?? process.env.Path ?? '';
  return {
    ...Object.fromEntries(kept),
    PATH: [path.join(REPOSITORY, 'node_modules', '.bin'), search].join(path.delimiter),
    HOME: home,
    USERPROFILE: home,
    APPDATA: path.join(home, 'AppData', 'Roaming'),
    LOCALAPPDATA: path.join(home, 'AppData', 'Local'),
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
    XDG_STATE_HOME: path.join(home, '.local', 'state'),
    npm_config_userconfig: process.env.npm_config_userconfig ?? path.join(os.homedir(), '.npmrc'),
    npm_config_update_notifier: 'false',
    GIT_CONFIG_GLOBAL: os.devNull,
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    NX_CACHE_DIRECTORY: path.join(scratch, 'nx', 'cache'),
    NX_WORKSPACE_DATA_DIRECTORY: path.join(scratch, 'nx', 'workspace-data'),
    NO_COLOR: '1',
  };
}
