import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttp, type Http, type HttpOptions, type Timing } from '../../src/http';
import { testEnv } from '../support/env';
import { json, startService, type Service } from '../support/sigstore/server';
import { newServerCertificate } from '../support/sigstore/x509';

/** Time that passes only by waiting. */
class Clock implements Timing {
  time = 0;
  readonly waits: number[] = [];
  random = (): number => 1;
  elapsed = (): number => this.time;
  sleep = (ms: number): Promise<void> => {
    this.waits.push(ms);
    this.time += ms;
    return Promise.resolve();
  };
}

describe('http', () => {
  let service: Service;
  let opened: Http[];
  let clock: Clock;
  beforeEach(async () => {
    service = await startService(({ method, url, body }) => (url.pathname === '/big' ? { body: Buffer.alloc(100_000) } : json({ method, body: body.toString() })));
    opened = [];
    clock = new Clock();
  });
  afterEach(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await service.close();
  });

  const open = (options: Partial<HttpOptions> = {}): Http => {
    const one = createHttp({ env: testEnv(), timing: clock, ...options });
    opened.push(one);
    return one;
  };
  const get = (one: Http, url = service.url): ReturnType<Http['request']> => one.request({ method: 'GET', url });

  describe('when the service answers', () => {
    it('gives status, headers and body, and sends what it was given', async () => {
      const answer = await open().request({ method: 'POST', url: `${service.url}/a?b=c`, headers: { 'x-one': 'two' }, body: 'hello' });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(JSON.parse(answer.body.toString())).toEqual({ method: 'POST', body: 'hello' });
      expect(service.calls[0]?.headers).toMatchObject({ 'x-one': 'two', 'user-agent': 'nx-proof' });
      expect(service.calls[0]?.url.search).toBe('?b=c');
    });

    it('gives a refusal at once: what it means is for the caller to say', async () => {
      service.faults.push({ status: 404, body: 'no' });
      await expect(get(open())).resolves.toMatchObject({ status: 404, body: Buffer.from('no') });
      expect(service.calls).toHaveLength(1);
    });

    it('keeps the connection for the next request', async () => {
      const one = open();
      for (let count = 0; count < 20; count += 1) await get(one);
      // undici may open a second one while the first is being freed.
      expect(service.connections).toBeLessThanOrEqual(2);
    });

    it('refuses a body larger than allowed, without another attempt', async () => {
      await expect(open().request({ method: 'GET', url: `${service.url}/big`, maxBytes: 99_999 })).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: expect.stringContaining('more than 99999 bytes') as string });
      expect(service.calls).toHaveLength(1);
      await expect(open().request({ method: 'GET', url: `${service.url}/big`, maxBytes: 100_000 })).resolves.toMatchObject({ status: 200 });
    });

    it('joins repeated headers', async () => {
      service.faults.push({ headers: { 'set-cookie': ['a', 'b'] as unknown as string } });
      expect((await get(open())).headers['set-cookie']).toBe('a, b');
    });
  });

  describe('when the service fails for a while', () => {
    it('tries again after 408, 429, 5xx and cut connections, waiting twice as long each time', async () => {
      for (const [faults, waits] of [
        [[{ status: 500 }, { status: 503 }], [500, 1000]],
        [[{ status: 408 }], [500]],
        [['cut', 'lose', { status: 429 }], [500, 1000, 2000]],
      ] as const) {
        clock.waits.length = 0;
        service.faults.push(...faults);
        await expect(get(open())).resolves.toMatchObject({ status: 200 });
        expect(clock.waits).toEqual(waits);
      }
    });

    it('spreads the waits at random between half and all of the time', async () => {
      clock.random = () => 0;
      service.faults.push({ status: 500 });
      await get(open());
      expect(clock.waits).toEqual([250]);
    });

    it('gives the last answer after four attempts', async () => {
      service.fault = { status: 503, body: 'busy' };
      await expect(get(open())).resolves.toMatchObject({ status: 503 });
      expect(service.calls).toHaveLength(4);
    });

    it('reports a network error after four attempts, with its reason and nothing of the request', async () => {
      service.fault = 'cut';
      const failure = open().request({ method: 'POST', url: `${service.url}/x?key=SECRET1`, headers: { authorization: 'SECRET2' }, body: 'SECRET3' });
      const error: unknown = await failure.then(() => undefined, (reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'NETWORK_ERROR', exitCode: 3, details: { attempts: 4, url: `${service.url}/x` } });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET');
    });

    it('says that nothing listens', async () => {
      const url = service.url;
      await service.close();
      await expect(get(open(), url)).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: expect.stringContaining('ECONNREFUSED') as string });
    });

    it('passes on nothing of an answer that is not HTTP', async () => {
      const server = net.createServer((socket) => socket.end('SECRET of somebody else\r\n\r\n')).listen(0);
      const error: unknown = await get(open(), `http://localhost:${(server.address() as AddressInfo).port}`).catch((reason: unknown) => reason);
      server.close();
      expect(error).toMatchObject({ code: 'NETWORK_ERROR' });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET');
    });

    it('waits as long as Retry-After says, in seconds or until a date, and never less than its own backoff', async () => {
      const env = testEnv({}, { now: () => new Date('2026-01-01T00:00:00Z') });
      service.faults.push({ status: 429, headers: { 'retry-after': '7' } }, { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' } }, { status: 503, headers: { 'retry-after': 'soon' } });
      await get(open({ env }));
      expect(clock.waits).toEqual([7000, 9000, 2000]);
    });

    it('holds back other requests to the service while Retry-After runs', async () => {
      const waits: (() => void)[] = [];
      const one = open({ timing: { random: () => 1, elapsed: clock.elapsed, sleep: () => new Promise((resolve) => waits.push(resolve)) } });
      service.faults.push({ status: 429, headers: { 'retry-after': '30' } });
      const first = get(one);
      await expect.poll(() => waits.length, { timeout: 20_000 }).toBe(1);
      const second = get(one);
      await expect.poll(() => waits.length, { timeout: 20_000 }).toBe(2);
      expect(service.calls).toHaveLength(1);
      clock.time += 30_000;
      for (const go of waits) go();
      await expect(Promise.all([first, second])).resolves.toMatchObject([{ status: 200 }, { status: 200 }]);
    });

    it('does not wait beyond the deadline', async () => {
      service.faults.push({ status: 429, headers: { 'retry-after': '61' } });
      await expect(get(open())).resolves.toMatchObject({ status: 429 });
      expect(clock.waits).toEqual([]);
    });

    it('gives up at the deadline when there is no answer', async () => {
      service.fault = 'hang';
      await expect(open({ timing: {} }).request({ method: 'GET', url: service.url, deadlineMs: 100 })).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: expect.stringContaining('within 100 ms') as string });
    });
  });

  describe('when it is interrupted', () => {
    it.each(['env', 'request'])('stops by the signal of the %s', async (which) => {
      service.fault = 'hang';
      const stop = new AbortController();
      const request = open({ env: testEnv({}, which === 'env' ? { signal: stop.signal } : {}) }).request({ method: 'GET', url: service.url, ...(which === 'request' && { signal: stop.signal }) });
      setTimeout(() => stop.abort('SECRET'), 20);
      const error: unknown = await request.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'ABORTED' });
      expect(inspect(error, { showHidden: true })).not.toContain('SECRET');
    });

    it('stops while it waits for another attempt', async () => {
      service.fault = { status: 500 };
      const stop = new AbortController();
      const request = open({ env: testEnv({}, { signal: stop.signal }), timing: {} }).request({ method: 'GET', url: service.url });
      await expect.poll(() => service.calls.length, { timeout: 20_000 }).toBe(1);
      stop.abort();
      await expect(request).rejects.toMatchObject({ code: 'ABORTED' });
    });

    it('passes on what is wrong with waiting itself', async () => {
      service.fault = { status: 500 };
      await expect(get(open({ timing: { sleep: () => Promise.reject(new Error('no timers')) } }))).rejects.toThrow('no timers');
    });
  });

  describe('when it may send so many requests a second only', () => {
    it('spaces them by origin', async () => {
      const one = open({ rate: 4 });
      for (let count = 0; count < 3; count += 1) await get(one);
      expect(clock.waits).toEqual([250, 250]);
      await get(one, service.url.replace('localhost', '127.0.0.1'));
      expect(clock.waits).toHaveLength(2);
    });

    it('does not count the wait against the deadline', async () => {
      const one = open({ rate: 0.001 });
      await get(one);
      await expect(get(one)).resolves.toMatchObject({ status: 200 });
      expect(clock.waits).toEqual([1_000_000]);
    });
  });

  describe('endpoints', () => {
    it('are refused when no listed one is above them', async () => {
      const one = open({ endpoints: [`${service.url}/a/`, `${service.url}/b`] });
      for (const allowed of ['/a/', '/a/x', '/b', '/b/y?z']) await expect(get(one, service.url + allowed)).resolves.toMatchObject({ status: 200 });
      const before = service.calls.length;
      for (const refused of ['/', '/a', '/bc', '/a/../c']) await expect(get(one, service.url + refused)).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED', exitCode: 2 });
      await expect(get(one, 'https://example.com/a/x')).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
      expect(service.calls).toHaveLength(before);
    });

    it('must be https, but on this machine or where http is listed', async () => {
      await expect(get(open(), 'http://example.com/')).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
      await expect(get(open({ endpoints: ['https://example.com'] }), 'http://example.com/')).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
      const refused = get(open({ endpoints: ['http://name.invalid'] }), 'http://name.invalid/');
      await expect(refused).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    });

    it('must be URLs without a password, which no message repeats', async () => {
      for (const url of ['ftp://SECRET', 'SECRET', 'https://user:SECRET@example.com/', 'https://SECRET@example.com/']) {
        const error: unknown = await get(open(), url).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'OPTION_INVALID' });
        expect(inspect(error)).not.toContain('SECRET');
      }
    });

    it('are not left by a redirect', async () => {
      service.faults.push({ status: 302, headers: { location: '/b' } });
      await expect(get(open(), `${service.url}/a`)).resolves.toMatchObject({ status: 200 });
      expect(service.calls.at(-1)?.url.pathname).toBe('/b');
      for (const location of ['https://example.com/', 'http://[']) {
        service.faults.push({ status: 307, headers: { location } });
        await expect(get(open())).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
      }
      // Of the same origin, and yet not below the endpoint.
      service.faults.push({ status: 302, headers: { location: '/b' } });
      await expect(get(open({ endpoints: [`${service.url}/a`] }), `${service.url}/a`)).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
    });

    it('may redirect three times, and a POST not at all', async () => {
      service.fault = { status: 302, headers: { location: '/again' } };
      await expect(get(open())).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: expect.stringContaining('more than 3 times') as string });
      await expect(open().request({ method: 'POST', url: service.url })).resolves.toMatchObject({ status: 302 });
    });
  });
});

