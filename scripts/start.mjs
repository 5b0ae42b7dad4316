import { join } from 'node:path';
import { COMPILE_CACHE, main, run } from './run.mjs';
import { SERVICE_ENVIRONMENT, SERVICE_FLAGS } from './service-flags.mjs';
import { nodeProgram, setup } from './setup.mjs';

await main(async () => {
  await setup();
  const args = [...SERVICE_FLAGS, join('dist', 'main.js'), ...process.argv.slice(2)];
  return run(nodeProgram(), args, {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...SERVICE_ENVIRONMENT, ...process.env },
  });
});
