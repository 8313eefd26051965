import { randomBytes, sign } from 'node:crypto';
import { ASN1Obj } from '@sigstore/core';
import { context, generalizedTime, integer, nothing, octets, oid, sequence, setOf, utcTime } from './der';
import { HttpStatus, startService, type Service, type ServiceOptions } from './server';
import { ECDSA_SHA256, HOUR_MS, KEY_USAGE, extendedKeyUsage, nameOf, newAuthority, newKeyPair, sha256, signCertificate, toBeSigned, type Authority, type KeyPair } from './x509';

/** A timestamp authority's keys, without a service. */
export interface Stamper {
  /** Leaf first, root last. */
  readonly certificates: readonly Buffer[];
  /** A TimeStampResp for a message with this sha256; `embed` puts the leaf into it. */
  stamp(digest: Uint8Array, time?: Date, options?: { embed?: boolean }): Buffer;
}

export interface TimestampAuthority extends Service, Stamper {}

const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'), nothing());
const TST_INFO = oid('1.2.840.113549.1.9.16.1.4');
const attribute = (id: string, value: Buffer): Buffer => sequence(oid(id), setOf(value));

/** Certificates that are valid for a day before and after `now`. */
export function newStamper(now = new Date()): Stamper {
  const root = newAuthority('loopback TSA', now);
  const keys = newKeyPair();
  const extensions = [KEY_USAGE.digitalSignature, extendedKeyUsage('1.3.6.1.5.5.7.3.8', true)];
  const [notBefore, notAfter] = [-24, 24].map((hours) => new Date(now.getTime() + hours * HOUR_MS)) as [Date, Date];
  const leafInput = { subject: nameOf('loopback TSA leaf'), publicKey: keys.publicKey, notBefore, notAfter, extensions };
  const serial = randomBytes(15);
  const leaf = signCertificate(toBeSigned(root, leafInput, serial)(), root.keys.privateKey);
  return {
    certificates: [leaf, root.certificate],
    stamp: (digest, time = new Date(), { embed = false } = {}) => timeStampResponse(digest, time, { root, serial, keys, embedded: embed ? leaf : undefined }),
  };
}

/** RFC 3161, by timestamp-query and by the JSON that Sigstore's own timestamp authority takes as well. */
export async function startTimestampAuthority(options: ServiceOptions): Promise<TimestampAuthority> {
  const stamper = newStamper();
  const service = await startService(({ method, url, headers, body }) => {
    if (method !== 'POST' || url.pathname !== '/api/v1/timestamp') throw new HttpStatus(404, 'not found');
    const digest: Buffer = headers['content-type'] === 'application/timestamp-query' ? fromQuery(body) : Buffer.from((JSON.parse(body.toString()) as { artifactHash: string }).artifactHash, 'base64');
    return { status: 201, headers: { 'content-type': 'application/timestamp-reply' }, body: stamper.stamp(digest) };
  }, options);
  return Object.assign(service, stamper);
}

/** TimeStampReq: SEQUENCE { version, messageImprint SEQUENCE { algorithm, hash }, ... } */
function fromQuery(query: Buffer): Buffer {
  const hash = ASN1Obj.parseBuffer(Buffer.from(query)).subs[1]?.subs[1]?.value;
  if (hash?.length !== 32) throw new HttpStatus(400, 'bad query');
  return hash;
}

interface StampInput {
  readonly root: Authority;
  readonly serial: Uint8Array;
  readonly keys: KeyPair;
  readonly embedded: Buffer | undefined;
}

function timeStampResponse(digest: Uint8Array, time: Date, { root, serial, keys, embedded }: StampInput): Buffer {
  const info = sequence(integer(1), oid('1.3.6.1.4.1.57264.2'), sequence(SHA256, octets(digest)), integer(Buffer.concat([Buffer.of(0x11), randomBytes(8)])), generalizedTime(time));
  const attributes = [attribute('1.2.840.113549.1.9.3', TST_INFO), attribute('1.2.840.113549.1.9.5', utcTime(time)), attribute('1.2.840.113549.1.9.4', octets(sha256(info)))];
  const signed = setOf(...attributes);
  const signature = sign('sha256', signed, keys.privateKey);
  // IMPLICIT [0]: the same bytes under another tag.
  const implicit = Buffer.concat([Buffer.of(0xa0), signed.subarray(1)]);
  const signer = sequence(integer(1), sequence(root.name, integer(Buffer.concat([Buffer.of(0x11), serial]))), SHA256, implicit, ECDSA_SHA256, octets(signature));
  const signedData = sequence(integer(3), setOf(SHA256), sequence(TST_INFO, context(0, octets(info))), ...(embedded === undefined ? [] : [context(0, embedded)]), setOf(signer));
  return sequence(sequence(integer(0)), sequence(oid('1.2.840.113549.1.7.2'), context(0, signedData)));
}
