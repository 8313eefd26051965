import { ProofError, type ErrorCode } from '../errors';

interface Issue {
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

interface Validator<T> {
  (data: unknown): data is T;
  errors?: readonly Issue[] | null;
}

/** The data as `T`, or a ProofError that names the first field that is wrong and what is expected of it. */
export function validated<T>(validator: Validator<T>, data: unknown, what: string, code: ErrorCode): T {
  if (validator(data)) return data;
  const issue = validator.errors?.[0];
  const field = issue === undefined || issue.instancePath === '' ? '/' : issue.instancePath;
  throw new ProofError(code, `${what}: ${field} ${describe(issue)}`, { details: { what, field } });
}

function describe(issue: Issue | undefined): string {
  const extra = issue?.params['additionalProperty'];
  if (typeof extra === 'string') return `must not have the field "${extra}"`;
  const allowed = issue?.params['allowedValues'] ?? issue?.params['allowedValue'];
  return `${issue?.message ?? 'is not valid'}${allowed === undefined ? '' : `: ${JSON.stringify(allowed)}`}`;
}
