import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, ROOT, run, Stop } from './run.mjs';
import { nodeProgram, setup } from './setup.mjs';

const FILE = join('docs', 'openapi.json');
const SPECTRAL = join('node_modules', '@stoplight', 'spectral-cli', 'dist', 'index.js');
const REDOCLY = join('node_modules', '@redocly', 'cli', 'bin', 'cli.js');

/** Writes the OpenAPI document to docs/openapi.json; with --check, compares it with that file and lints it. */
await main(async () => {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => flag !== '--check');
  if (unknown) throw new Stop(`${unknown} is not an option; there is --check.`);
  await setup();
  const document = execFileSync(nodeProgram(), [join('dist', 'openapi.js')], { cwd: ROOT, encoding: 'utf8' });
  if (flags.length === 0) {
    writeFileSync(join(ROOT, FILE), document);
    return 0;
  }
  if (readFileSync(join(ROOT, FILE), 'utf8') !== document) {
    throw new Stop(`${FILE} is not what the code describes: run "npm run openapi" and commit the file.`);
  }
  return (await lintBySpectral()) || lintByRedocly();
});

function lintBySpectral() {
  return run(nodeProgram(), [SPECTRAL, 'lint', FILE, '--ruleset', 'spectral.yaml', '--fail-severity', 'hint']);
}

function lintByRedocly() {
  const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return run(nodeProgram(), [REDOCLY, 'lint', FILE, '--config', 'redocly.yaml'], { env });
}
