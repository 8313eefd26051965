import { describe, expect, it } from 'vitest';
import { chooseRemote, normaliseRemote } from '../../src/source/remote';

const SHOP = 'git+https://github.com/acme/shop';

describe('normaliseRemote', () => {
  it.each([
    'https://github.com/acme/shop',
    'https://github.com/acme/shop.git',
    'https://github.com/acme/shop.git/',
    'https://github.com/acme/shop/',
    'https://GitHub.com/acme/shop',
    'https://github.com:443/acme/shop.git',
    'https://user:s3cret-token@github.com/acme/shop.git',
    'https://x-access-token:ghs_abc@github.com/acme/shop?token=abc#frag',
    'http://github.com/acme/shop.git',
    'git@github.com:acme/shop.git',
    'github.com:acme/shop',
    'git@github.com:/acme/shop.git',
    'ssh://git@github.com/acme/shop.git',
    'ssh://git@github.com:22/acme/shop',
    'ssh://git@github.com:2222/acme/shop',
    'git+ssh://git@github.com/acme/shop.git',
    'git://github.com/acme/shop.git',
    'git+https://github.com/acme/shop',
    ' https://github.com/acme/shop\n',
  ])('when given %s it is the one URI of the repository', (remote) => {
    expect(normaliseRemote(remote)).toBe(SHOP);
  });

  it('when https has a port of its own it keeps it', () => {
    expect(normaliseRemote('https://oauth2:glpat-x@gitlab.example.com:8443/a/b/c.git')).toBe('git+https://gitlab.example.com:8443/a/b/c');
  });

  it('when the host is an IPv6 address it keeps its brackets', () => {
    expect(normaliseRemote('ssh://git@[2001:db8::1]:2222/acme/shop.git')).toBe('git+https://[2001:db8::1]/acme/shop');
    expect(normaliseRemote('git@[2001:db8::1]:acme/shop.git')).toBe('git+https://[2001:db8::1]/acme/shop');
  });

  it.each([
    '/srv/git/shop.git', '../shop', './shop', 'shop', 'file:///srv/git/shop.git', 'file://localhost/srv/shop', 'C:\\repos\\shop', 'C:/repos/shop', '\\\\server\\share\\shop',
    'codecommit::eu-west-1://shop', 'ext::sh -c whoami', 'ftp://example.com/shop', 'https://', 'https:///', 'https://github.com/', 'https://github.com/.git', 'ssh://exa mple/x', '', './a:b',
  ])('when given %s, which names nothing that others could find, it is undefined', (remote) => {
    expect(normaliseRemote(remote)).toBeUndefined();
  });
});

describe('chooseRemote', () => {
  const line = (name: string, url: string, suffix = ''): string => `${name}\t${url} (fetch)${suffix}\n${name}\t${url} (push)\n`;

  it('when there is an origin it is that', () => {
    expect(chooseRemote(line('fork', 'https://github.com/me/shop') + line('origin', 'https://github.com/acme/shop'))).toBe(SHOP);
  });

  it('when the clone is partial the filter is not part of the URL', () => {
    expect(chooseRemote(line('origin', 'git@github.com:acme/shop.git', ' [blob:none]'))).toBe(SHOP);
  });

  it('when there is one remote of another name it is that', () => {
    expect(chooseRemote(line('upstream', 'git@github.com:acme/shop.git'))).toBe(SHOP);
  });

  it('when there are several and no origin, or none, it is undefined', () => {
    expect(chooseRemote(line('a', 'https://github.com/me/shop') + line('b', 'https://github.com/acme/shop'))).toBeUndefined();
    expect(chooseRemote('')).toBeUndefined();
  });
});
