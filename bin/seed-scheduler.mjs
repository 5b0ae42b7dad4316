#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILE_CACHE, main, ROOT, run, Stop } from '../scripts/run.mjs';
import { SERVICE_ENVIRONMENT, SERVICE_FLAGS } from '../scripts/service-flags.mjs';
import { nodeProgram } from '../scripts/setup.mjs';

const COMMAND_LINE = join(ROOT, 'dist', 'cli', 'main.js');

await main(async () => {
  if (!existsSync(COMMAND_LINE)) throw new Stop('Not built yet: run npm ci && npm run build, or npm start.');
  const [command, ...rest] = process.argv.slice(2);
  const flags = command === 'serve' ? SERVICE_FLAGS : [];
  const args = [...flags, COMMAND_LINE, ...(command === undefined ? [] : [command]), ...rest];
  return run(nodeProgram(), args, {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...SERVICE_ENVIRONMENT, ...process.env },
  });
});
