import { describe, expect, it } from 'vitest';
import { graphProjects, isWorkspacePath } from '../../src/model/graph';

const node = (root: string, data: object = {}) => ({ type: 'lib', data: { root, ...data } });
const read = (nodes: object, dependencies: object = {}) => graphProjects({ graph: { nodes, dependencies } }, 'graph.json');

describe('graphProjects', () => {
  it('takes roots, tags, outputs and the dependencies that are projects', () => {
    const projects = read(
      {
        app: { name: 'app', type: 'app', data: { root: 'apps/app', tags: ['scope:web'], targets: { build: { outputs: ['{workspaceRoot}/dist/{projectRoot}'] } } } },
        lib: node('libs/lib', { tags: ['t'] }),
        core: node('.'),
      },
      { app: [{ source: 'app', target: 'npm:tslib', type: 'static' }, { source: 'app', target: 'lib', type: 'static' }, { source: 'app', target: 'core', type: 'implicit' }, { source: 'app', target: 'lib', type: 'dynamic' }], lib: [] },
    );
    expect([...projects.values()]).toEqual([
      { name: 'app', root: 'apps/app', tags: ['scope:web'], artifacts: ['{workspaceRoot}/dist/apps/app'], dependencies: ['core', 'lib'] },
      { name: 'lib', root: 'libs/lib', tags: ['t'], artifacts: undefined, dependencies: [] },
      { name: 'core', root: '.', tags: [], artifacts: undefined, dependencies: [] },
    ]);
  });

  it.each(['nx-proof:create', 'proof:create'])('prefers the artifacts and the build target that the target of %s names', (executor) => {
    const targets = { build: { outputs: ['{projectRoot}/dist'] }, bundle: { outputs: ['{projectRoot}/out'] } };
    const projects = read({
      a: node('a', { targets: { ...targets, prove: { executor, options: { artifacts: ['lib/*.js'], buildTarget: 'bundle' } } } }),
      b: node('b', { targets: { ...targets, prove: { executor, options: { buildTarget: 'bundle' } } } }),
      c: node('c', { targets: { ...targets, prove: { executor: 'other:create', options: { artifacts: ['x'] } } } }),
    });
    expect([...projects.values()].map(({ artifacts }) => artifacts)).toEqual([['lib/*.js'], ['{projectRoot}/out'], ['{projectRoot}/dist']]);
  });

  it.each([
    [[], 'the document must be an object'],
    [{}, 'graph must be an object'],
    [{ graph: {} }, 'graph.nodes must be an object'],
    [{ graph: { nodes: { a: null } } }, 'graph.nodes.a must be an object'],
    [{ graph: { nodes: { a: {} } } }, 'graph.nodes.a.data must be an object'],
    [{ graph: { nodes: { a: node('../outside') } } }, 'graph.nodes.a.data.root must be a folder of the workspace'],
    [{ graph: { nodes: { a: { data: { root: 7 } } } } }, 'graph.nodes.a.data.root must be a folder of the workspace'],
    [{ graph: { nodes: {}, dependencies: [] } }, 'graph.dependencies must be an object'],
  ])('refuses what is no graph: %j', (document, message) => {
    expect(() => graphProjects(document, 'graph.json')).toThrow(expect.objectContaining({ code: 'JSON_INVALID', message: expect.stringContaining(message) }));
  });

  it('reads a graph without dependencies', () => {
    expect(graphProjects({ graph: { nodes: { a: node('a') } } }, 'g').get('a')?.dependencies).toEqual([]);
  });
});

describe('isWorkspacePath', () => {
  it.each(['.', 'a', 'a/b', 'a b/[c]', '..a'])('accepts %s', (value) => expect(isWorkspacePath(value)).toBe(true));
  it.each(['', '/a', 'a/', 'a//b', '..', 'a/../b', './a', 'C:/x', 'c:x', 'a\\b', 'a\0'])('refuses %j', (value) => expect(isWorkspacePath(value)).toBe(false));
});
