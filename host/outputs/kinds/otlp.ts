// Alerts as log records of OpenTelemetry.

import { hostname } from 'node:os';
import { flag, map, secretText, section, text } from '../../config-values/value-types.ts';
import { otlpFormat } from '../http/formats.ts';
import { below, httpOutput, OWN_REQUESTS, OWN_TRANSPORT } from './http-transport.ts';
import { defineOutput } from './kind.ts';

export const OTLP = defineOutput({
  name: 'otlp',
  keys: section('Alerts as log records of OpenTelemetry, over HTTP in JSON.', {
    enabled: flag(false, 'Send alerts.'),
    url: secretText('address', 'Address of the collector, such as http://collector:4318; /v1/logs is added.'),
    resource: map(
      text('', 'Value of the attribute.'),
      'Attributes of the resource, besides service.name and host.name.',
    ),
    ...OWN_TRANSPORT,
  }),
  needs: 'url',
  isSpooled: true,
  make(values, context) {
    const resource = new Map([['service.name', 'wasprey'], ['host.name', hostname()], ...values.resource]);
    const url = below(values.url, '/v1/logs');
    return httpOutput({ name: 'otlp', url, format: otlpFormat(resource), ...OWN_REQUESTS }, values, context);
  },
});
