// An output that posts alerts over HTTP. Each kind defines how an alert is encoded and how several form the body of one request.

import type { Alert } from '../alert.ts';
import type { Output } from '../output.ts';
import { Delivery, type DeliveryTrouble } from '../spool/delivery.ts';
import type { Spool } from '../spool/spool.ts';
import type { HttpClient } from './client.ts';

export interface PostFormat {
  readonly contentType: string;
  /** Encodes an alert; the result is kept until it is delivered. */
  encode(alert: Alert): string;
  /** Alerts that go in one request. */
  readonly atOnce: number;
  body(encoded: readonly Buffer[]): Buffer;
}

export interface PostOutputOptions {
  /** For messages and metrics: `http`. */
  readonly name: string;
  readonly client: HttpClient;
  readonly format: PostFormat;
  readonly spool: Spool | undefined;
  readonly mostInMemory: number;
  readonly onTrouble: (trouble: DeliveryTrouble) => void;
}

/** Lets receivers detect duplicates: delivery is at least once. */
const KEY_HEADER = 'idempotency-key';
const DRAIN_POLL_MS = 10;

export function postOutput({ name, client, format, spool, mostInMemory, onTrouble }: PostOutputOptions): Output {
  const delivery = new Delivery({
    atOnce: format.atOnce,
    spool,
    mostInMemory,
    onTrouble,
    async send(parcels, signal) {
      const body = format.body(parcels.map(({ content }) => content));
      // Parcels may be sent again in other groups, so a key is only useful for a single parcel.
      const [first] = parcels;
      const key = parcels.length === 1 && first ? { [KEY_HEADER]: first.key } : {};
      return client.post(body, { 'content-type': format.contentType, ...key }, signal);
    },
  });
  return {
    name,
    write: (alert) => delivery.push(Buffer.from(format.encode(alert))),
    async drained() {
      while (!delivery.idle) await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    },
    async close(timeoutMs) {
      await delivery.close(timeoutMs);
      client.close();
    },
    get counters() {
      const { delivered, overflowed, refused, damaged, failedAttempts, waiting, spoolBytes } = delivery.counters;
      const dropped = overflowed + refused + damaged;
      return { written: delivered, dropped, errors: failedAttempts, queued: waiting, spoolBytes };
    },
  };
}
