// A peer in a container's network: TCP and UDP servers at the addresses given (ADDRESS PORT...), which print what they receive, and answer UDP. A
// line ADDRESS PORT LOCAL on the input connects from LOCAL, and prints the result; udp ADDRESS PORT LOCAL sends a datagram.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** For a connection to be made on a busy machine. */
const PATIENCE_MS = 2000;

const [port = '0', ...addresses] = process.argv.slice(2);
/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`);
const plain = (address = '') => address.replace('::ffff:', '');

/** By address. @type {Map<string, import('node:dgram').Socket>} */
const sending = new Map();

for (const address of addresses) {
  const server = createServer((socket) => {
    print(`accepted ${address} from ${plain(socket.remoteAddress)}`);
    socket.on('data', (data) => print(`tcp ${address} ${data}`));
    socket.on('error', () => {});
  });
  server.listen(Number(port), address);
  await once(server, 'listening');
  const datagrams = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  datagrams.on('message', (data, from) => {
    print(`udp ${address} ${data}`);
    datagrams.send('answer', from.port, from.address);
  });
  sending.set(address, datagrams);
  datagrams.bind(Number(port), address);
  await once(datagrams, 'listening');
}
print('ready');

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line.startsWith('udp ')) {
    const [, address, to, from = ''] = line.split(' ');
    sending.get(from)?.send('unasked', Number(to), address);
    return;
  }
  const [address = '', to = '', localAddress] = line.split(' ');
  const socket = connect({ host: address, port: Number(to), localAddress, timeout: PATIENCE_MS });
  /** @param {string} result */
  const end = (result) => {
    print(`connect ${address} from ${localAddress} ${result}`);
    socket.destroy();
  };
  socket.once('connect', () => end('succeeded')).once('timeout', () => end('timed out')).once('error', (error) => end('code' in error ? String(error.code) : error.message));
});
