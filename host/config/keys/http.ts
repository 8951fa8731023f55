// Outputs over HTTP, and where what they can't deliver is kept.

import { duration, flag, map, secretText, section, text, unused, whole } from '../value-types.ts';

/** What all of them have, with Falco's names. */
const TRANSPORT = {
  insecure: flag(false, "Don't check the receiver's certificate."),
  ca_cert: text('', 'PEM file with the authorities to trust.'),
  ca_bundle: text('', 'The same; both files count.'),
  mtls: flag(false, 'Show the receiver a certificate.'),
  client_cert: text('/etc/wasprey/client.crt', 'PEM file with that certificate.'),
  client_key: text('/etc/wasprey/client.key', 'PEM file with its private key.'),
  compress_uploads: flag(false, 'Compress what is sent, by gzip.'),
} as const;

const HEADERS = map(secretText('all', 'Value of the header.'), 'Headers to send, such as Authorization.');
const TIMEOUT = duration('10s', 100, 'How long the receiver has to answer.');

export const HTTP_KEYS = {
  http_output: section('Alerts posted over HTTP, one a request: to Falcosidekick, or whoever takes what Falco posts.', {
    enabled: flag(false, 'Post alerts.'),
    url: secretText('address', 'Where to.'),
    user_agent: text('falcosecurity/falco', 'The User-Agent header; receivers may know Falco by it.'),
    ...TRANSPORT,
    ca_path: unused('Folders of certificates are not read: name files by `ca_cert` and `ca_bundle`.'),
    echo: unused('Answers are not printed; a refusal is told with what the receiver says.'),
    keep_alive: flag(false, 'Keep the connection for the next alert.'),
    max_consecutive_timeouts: unused('What is not taken is sent again, after 0.2 to 30 s, until it is.'),
    headers: HEADERS,
    timeout: TIMEOUT,
  }),
  alertmanager_output: section("Alerts to Prometheus's Alertmanager.", {
    enabled: flag(false, 'Send alerts.'),
    url: secretText('address', 'Where Alertmanager is, such as http://alertmanager:9093; /api/v2/alerts is added.'),
    labels: map(text('', 'Value of the label.'), 'Labels that every alert gets.'),
    expires_after: duration('5m', 1000, 'When an alert is over that is not raised again.'),
    ...TRANSPORT,
    headers: HEADERS,
    timeout: TIMEOUT,
  }),
  otlp_output: section('Alerts as log records of OpenTelemetry, over HTTP in JSON.', {
    enabled: flag(false, 'Send alerts.'),
    url: secretText('address', 'Where the collector is, such as http://collector:4318; /v1/logs is added.'),
    resource: map(
      text('', 'Value of the attribute.'),
      'Attributes of the resource, beside service.name and host.name.',
    ),
    ...TRANSPORT,
    headers: HEADERS,
    timeout: TIMEOUT,
  }),
  spool: section(
    'What outputs over HTTP have not delivered yet, on disk: it is delivered in order, also after a restart.',
    {
      enabled: flag(false, 'Keep it. Without, up to outputs_queue.capacity alerts wait in memory.'),
      path: text('/var/lib/wasprey/spool', 'Folder; each output has one of its own in it.'),
      max_size_mb: whole(
        64,
        { least: 1, most: 65_536 },
        'Most that each output keeps; what is more is counted and told.',
      ),
    },
  ),
} as const;
