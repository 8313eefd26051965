/** Builder id of a build outside any CI whose workflow can be named (docs/build-type.md). */
export const LOCAL_BUILDER = 'https://cortex-os.brainwav/nx-proof/builder/local/v1';

/** Every variable that `detectBuilder` makes an id of. */
export const BUILDER_VARIABLES = [
  'GITHUB_ACTIONS',
  'GITHUB_SERVER_URL',
  'GITHUB_WORKFLOW_REF',
  'GITLAB_CI',
  'CI_SERVER_URL',
  'CI_PROJECT_PATH',
  'CI_CONFIG_PATH',
  'CI_COMMIT_TAG',
  'CI_COMMIT_REF_NAME',
] as const;

/** Who builds: SLSA v1 `runDetails.builder.id` and `metadata.invocationId`. */
export interface Builder {
  readonly id: string;
  /** URL of the run; only in CI. */
  readonly invocationId?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The builder that the environment describes, named as Fulcio names it in the certificates of the same job (Build Signer URI,
 * https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md), so that statement and certificate agree. A CI that does not say
 * enough to name its workflow is the local builder: that claims less.
 */
export function detectBuilder(env: Variables): Builder {
  const builder = githubBuilder(env) ?? gitlabBuilder(env);
  return builder ?? { id: LOCAL_BUILDER };
}

/**
 * GitHub Actions: the workflow's URI. A job in a reusable workflow knows only its caller from these variables.
 * https://docs.github.com/actions/reference/workflows-and-actions/variables
 */
function githubBuilder(env: Variables): Builder | undefined {
  const { GITHUB_WORKFLOW_REF: workflow, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  if (env['GITHUB_ACTIONS'] !== 'true' || !isSet(workflow)) return undefined;
  const server = trimSlash(isSet(env['GITHUB_SERVER_URL']) ? env['GITHUB_SERVER_URL'] : 'https://github.com');
  const id = `${server}/${workflow}`;
  if (!isSet(repository) || !isSet(run)) return { id };
  const attempt = isSet(env['GITHUB_RUN_ATTEMPT']) ? env['GITHUB_RUN_ATTEMPT'] : '1';
  return { id, invocationId: `${server}/${repository}/actions/runs/${run}/attempts/${attempt}` };
}

/**
 * GitLab: `https://` and the claim ci_config_ref_uri, which is {instance}/{project}//{config}@{ref}. In merge request pipelines, too, the ref is
 * the source branch, CI_COMMIT_REF_NAME. A configuration outside of the project has no such URI.
 * https://docs.gitlab.com/ci/secrets/id_token_authentication/ and https://docs.gitlab.com/ci/variables/predefined_variables/
 */
function gitlabBuilder(env: Variables): Builder | undefined {
  const { CI_SERVER_URL: server, CI_PROJECT_PATH: project, CI_COMMIT_TAG: tag, CI_COMMIT_REF_NAME: branch, CI_JOB_URL: job } = env;
  const config = isSet(env['CI_CONFIG_PATH']) ? env['CI_CONFIG_PATH'] : '.gitlab-ci.yml';
  const ref = isSet(tag) ? `refs/tags/${tag}` : isSet(branch) ? `refs/heads/${branch}` : undefined;
  if (env['GITLAB_CI'] !== 'true' || !isSet(server) || !isSet(project) || ref === undefined || /@|:\/\//.test(config)) return undefined;
  const instance = trimSlash(server).replace(/^https?:\/\//, '');
  const id = `https://${instance}/${project}//${config}@${ref}`;
  return isSet(job) ? { id, invocationId: job } : { id };
}

const isSet = (value: string | undefined): value is string => value !== undefined && value !== '';
const trimSlash = (url: string): string => url.replace(/\/+$/, '');
