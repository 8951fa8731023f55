// Alerts to Prometheus's Alertmanager.

import { duration, flag, map, secretText, section, text } from '../../config-values/value-types.ts';
import { alertmanagerFormat } from '../http/formats.ts';
import { below, httpOutput, OWN_REQUESTS, OWN_TRANSPORT } from './http-transport.ts';
import { defineOutput } from './kind.ts';

export const ALERTMANAGER = defineOutput({
  name: 'alertmanager',
  keys: section("Alerts to Prometheus's Alertmanager.", {
    enabled: flag(false, 'Send alerts.'),
    url: secretText('address', 'Address of Alertmanager, such as http://alertmanager:9093; /api/v2/alerts is added.'),
    labels: map(text('', 'Value of the label.'), 'Labels added to every alert.'),
    expires_after: duration('5m', 1000, 'Time after which an alert expires if it is not raised again.'),
    ...OWN_TRANSPORT,
  }),
  needs: 'url',
  isSpooled: true,
  make(values, context) {
    const format = alertmanagerFormat(values.labels, values.expires_after);
    const url = below(values.url, '/api/v2/alerts');
    return httpOutput({ name: 'alertmanager', url, format, ...OWN_REQUESTS }, values, context);
  },
});
