// For the spool's test: a process that spools alerts, delivers them to a receiver that fails at random, and says what was kept and received.
// usage: spool-writer.ts FOLDER NAME run|drain

import { writeSync } from 'node:fs';
import { Delivery } from '../../host/outputs/spool/delivery.ts';
import { Spool } from '../../host/outputs/spool/spool.ts';

const [folder = '', name = '', mode = ''] = process.argv.slice(2);
const STDOUT = 1;
const spool = await Spool.open({ folder, mostBytes: 64 * 1024 * 1024 });
const say = (line: string): void => void writeSync(STDOUT, `${line}\n`);
const append = spool.append.bind(spool);
spool.append = async (content) => {
  const kept = await append(content);
  if (kept) say(`kept ${content}`);
  return kept;
};
const delivery = new Delivery({
  async send(parcels) {
    if (mode === 'run' && Math.random() < 0.5) return { kind: 'failed', reason: 'at random', waitMs: 1 };
    for (const { content } of parcels) say(`received ${content}`);
    return { kind: 'taken' };
  },
  atOnce: 3,
  spool,
  mostInMemory: 1000,
  onTrouble: () => {},
});
say('started');
for (let index = 0; mode === 'run'; index++) {
  delivery.push(Buffer.from(`${name}.${index}`));
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await delivery.close(60_000);
