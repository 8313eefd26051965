import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Reply => ({ status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) });

/** How a service misbehaves, once per entry: a reply of its own, a reply changed, or a connection cut before (`cut`) or after (`lose`) the work is done. */
export type Fault = Reply | 'cut' | 'lose' | 'hang' | ((call: Call, reply: Reply) => Reply | Promise<Reply>) | undefined;

export interface Service {
  readonly url: string;
  readonly calls: Call[];
  /** Connections that were opened. */
  connections: number;
  /** Applied to the next requests, one each. */
  readonly faults: Fault[];
  /** Applied to every request that finds `faults` empty. */
  fault: Fault;
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly tls?: { key: string; cert: string } | undefined;
  /** Added round trip time: to the TCP handshake, and half of it to every chunk in each direction. */
  readonly rttMs?: number | undefined;
  /** Whether connections serve more than one request; they do unless it is false. */
  readonly keepAlive?: boolean | undefined;
}

export type Handler = (call: Call) => Reply | Promise<Reply>;

/** A service on a free port of 127.0.0.1, called localhost. */
export async function startService(handler: Handler, options: ServiceOptions = {}): Promise<Service> {
  const scheme = options.tls === undefined ? 'http' : 'https';
  const listener = (request: http.IncomingMessage, response: http.ServerResponse): void => void answer(service, handler, request, response, options.keepAlive ?? true);
  const server = options.tls === undefined ? http.createServer(listener) : https.createServer(options.tls, listener);
  server.keepAliveTimeout = 60_000;
  server.on('connection', () => (service.connections += 1));
  const port = await listen(server);
  const proxy = options.rttMs === undefined || options.rttMs === 0 ? undefined : delayProxy(port, options.rttMs);
  const service: Service = {
    url: `${scheme}://localhost:${proxy === undefined ? port : await listen(proxy)}`,
    calls: [],
    connections: 0,
    faults: [],
    fault: undefined,
    close: async () => {
      server.closeAllConnections();
      await Promise.all([server, proxy].map((one) => one && new Promise((resolve) => one.close(resolve))));
    },
  };
  return service;
}

const listen = (server: net.Server): Promise<number> => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

async function answer(service: Service, handler: Handler, request: http.IncomingMessage, response: http.ServerResponse, keepAlive: boolean): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const call = { method: request.method ?? '', url: new URL(request.url ?? '/', service.url), headers: request.headers, body: Buffer.concat(chunks) };
  service.calls.push(call);
  const fault = service.faults.length > 0 ? service.faults.shift() : service.fault;
  if (fault === 'hang') return;
  if (fault === 'cut') return void request.socket.destroy();
  const reply = typeof fault === 'object' ? fault : await safely(handler, call);
  if (fault === 'lose') return void request.socket.destroy();
  const { status = 200, headers = {}, body = '' } = typeof fault === 'function' ? await fault(call, reply) : reply;
  response.writeHead(status, keepAlive ? headers : { ...headers, connection: 'close' }).end(body);
}

/** Thrown by a handler: the status and message of its reply. */
export class HttpStatus extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function safely(handler: Handler, call: Call): Promise<Reply> {
  try {
    return await handler(call);
  } catch (error) {
    const status = error instanceof HttpStatus ? error.status : 500;
    return json({ code: status, message: error instanceof Error ? error.message : String(error) }, status);
  }
}

function delayProxy(port: number, rttMs: number): net.Server {
  return net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    for (const socket of [client, server]) socket.setNoDelay(true);
    pipeDelayed(client, server, rttMs / 2, rttMs);
    pipeDelayed(server, client, rttMs / 2, 0);
  });
}

function pipeDelayed(from: net.Socket, to: net.Socket, delayMs: number, firstMs: number): void {
  let extra = firstMs;
  let due = 0;
  from.on('data', (chunk) => {
    due = Math.max(due, performance.now() + delayMs + extra);
    extra = 0;
    setTimeout(() => to.writable && to.write(chunk), due - performance.now());
  });
  from.on('close', () => setTimeout(() => to.destroy(), delayMs + 20));
  from.on('error', () => to.destroy());
}
