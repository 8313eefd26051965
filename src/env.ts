/** What a command may know of the process that runs it; shells make it, tests make others. */
export interface Env {
  /** The current time. */
  readonly now: () => Date;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute native path. */
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** True when the environment says that this is a CI run (CI set to anything but false or 0). */
export function isCI(env: Env): boolean {
  const value = env.env['CI'];
  return value !== undefined && value !== '' && value !== 'false' && value !== '0';
}
