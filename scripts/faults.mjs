import { join } from 'node:path';
import { main, run } from './run.mjs';
import { nodeProgram, setup } from './setup.mjs';

await main(async () => {
  await setup();
  return run(nodeProgram(), ['--import', 'tsx', join('test', 'faults', 'run.ts'), ...process.argv.slice(2)]);
});
