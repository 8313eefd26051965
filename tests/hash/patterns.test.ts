import fc from 'fast-check';
import fastGlob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { artifactMatcher, artifactPatternToWorkspace } from '../../src/hash';
import { isDynamic } from '../../src/hash/patterns';
import { ODD_NAMES } from './trees';

const project = { name: '@acme/app', root: 'apps/app' };
const read = (pattern: string, root = project.root) => artifactPatternToWorkspace(pattern, { ...project, root });

describe('artifactPatternToWorkspace', () => {
  it.each([
    ['dist', 'apps/app/dist', undefined, false],
    ['./dist/', 'apps/app/dist', undefined, false],
    ['{projectRoot}/dist', 'apps/app/dist', undefined, false],
    ['{projectRoot}', 'apps/app', undefined, false],
    ['{workspaceRoot}/dist/{projectRoot}', 'dist/apps/app', undefined, false],
    ['{workspaceRoot}/out/{projectName}.tgz', 'out/@acme/app.tgz', undefined, false],
    ['{workspaceRoot}', '.', undefined, false],
    ['../../dist/app', 'dist/app', undefined, false],
    ['{projectRoot}//a/./b/../c', 'apps/app/a/c', undefined, false],
    ['dist/**', 'apps/app/dist', undefined, true],
    ['dist/**/*', 'apps/app/dist', undefined, true],
    ['dist/**/**', 'apps/app/dist', undefined, true],
    ['**', 'apps/app', undefined, true],
    ['*', 'apps/app', '*', false],
    ['dist/*/**', 'apps/app/dist', '*', true],
    ['dist/**/*.js', 'apps/app/dist', '**/*.js', false],
    ['{dist,build}/**', 'apps/app', '{dist,build}', true],
    ['{a/b,c}/d', 'apps/app', '{a/b,c}/d', false],
    ['(group)/page.js', 'apps/app/(group)/page.js', undefined, false],
    ['(group)/*', 'apps/app/(group)', '*', false],
    ['*/(group)/x[1].js', 'apps/app', '*/\\(group\\)/x[1].js', false],
    ['*/(group)*', 'apps/app', '*/\\(group\\)*', false],
    ['*/@(a|b)', 'apps/app', '*/@(a|b)', false],
    ['x/!neg.js', 'apps/app/x/!neg.js', undefined, false],
    ['x/!neg*', 'apps/app/x', '\\!neg*', false],
    ['x/!(neg)*', 'apps/app/x', '!(neg)*', false],
    ['\\[id\\]/page.js', 'apps/app/[id]/page.js', undefined, false],
    ['\\!neg.js', 'apps/app/!neg.js', undefined, false],
    ['*\\/b', 'apps/app', '*/b', false],
    ['a{b/c', 'apps/app/a{b/c', undefined, false],
    ['{a..c}', 'apps/app', '{a..c}', false],
    ['x..*', 'apps/app', 'x..*', false],
    ['a)b/c', 'apps/app/a)b/c', undefined, false],
  ])('when it is %s, it means %s and glob %s', (pattern, base, glob, foldersOnly) => {
    expect(read(pattern)).toEqual({ source: pattern, base, glob, foldersOnly });
  });

  it.each(['apps/[id]', 'apps/(group)/x', 'a{b,c}', '*', 'apps/!neg', '@modal', '+(x)', 'a,b', 'a|b'])('when the project root is %s, it is literal', (root) => {
    expect(read('{projectRoot}/dist', root)).toMatchObject({ base: `${root}/dist`, glob: undefined });
    expect(read('dist/*.js', root)).toMatchObject({ base: `${root}/dist`, glob: '*.js' });
    const below = artifactMatcher(['{workspaceRoot}/dist/*/{projectRoot}'], { name: 'x', root });
    expect(below(`dist/any/${root}/a.js`)).toBe(true);
    expect(below('dist/any/apps/i/a.js')).toBe(false);
  });

  it('when the project is the workspace root, patterns are relative to that', () => {
    expect(read('dist', '.')).toMatchObject({ base: 'dist' });
    expect(read('{projectRoot}/dist', '.')).toMatchObject({ base: 'dist' });
    expect(read('{workspaceRoot}/dist/{projectRoot}', '.')).toMatchObject({ base: 'dist' });
  });

  it.each([
    ['', 'is empty'],
    ['  ', 'is empty'],
    ['!dist/cache', 'name the folders that are meant in "artifacts"'],
    ['!{projectRoot}/.next/cache', 'excludes files'],
    ['!(cache)', 'excludes files'],
    ['/etc', 'absolute'],
    ['C:/dist', 'absolute'],
    ['c:dist', 'absolute'],
    ['dist/{workspaceRoot}', '{workspaceRoot} elsewhere'],
    ['{options.outputPath}', '{options.outputPath}, which has no value'],
    ['{options.outputPath ?? dist}', 'which has no value'],
    ['dist/{env.X}', '{env.X}, which has no value'],
  ])('when it is "%s", it is refused: %s', (pattern, message) => {
    expect(() => read(pattern)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message), details: { option: 'artifacts', value: pattern } }));
  });

  it.each(['../../..', '../../../etc', '{workspaceRoot}/..', '{workspaceRoot}/../x', 'a/../../../../b', '*/../x', '\\.\\./../..\\/../x', '..\\/..\\/..\\/x', '{a,..}/x', '{a,b/../../..}', '{..,a}', '@(..|a)/x', '{\\.\\.,a}'])(
    'when it is %s, it leaves the workspace and is refused',
    (pattern) => {
      expect(() => read(pattern)).toThrow(expect.objectContaining({ code: 'PATH_OUTSIDE' }));
    },
  );

  it('when it has a newline, it is refused and shown escaped', () => {
    expect(() => read('a\nb')).toThrow(expect.objectContaining({ code: 'ARTIFACT_NAME', message: expect.stringContaining('a\\x0ab') }));
  });
});

