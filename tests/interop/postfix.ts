import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.ts';

/** Why Postfix cannot be run here, or undefined. */
export const postfixMissing = !existsSync('/usr/sbin/postfix')
  ? 'Postfix is not installed'
  : process.getuid?.() === 0
    ? undefined
    : 'only root can run Postfix';

export interface Postfix {
  port: number;
  /** Every mail that has been delivered, whole. */
  delivered(): Buffer[];
  log(): string;
  stop(): Promise<void>;
}

/** An instance of its own on loopback, with STARTTLS, that delivers mail for any address into one Maildir. */
export async function startPostfix(): Promise<Postfix> {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-postfix-'));
  chmodSync(folder, 0o755);
  const at = (name: string) => path.join(folder, name);
  for (const name of ['conf', 'queue', 'data', 'mail']) mkdirSync(at(name));
  const port = await freePort();
  const nobody = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+)/m) ?? [];
  spawnSync('chown', ['postfix', at('data')]);
  spawnSync('chown', [`${nobody[1]}:${nobody[2]}`, at('mail')]);
  const tls = path.join(import.meta.dirname, '../fixtures/tls');
  writeFileSync(
    at('conf/main.cf'),
    `compatibility_level = 3.6
queue_directory = ${at('queue')}
data_directory = ${at('data')}
maillog_file = ${at('mail.log')}
maillog_file_prefixes = ${folder}
myhostname = mail.test.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:all/
virtual_mailbox_base = ${at('mail')}
virtual_uid_maps = static:${nobody[1]}
virtual_gid_maps = static:${nobody[2]}
virtual_minimum_uid = 1
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${tls}/cert.pem
smtpd_tls_key_file = ${tls}/key.pem
smtpd_client_connection_rate_limit = 0
alias_maps =
alias_database =
`,
  );
  writeFileSync(
    at('conf/master.cf'),
    `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`,
  );
  const started = spawnSync('postfix', ['-c', at('conf'), 'start']);
  if (started.status !== 0) throw new Error(started.stderr.toString());
  return {
    port,
    delivered: () =>
      existsSync(at('mail/all/new'))
        ? readdirSync(at('mail/all/new')).map((file) => readFileSync(path.join(at('mail/all/new'), file)))
        : [],
    log: () => readFileSync(at('mail.log'), 'utf8'),
    stop: async () => {
      spawnSync('postfix', ['-c', at('conf'), 'stop']);
      for (let tries = 0; tries < 50 && spawnSync('postfix', ['-c', at('conf'), 'status']).status === 0; tries++)
        await sleep(100);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
