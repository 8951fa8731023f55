// Outputs over HTTP, and the spool for alerts that they have not delivered.

import { duration, flag, map, secretText, section, text, unused, whole } from '../value-types.ts';

/** Keys of all of them, with Falco's names. */
const TRANSPORT = {
  insecure: flag(false, "Don't check the receiver's certificate."),
  ca_cert: text('', 'PEM file with the trusted certificate authorities.'),
  ca_bundle: text('', 'The same; both files are used.'),
  mtls: flag(false, 'Authenticate with a client certificate.'),
  client_cert: text('/etc/wasprey/client.crt', 'PEM file with that certificate.'),
  client_key: text('/etc/wasprey/client.key', 'PEM file with its private key.'),
  compress_uploads: flag(false, 'Compress requests with gzip.'),
} as const;

const HEADERS = map(secretText('all', 'Value of the header.'), 'Headers to send, such as Authorization.');
const TIMEOUT = duration('10s', 100, 'Time limit for an answer of the receiver.');

export const HTTP_KEYS = {
  http_output: section(
    "Alerts posted over HTTP, one in each request: to Falcosidekick, or any receiver of Falco's alerts.",
    {
      enabled: flag(false, 'Post alerts.'),
      url: secretText('address', 'Where to.'),
      user_agent: text('falcosecurity/falco', 'The User-Agent header; receivers may identify Falco by it.'),
      ...TRANSPORT,
      ca_path: unused('Folders of certificates are not supported: set files with `ca_cert` and `ca_bundle`.'),
      echo: unused("Answers are not printed; a failure is logged with the receiver's answer."),
      keep_alive: flag(false, 'Keep the connection for the next alert.'),
      max_consecutive_timeouts: unused('Failed requests are repeated, after 0.2 to 30 s, until they succeed.'),
      headers: HEADERS,
      timeout: TIMEOUT,
    },
  ),
  alertmanager_output: section("Alerts to Prometheus's Alertmanager.", {
    enabled: flag(false, 'Send alerts.'),
    url: secretText('address', 'Address of Alertmanager, such as http://alertmanager:9093; /api/v2/alerts is added.'),
    labels: map(text('', 'Value of the label.'), 'Labels added to every alert.'),
    expires_after: duration('5m', 1000, 'Time after which an alert expires if it is not raised again.'),
    ...TRANSPORT,
    headers: HEADERS,
    timeout: TIMEOUT,
  }),
  otlp_output: section('Alerts as log records of OpenTelemetry, over HTTP in JSON.', {
    enabled: flag(false, 'Send alerts.'),
    url: secretText('address', 'Address of the collector, such as http://collector:4318; /v1/logs is added.'),
    resource: map(
      text('', 'Value of the attribute.'),
      'Attributes of the resource, besides service.name and host.name.',
    ),
    ...TRANSPORT,
    headers: HEADERS,
    timeout: TIMEOUT,
  }),
  spool: section(
    'A queue on disk for alerts that outputs over HTTP have not delivered yet. They are delivered in order, also after a restart.',
    {
      enabled: flag(
        false,
        'Keep undelivered alerts on disk. Otherwise up to outputs_queue.capacity alerts wait in memory.',
      ),
      path: text('/var/lib/wasprey/spool', 'Folder; each output has a subfolder in it.'),
      max_size_mb: whole(
        64,
        { least: 1, most: 65_536 },
        'Limit for each output; alerts beyond it are dropped, counted and reported.',
      ),
    },
  ),
} as const;
