import os from 'node:os';
import path from 'node:path';

/**
 * The folder for what belongs to the user and to no workspace: `$XDG_CONFIG_HOME/nx-proof`, else `~/.config/nx-proof`; on Windows
 * `%APPDATA%\nx-proof`. Absolute native path. A relative value counts as unset, as the XDG Base Directory Specification asks.
 */
export function userFolder(variables: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform = os.platform(), home = os.homedir()): string {
  const { join, isAbsolute } = platform === 'win32' ? path.win32 : path.posix;
  const [variable, fallback] = platform === 'win32' ? ['APPDATA', join(home, 'AppData', 'Roaming')] : ['XDG_CONFIG_HOME', join(home, '.config')];
  const configured = variables[variable];
  return join(configured !== undefined && isAbsolute(configured) ? configured : fallback, 'nx-proof');
}
