// How the quickstart and the end-to-end tests find npm, pnpm and an environment of their own.
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '..', '..');

/** pnpm's JavaScript entry, from the devDependencies: only npm needs to be installed. */
export const PNPM = path.join(REPOSITORY, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

/** npm's JavaScript entry: the npm that runs this, else the one beside Node.js. */
export function npmEntry() {
  const beside = path.dirname(process.execPath);
  const entries = [
    process.env.npm_execpath,
    path.join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const entry = entries.find((file) => file?.endsWith('npm-cli.js') && existsSync(file));
  if (entry === undefined) throw new Error('npm was not found; start this with "npm run"');
  return entry;
}

/** What a process needs from the machine and nothing else: no CI, no NX_*, no tokens, no npm_* of the run that started this. */
const KEPT =
  /^(PATHEXT|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PROGRAMDATA|PROGRAMFILES.*|TEMP|TMP|TMPDIR|LANG|LC_.*|(HTTPS?|ALL|NO)_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/i;

/**
 * An environment with a home folder of its own. npm keeps the user's .npmrc and cache, so that registries and mirrors work as they do
 * outside; pnpm, which Nx calls too, is that of the devDependencies.
 */
export function isolatedEnv(home) {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name));
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
    npm_config_cache: process.env.npm_config_cache ?? path.join(os.homedir(), '.npm'),
    npm_config_update_notifier: 'false',
    GIT_CONFIG_GLOBAL: os.devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    // Nx would set it to true for its tasks; unlike NO_COLOR, node does not warn of it.
    FORCE_COLOR: '0',
  };
}
