import { createInterface } from 'node:readline';
import { main } from '../../src/cli/main.ts';
import '../../workers/start.ts';

// `roundup work`, loaded ahead of time: it begins when a line on standard input says with what environment.
const [environment = '{}'] = await new Promise<string[]>((resolve) => {
  createInterface({ input: process.stdin }).once('line', (line) => resolve([line]));
});
process.stdin.destroy();
Object.assign(process.env, JSON.parse(environment));
await main([process.execPath, 'roundup', 'work']);
