// The fields that an entry of the container table has, as an alert shows them.

import { valueText } from '../../../host/fields/text.ts';
import { decode } from '../../../host/fields/value.ts';
import { completeValues } from '../../../host/metadata/complete-alert.ts';

export function containerFields(entry: Uint8Array, fields: readonly string[]): string[] {
  const none = fields.map(() => undefined);
  const values = completeValues(fields, none, entry, { eventTime: 2000n, namespaceStart: 0n });
  return values.map((value) => (value ? decode(valueText(value)) : '<NA>'));
}
