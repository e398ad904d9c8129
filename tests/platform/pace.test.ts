import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { heldUntil, holdHost, inTurn } from '../../src/platform/fetch/pace.ts';

test('a host is asked one thing at a time with a breath between, others are not kept by it', async () => {
  const seen: string[] = [];
  const began = performance.now();
  const ask = (host: string, name: string) =>
    inTurn(host, async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(`${name} ends`);
    });
  await Promise.all([ask('a.example', 'a1'), ask('a.example', 'a2'), ask('b.example', 'b1')]);
  expect(seen).toEqual(['a1 begins', 'b1 begins', 'a1 ends', 'b1 ends', 'a2 begins', 'a2 ends']);
  expect(performance.now() - began).toBeGreaterThan(500);
});

test('one that fails gives its turn on', async () => {
  await expect(inTurn('c.example', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(inTurn('c.example', () => Promise.resolve('next'))).resolves.toBe('next');
});

test('patience lasts as long as it was asked for', () => {
  holdHost('d.example', new Date(Date.now() + 60_000));
  expect(heldUntil('d.example')).toBeInstanceOf(Date);
  holdHost('d.example', new Date(Date.now() - 1));
  expect(heldUntil('d.example')).toBeUndefined();
});

test('a program that waits for its turn does not end before it', () => {
  const module = path.resolve(import.meta.dirname, '../../src/platform/fetch/pace.ts');
  const script = `import { inTurn } from ${JSON.stringify(module)};
    const turn = (n) => inTurn('e.example', async () => process.stdout.write(n));
    await turn('1'); await turn('2'); await turn('3');`;
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect([stdout, status]).toEqual(['123', 0]);
});
