/**
 * The files that Nx takes variables from, in the root of the workspace and in that of each project: `.env`, `.env.local`, `.local.env`, and for a
 * target or configuration X `.env.X`, `.env.X.local`, `.X.env`, `.X.local.env`. Any name may be that of a target.
 */
const ENV_FILE = /^\.(?:.+\.)?env(?:\..+)?$/;

/** A name before `=` or `: ` at the beginning of a line, as dotenv finds it (https://github.com/motdotla/dotenv, LINE in lib/main.js). */
const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:(?=\s))([^\r\n\u2028\u2029]*)/gm;

/**
 * Variables that say how proofs are made and verified, for whom, and where the keys of the user lie: for whoever runs nx-proof to set, never for
 * what is being proved. Names are compared as Windows does, without their case. Of git's those that say which repository and settings it
 * uses (git(1), Environment Variables); GIT_SHA and the like are a workspace's own.
 */
const CONTROL = new RegExp(
  '^(?:NX_PROOF_.*|XDG_CONFIG_HOME|APPDATA|HOME|USERPROFILE' +
    '|GIT_(?:CONFIG(?:_.*)?|DIR|COMMON_DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|REPLACE_REF_BASE|NO_REPLACE_OBJECTS' +
    '|NAMESPACE|PREFIX|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH|ATTR_.*|GRAFT_FILE|SHALLOW_FILE))$',
  'i',
);
const OWN = /^NX_PROOF_/i;
const IN_CI = /^(["'`]?)(?:true|1)\1$/;

export const isEnvFile = (name: string): boolean => ENV_FILE.test(name);

/**
 * The control variables that a .env file assigns, in their order. CI counts when it is to say that this is no CI run: rules with
 * `"scope": "local"` hold there alone.
 * @param which own: only those whose names begin with NX_PROOF_
 */
export function controlValues(text: string, which: 'all' | 'own'): string[] {
  const assigned = Array.from(text.matchAll(ASSIGNMENT), ([, name = '', value = '']) => ({ name, value: value.trim() }));
  const isControl = ({ name, value }: { name: string; value: string }): boolean =>
    which === 'own' ? OWN.test(name) : CONTROL.test(name) || (/^CI$/i.test(name) && !IN_CI.test(value));
  return [...new Set(assigned.filter(isControl).map(({ name }) => name))];
}
