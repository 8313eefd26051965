// The formats of the schemas, for the compiled validators: those of ajv-formats.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- CommonJS, as esbuild and Node.js both load it
const { fullFormats } = require('ajv-formats/dist/formats');

/**
 * URIs with a path of ordinary characters, as nx-proof writes them. All of them are URIs to ajv-formats too, whose own expression takes longer to be
 * compiled than a proof to be verified; it is asked about all others.
 */
const ORDINARY = /^[a-z][a-z0-9+\-.]*:\/(?:(?:[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})+\/)*(?:[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})*$/;

exports.formats = {
  'date-time': fullFormats['date-time'],
  uri: (text) => ORDINARY.test(text) || fullFormats.uri(text),
};
