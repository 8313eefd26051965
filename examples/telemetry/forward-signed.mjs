// Forwards each signed proof to a message bus as a CloudEvent (HTTP binding, structured mode), which Knative, Azure Event Grid, Dapr and others take.
//   PROOF_EVENTS_URL=https://bus.example.com/proofs NODE_OPTIONS="--import ./forward-signed.mjs" npx nx affected -t proof-sign
// What a proof is called leaves the machine by this; that is the point, and why nx-proof does not do it by itself.
import { randomUUID } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';

const url = process.env.PROOF_EVENTS_URL;
if (url === undefined) throw new Error('forward-signed.mjs: set PROOF_EVENTS_URL to where the events go');

subscribe('nx-proof:signed', (data) => {
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    type: 'com.example.proof.signed',
    source: process.env.PROOF_EVENTS_SOURCE ?? 'urn:nx-proof',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data,
  };
  // The proof is signed and stored: a bus that is out of reach is told of, and fails nothing.
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(event) })
    .then((response) => {
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    })
    .catch((error) => console.error(`forward-signed.mjs: ${data.project} was not reported: ${error.message}`));
});
