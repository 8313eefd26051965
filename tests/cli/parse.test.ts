import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/parse';

const parse = (line: string) => parseCommandLine(line === '' ? [] : line.split(' '));
const problem = (line: string): string => {
  try {
    parse(line);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ProofError', code: 'OPTION_INVALID' });
    return (error as Error).message;
  }
  throw new Error(`${line} was accepted`);
};

describe('parseCommandLine', () => {
  it('reads command, options and arguments in any order', () => {
    const invocation = parse('--json verify apps/a --policy=p.json --strict apps/b');
    expect(invocation.command?.name).toBe('verify');
    expect(invocation.values).toEqual({ json: true, policy: 'p.json', strict: true });
    expect(invocation.positionals).toEqual(['apps/a', 'apps/b']);
  });

  it.each([
    ['--cwd verify sign', 'sign', { cwd: 'verify' }],
    ['--cwd=verify sign', 'sign', { cwd: 'verify' }],
    ['--json key --plain generate --type ed25519', 'key generate', { json: true, plain: true, type: 'ed25519' }],
    ['sign --key=-odd.pem', 'sign', { key: '-odd.pem' }],
  ])('takes no value of a common option for the command: %s', (line, name, values) => {
    expect(parse(line)).toMatchObject({ command: { name }, values });
  });

  it('takes everything after -- as arguments', () => {
    expect(parse('verify -- --all').positionals).toEqual(['--all']);
  });

  it.each(['', '--help', 'key', 'key --help', '--json'])('leaves the command open: %j', (line) => {
    expect(parse(line).command).toBeUndefined();
  });

  it('allows a switch to be repeated', () => {
    expect(parse('verify --all --all').values).toEqual({ all: true });
  });

  it('asks for nothing else when help is wanted', () => {
    expect(parse('key list extra --help').values).toEqual({ help: true });
  });

  it.each([
    ['verfy', 'there is no command "verfy"; did you mean verify?; the commands are create, sign, verify'],
    ['xyzzy', 'there is no command "xyzzy"; the commands are create'],
    ['key genrate', 'there is no command "key genrate"; did you mean key generate?'],
    ['verify --al', 'there is no option --al here; did you mean --all?'],
    ['verify --plicy p', 'there is no option --plicy here; did you mean --policy?'],
    ['sign --strict', 'there is no option --strict here'],
    ['verify --__proto__', 'there is no option --__proto__ here'],
    ['verify -a', 'there is no option -a here'],
    ['verify --all=yes', '--all "yes" takes no value'],
    ['verify --policy', '--policy needs a value: --policy=FILE'],
    ['verify --policy=', '--policy needs a value: --policy=FILE'],
    ['verify --policy --all', '--policy needs a value: --policy=FILE'],
    ['verify --policy a --policy b', '--policy "b" is given twice, first with "a"; give it once'],
    ['key generate --type rsa', '--type "rsa" must be one of ecdsa-p256, ed25519'],
    ['verify --log-level loud', '--log-level "loud" must be one of error, warn, info, debug'],
    ['key list x', 'nx-proof key list takes no argument, and was given "x"'],
  ])('refuses %j and says why', (line, message) => {
    expect(problem(line)).toContain(message);
  });
});
