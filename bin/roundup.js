#!/usr/bin/env node
// The program runs from its TypeScript sources, so that there is no build output to go stale. Node 22.18 and later strip
// types by themselves; older ones get tsx.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Roundup needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
const { main } = await import('../src/cli/main.ts');
await main(process.argv);
