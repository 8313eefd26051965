/** A stream that results or logs are written to. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** All that the CLI knows of the process that it runs in; tests run it in others. */
export interface Host {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute native path. */
  readonly cwd: string;
  readonly now: () => Date;
  /** Tells a process manager that the service is ready, where one listens. */
  readonly ready?: () => void;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
}
