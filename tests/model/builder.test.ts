import { describe, expect, it } from 'vitest';
import { BUILDER_VARIABLES, detectBuilder, LOCAL_BUILDER } from '../../src/model/builder';

const GITHUB = {
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'acme/shop',
  GITHUB_WORKFLOW_REF: 'acme/shop/.github/workflows/release.yml@refs/heads/main',
  GITHUB_RUN_ID: '4242',
  GITHUB_RUN_ATTEMPT: '3',
};
const GITLAB = {
  CI: 'true',
  GITLAB_CI: 'true',
  CI_SERVER_URL: 'https://gitlab.example.com:8443',
  CI_PROJECT_PATH: 'group/sub/shop',
  CI_CONFIG_PATH: '.gitlab-ci.yml',
  CI_COMMIT_REF_NAME: 'feature/x',
  CI_JOB_URL: 'https://gitlab.example.com:8443/group/sub/shop/-/jobs/99',
};

describe('detectBuilder', () => {
  it('when in GitHub Actions it names the workflow and the run with its attempt', () => {
    expect(detectBuilder(GITHUB)).toEqual({
      id: 'https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main',
      invocationId: 'https://github.com/acme/shop/actions/runs/4242/attempts/3',
    });
  });

  it('when in a GitHub Enterprise Server it uses its address', () => {
    const builder = detectBuilder({ ...GITHUB, GITHUB_SERVER_URL: 'https://git.acme.example/', GITHUB_RUN_ATTEMPT: '' });
    expect(builder.id).toBe('https://git.acme.example/acme/shop/.github/workflows/release.yml@refs/heads/main');
    expect(builder.invocationId).toBe('https://git.acme.example/acme/shop/actions/runs/4242/attempts/1');
  });

  it('when the run is not known it leaves the invocation out', () => {
    const id = 'https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main';
    expect(detectBuilder({ ...GITHUB, GITHUB_RUN_ID: undefined, GITHUB_SERVER_URL: undefined })).toEqual({ id });
    expect(detectBuilder({ ...GITHUB, GITHUB_REPOSITORY: '' })).toEqual({ id });
  });

  it('when in GitLab it names the CI config ref URI and the job', () => {
    expect(detectBuilder(GITLAB)).toEqual({
      id: 'https://gitlab.example.com:8443/group/sub/shop//.gitlab-ci.yml@refs/heads/feature/x',
      invocationId: 'https://gitlab.example.com:8443/group/sub/shop/-/jobs/99',
    });
  });

  it('when GitLab builds a tag it names the tag', () => {
    const builder = detectBuilder({ ...GITLAB, CI_COMMIT_TAG: 'v1.0.0', CI_COMMIT_REF_NAME: 'v1.0.0', CI_CONFIG_PATH: 'ci/build.yml' });
    expect(builder.id).toBe('https://gitlab.example.com:8443/group/sub/shop//ci/build.yml@refs/tags/v1.0.0');
  });

  it('when GitLab builds a merge request it names the source branch, as the id token does', () => {
    const builder = detectBuilder({ ...GITLAB, CI_CONFIG_PATH: '', CI_MERGE_REQUEST_REF_PATH: 'refs/merge-requests/7/head', CI_JOB_URL: undefined });
    expect(builder).toEqual({ id: 'https://gitlab.example.com:8443/group/sub/shop//.gitlab-ci.yml@refs/heads/feature/x' });
  });

  it.each(['https://example.com/ci.yml', 'ci.yml@other/project', 'ci.yml@other/project:main'])(
    'when GitLab takes its configuration from elsewhere (%s) it is the local builder',
    (CI_CONFIG_PATH) => {
      expect(detectBuilder({ ...GITLAB, CI_CONFIG_PATH })).toEqual({ id: LOCAL_BUILDER });
    },
  );

  it.each([
    {},
    { CI: 'true' },
    { ...GITHUB, GITHUB_ACTIONS: 'false' },
    { ...GITHUB, GITHUB_WORKFLOW_REF: undefined },
    { ...GITLAB, GITLAB_CI: undefined },
    { ...GITLAB, CI_SERVER_URL: undefined },
    { ...GITLAB, CI_PROJECT_PATH: '' },
    { ...GITLAB, CI_COMMIT_REF_NAME: undefined },
  ])('when no known CI names its workflow it is the local builder, without invocation', (env) => {
    expect(detectBuilder(env)).toEqual({ id: 'https://cortex-os.brainwav/nx-proof/builder/local/v1' });
  });
});

describe('BUILDER_VARIABLES', () => {
  it.each([GITHUB, GITLAB, { ...GITLAB, CI_COMMIT_TAG: 'v1' }])('is all that an id is made of', (env) => {
    const only = Object.fromEntries(Object.entries(env).filter(([name]) => (BUILDER_VARIABLES as readonly string[]).includes(name)));
    expect(detectBuilder(only).id).toBe(detectBuilder(env).id);
    for (const name of Object.keys(only)) {
      if (name !== 'CI_COMMIT_REF_NAME' || !('CI_COMMIT_TAG' in env)) expect(detectBuilder({ ...env, [name]: 'other' }).id, name).not.toBe(detectBuilder(env).id);
    }
  });
});
