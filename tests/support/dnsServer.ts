import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

// A name server on loopback (RFC 1035) that knows TXT and MX records: what the DNS says of a sender, as a test has it.

export interface DnsServer {
  /** As DNS_SERVERS has it. */
  address: string;
  /** By name and type, such as `example.org TXT`; a name that is not in it does not exist. */
  records: Map<string, string[]>;
  close(): Promise<void>;
}

const TYPES: Record<number, 'TXT' | 'MX'> = { 15: 'MX', 16: 'TXT' };

export async function startDnsServer(records = new Map<string, string[]>()): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => socket.send(answerTo(query, records), port, address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    records,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function answerTo(query: Buffer, records: Map<string, string[]>): Buffer {
  const labels: string[] = [];
  let at = 12;
  while (query[at]! > 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
    at += 1 + query[at]!;
  }
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(12, at + 5);
  const name = labels.join('.').toLowerCase();
  const found = records.get(`${name} ${TYPES[type]}`) ?? [];
  const exists = [...records.keys()].some((key) => key.startsWith(`${name} `));
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580 | (exists ? 0 : 3), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(found.length, 6);
  const answers = found.map((value) => {
    const data = TYPES[type] === 'MX' ? mx(value) : txt(value);
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc00c, 0);
    fixed.writeUInt16BE(type, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt16BE(data.length, 10);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([head, question, ...answers]);
}

function txt(value: string): Buffer {
  const parts = value.match(/.{1,255}/g) ?? [''];
  return Buffer.concat(parts.map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')])));
}

function mx(value: string): Buffer {
  const [priority = '10', exchange = ''] = value.split(' ');
  const name = exchange
    .split('.')
    .filter(Boolean)
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const number = Buffer.alloc(2);
  number.writeUInt16BE(Number(priority));
  return Buffer.concat([number, ...name, Buffer.from([0])]);
}
