import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.ts';

/** Why Dovecot cannot be run here, or undefined. */
export const dovecotMissing = !existsSync('/usr/sbin/dovecot')
  ? 'Dovecot is not installed'
  : process.getuid?.() === 0
    ? undefined
    : 'only root can run Dovecot';

export interface Dovecot {
  port: number;
  user: string;
  password: string;
  /** Puts a mail into its INBOX. */
  add(message: string): void;
  stop(): Promise<void>;
}

/** An IMAP server of its own on loopback, with one mailbox. */
export async function startDovecot(): Promise<Dovecot> {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-dovecot-'));
  chmodSync(folder, 0o755);
  const at = (name: string) => path.join(folder, name);
  for (const name of ['mail', 'mail/new', 'mail/cur', 'mail/tmp', 'run', 'state']) mkdirSync(at(name));
  spawnSync('chown', ['-R', 'nobody:nogroup', at('mail')]);
  const port = await freePort();
  writeFileSync(at('users'), 'back:{PLAIN}a-password:65534:65534::/nonexistent::\n', { mode: 0o644 });
  writeFileSync(
    at('dovecot.conf'),
    `protocols = imap
base_dir = ${at('run')}
state_dir = ${at('state')}
log_path = ${at('log')}
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
mail_location = maildir:${at('mail')}
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = passwd-file
  args = ${at('users')}
}
userdb {
  driver = passwd-file
  args = ${at('users')}
}
`,
  );
  const server = spawn('dovecot', ['-F', '-c', at('dovecot.conf')], { stdio: 'ignore' });
  for (let tries = 0; tries < 100 && !(await answers(port)); tries++) await sleep(50);
  let count = 0;
  return {
    port,
    user: 'back',
    password: 'a-password',
    add: (message) => {
      const file = at(`mail/new/${1_700_000_000 + count}.M${count++}.test`);
      writeFileSync(file, message);
      spawnSync('chown', ['nobody:nogroup', file]);
    },
    stop: async () => {
      server.kill('SIGTERM');
      await new Promise((resolve) => server.once('exit', resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