describe('artifactMatcher', () => {
  it.each([
    [['dist'], 'apps/app/dist', true],
    [['dist'], 'apps/app/dist/x/y.js', true],
    [['dist'], 'apps/app/dist2/x.js', false],
    [['dist'], 'apps/other/dist/x.js', false],
    [['dist'], 'apps/app/dist/../../other/x.js', false],
    [['dist'], '/apps/app/dist/x.js', false],
    [['dist/**'], 'apps/app/dist/.hidden/x', true],
    [['dist/*.js'], 'apps/app/dist/a.js', true],
    [['dist/*.js'], 'apps/app/dist/a.css', false],
    [['dist/*.js'], 'apps/app/dist/sub/a.js', false],
    [['dist/*.js'], 'apps/app/dist/folder.js/a.css', true],
    [['dist/**/*.js'], 'apps/app/dist/.dot/sub/a.js', true],
    [['[!a]*'], 'apps/app/bc/x', true],
    [['[!a]*'], 'apps/app/ab/x', false],
    [['@(a|b)'], 'apps/app/a/x', true],
    [['*/!(a)'], 'apps/app/x/a', false],
    [['*/!(a)'], 'apps/app/x/b', true],
    [['*/dist/**'], 'apps/app/x/dist/y', true],
    [['*/dist/**'], 'libs/x/dist/y', false],
    [['{workspaceRoot}/*.tgz'], 'app.tgz', true],
    [['a', 'b'], 'apps/app/b/c', true],
    [[], 'apps/app/dist', false],
  ])('when the patterns are %j, %s is covered: %s', (patterns, name, covered) => {
    expect(artifactMatcher(patterns, project)(name)).toBe(covered);
  });

  it('when a name is escaped, it covers that name and no other', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ODD_NAMES), fc.constantFrom(...ODD_NAMES), (a, b) => {
        const covers = artifactMatcher([`{workspaceRoot}/*/{projectRoot}/x`], { name: 'p', root: a });
        expect(covers(`any/${b}/x`)).toBe(a === b);
      }),
    );
  });
});

describe('isDynamic', () => {
  it('is of one mind with fast-glob, which expands what is', () => {
    const segment = fc.array(fc.constantFrom(...'a.!*?+@()[]{}|,-'), { minLength: 1, maxLength: 8 }).map((chars) => chars.join(''));
    fc.assert(
      fc.property(segment, (text) => {
        expect(isDynamic(text), text).toBe(fastGlob.isDynamicPattern(text));
      }),
      { numRuns: 3000 },
    );
  });
});
