import Handlebars from 'handlebars';
import nodemailer from 'nodemailer';
import { page } from './house.ts';

// What a few lines with the usual libraries do: Handlebars for each reader, sendMail, a pool. No books, no policies, no logs.
// Arguments: port, messages, connections, filler, and a DKIM key as PEM, or nothing.

const [, , port = '', count = '', connections = '', filler = '', privateKey = ''] = process.argv;
const template = Handlebars.compile(page((n) => `https://news.example.org/e/{{token}}#${n}`, Number(filler)));
const transport = nodemailer.createTransport({
  host: '127.0.0.1',
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Number.POSITIVE_INFINITY,
  ...(privateKey === '' ? {} : { dkim: { domainName: 'example.org', keySelector: 'bench', privateKey } }),
});
const text = 'The text part says in short what the pages say at length.\n'.repeat(40);
let next = 0;

async function lane(): Promise<void> {
  while (next < Number(count)) {
    const reader = next++;
    const token = `k1.${reader.toString(36)}.1.abcdefghijklmnopqrstuvwxyz`;
    await transport.sendMail({
      from: { name: 'The Review', address: 'weekly@example.org' },
      to: { name: `Reader ${reader}`, address: `reader.${reader}@example.net` },
      subject: 'The weekly round-up',
      html: template({ token }),
      text,
      headers: {
        'List-Unsubscribe': `<https://news.example.org/u/${token}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
    });
  }
}

await Promise.all(Array.from({ length: 2 * Number(connections) }, lane));
transport.close();