describe('http over TLS and proxies', () => {
  const tls = newServerCertificate();
  let secure: Service;
  let folder: string;
  beforeEach(async () => {
    secure = await startService(() => json({ ok: true }), { tls });
    folder = await mkdtemp(path.join(tmpdir(), 'nx-proof-http-'));
  });
  afterEach(async () => {
    await secure.close();
    await rm(folder, { recursive: true });
  });
  const get = async (options: Omit<HttpOptions, 'env'> & { variables?: Record<string, string> }, url = secure.url): Promise<number> => {
    const one = createHttp({ env: testEnv(options.variables), ...options });
    try {
      return (await one.request({ method: 'GET', url })).status;
    } finally {
      await one.close();
    }
  };

  it('refuses a certificate that nobody vouches for, at once, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    await expect(get({})).rejects.toMatchObject({ code: 'NETWORK_ERROR', details: { attempts: 1 } });
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(get({})).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  it('trusts a given root, and those of NODE_EXTRA_CA_CERTS', async () => {
    await expect(get({ ca: tls.ca })).resolves.toBe(200);
    const file = path.join(folder, 'ca.pem');
    await writeFile(file, tls.ca);
    await expect(get({ variables: { NODE_EXTRA_CA_CERTS: file } })).resolves.toBe(200);
    await expect(get({ variables: { NODE_EXTRA_CA_CERTS: path.join(folder, 'none.pem') } })).rejects.toMatchObject({ code: 'IO_ERROR' });
  });

  const startProxy = async (): Promise<{ url: string; connects: string[]; close: () => void }> => {
    const connects: string[] = [];
    const proxy = http.createServer();
    proxy.on('connect', (request, client: net.Socket) => {
      connects.push(request.url ?? '');
      const [, port] = (request.url ?? '').split(':');
      const server = net.connect(Number(port), '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      server.pipe(client).pipe(server);
      for (const socket of [client, server]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, connects, close: () => proxy.close() };
  };

  it('goes through HTTPS_PROXY, but not to the hosts of NO_PROXY', async () => {
    const proxy = await startProxy();
    try {
      await expect(get({ ca: tls.ca, variables: { HTTPS_PROXY: proxy.url } })).resolves.toBe(200);
      expect(proxy.connects).toEqual([new URL(secure.url).host]);
      await expect(get({ ca: tls.ca, variables: { https_proxy: proxy.url, NO_PROXY: 'localhost' } })).resolves.toBe(200);
      expect(proxy.connects).toHaveLength(1);
    } finally {
      proxy.close();
    }
  });

  it('takes no proxy from the environment of the process', async () => {
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
    try {
      await expect(get({ ca: tls.ca })).resolves.toBe(200);
      await expect(get({ ca: tls.ca, variables: { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' } })).resolves.toBe(200);
    } finally {
      delete process.env['HTTPS_PROXY'];
    }
  });

  it('refuses a proxy that is no URL without repeating it', async () => {
    await expect(get({ variables: { HTTPS_PROXY: 'user:SECRET@proxy' } })).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.not.stringContaining('SECRET') as string });
    await expect(get({ variables: { HTTP_PROXY: 'nonsense' } })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('can be closed before and after use, and opened again', async () => {
    const one = createHttp({ env: testEnv(), ca: tls.ca });
    await one.close();
    await one.request({ method: 'GET', url: secure.url });
    await one.close();
    await expect(one.request({ method: 'GET', url: secure.url })).resolves.toMatchObject({ status: 200 });
    await one.close();
  });
});
