/** What a command line of Nx asks for. */
export interface RequestedTargets {
  /** run-many answers for every project that was asked for, affected for those that changed: maybe none. */
  readonly command: 'run-many' | 'affected';
  readonly targets: readonly string[];
}

const TARGET_OPTION = /^(?:-t|--targets?)(?:=(.*))?$/s;

/**
 * The targets of `nx run-many` and `nx affected`, as -t, --target or --targets name them; undefined for other commands, which fail by themselves when
 * there is no such target.
 * @param argv of the process that was started: its program and script first
 */
export function requestedTargets(argv: readonly string[]): RequestedTargets | undefined {
  const [, , ...args] = argv;
  const command = args.find((arg) => arg === 'run-many' || arg === 'affected');
  if (command !== 'run-many' && command !== 'affected') return undefined;
  const end = args.indexOf('--');
  const targets: string[] = [];
  let isTarget = false;
  for (const arg of end === -1 ? args : args.slice(0, end)) {
    const option = TARGET_OPTION.exec(arg.replace(/^-t(?=[^=])/, '-t='));
    if (option !== null) targets.push(...(option[1] ?? '').split(','));
    else if (isTarget && !arg.startsWith('-')) targets.push(...arg.split(','));
    isTarget = option === null ? isTarget && !arg.startsWith('-') : option[1] === undefined;
  }
  return { command, targets: targets.map((target) => target.trim()).filter((target) => target !== '') };
}

/** Does the name, or a pattern with `*`, ask for the target? What else Nx takes for a pattern is left to Nx. */
export function asksFor(pattern: string, target: string): boolean {
  const text = pattern.replace(/[.+^$|\\()[\]{}?!]/g, '\\$&').replace(/\*+/g, '.*');
  return new RegExp(`^${text}$`).test(target);
}
