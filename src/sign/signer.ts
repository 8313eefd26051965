/** Signs statements: with a key, or with a certificate for a moment's key. */
export interface StatementSigner {
  /** Who signs, as the proof envelope's attestation names it: `key:sha256:<fingerprint>`. */
  readonly issuer: string;
  /** A Sigstore bundle v0.3 (RFC 8785 JSON and one newline) with a DSSE envelope that carries exactly these bytes of a statement. */
  sign(payload: Uint8Array): Promise<Buffer>;
  /**
   * The payload of a bundle that this signer made, its signature verified with what a verifier would use: the public part only.
   * @throws ProofError SIGNATURE_INVALID
   */
  verify(bundle: Uint8Array): Promise<Buffer>;
}
