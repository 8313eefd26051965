import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const zone = (target, from, message) => ({ target: target.map((t) => `./${t}`), from: from.map((f) => `./${f}`), message });
const SHELLS = ['executors', 'generators', 'src/cli', 'src/plugin.ts'];
const ABILITIES = ['src/hash', 'src/source', 'src/trust', 'src/sign', 'src/verify'];
const HOST_FREE = ['src/model/**', 'src/telemetry/**', 'src/http/**', 'src/commands/**', ...ABILITIES.map((a) => `${a}/**`), 'src/*.ts'];

// Each of these packages is known to the parts named here alone.
const OWNERS = { '@opentelemetry/api': ['src/telemetry'], '@nx/devkit': ['executors', 'generators', 'src/nx', 'src/plugin.ts'], undici: ['src/http'], 'tuf-js': ['src/trust'], '@sigstore/tuf': ['src/trust'] };

const without = (files, names) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: names.map((name) => ({ group: [name], message: `${name} is known to ${OWNERS[name].join(', ')} alone.` })) }] },
});
const packageRules = [
  without(['src/**/*.ts', 'executors/**/*.ts', 'generators/**/*.ts'], Object.keys(OWNERS)),
  // The last entry that fits a file counts: a part is denied what it does not own.
  ...[...new Set(Object.values(OWNERS).flat())].map((part) => without([part, `${part}/**`], Object.keys(OWNERS).filter((name) => !OWNERS[name].includes(part)))),
];

const config = tseslint.config(
  { ignores: ['dist/**', 'coverage/**', 'src/model/generated/**', 'examples/**/dist/**', '**/node_modules/**'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [importX.createNodeResolver({ extensions: ['.ts', '.js', '.cjs', '.json'] })] },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'import-x/no-default-export': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            zone(['src/model', 'src/telemetry', 'src/errors.ts', 'src/files.ts', 'src/env.ts'], [...SHELLS, ...ABILITIES, 'src/http', 'src/nx', 'src/commands'], 'The model is pure.'),
            zone(['src/http'], [...SHELLS, ...ABILITIES, 'src/nx', 'src/commands', 'src/model'], 'The network knows nothing of proofs.'),
            ...ABILITIES.map((a) => zone([a], [...SHELLS, ...ABILITIES.filter((b) => b !== a), 'src/nx', 'src/commands'], 'Abilities import only the model.')),
            zone(['src/commands'], [...SHELLS, 'src/nx'], 'Commands know no shell.'),
            zone(['src/nx'], SHELLS, 'src/nx knows no shell.'),
            zone(['src', 'executors', 'generators'], ['tests', 'e2e', 'bench'], 'What ships does not import tests.'),
          ],
        },
      ],
    },
  },
  { files: ['tests/**', 'e2e/**', 'bench/**', '*.config.*ts'], rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
  { files: ['*.config.*ts', 'eslint.config.mjs'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: HOST_FREE,
    rules: {
      'no-restricted-globals': ['error', { name: 'process', message: 'Only shells and src/nx know the process; use Env.' }, { name: 'console', message: 'Only shells print.' }],
      'no-restricted-syntax': ['error', { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'Use env.now().' }, { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Use env.now().' }],
    },
  },
  ...packageRules,
);
export { config as default };
