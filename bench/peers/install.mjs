import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename, delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Installs the peers into this folder, unless they are there in the versions that package.json names. */
export async function installPeers() {
  if (isInstalled()) return;
  console.error('installing the peers into bench/peers ...');
  // Not `npm ci`: it refuses a lock file that lacks optional binaries of other platforms, which some registries do not
  // have. The lock file holds for all the rest.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [program, first] = npm && basename(npm) === 'npm-cli.js' ? [process.execPath, [npm]] : ['npm', []];
  const env = { ...process.env, PATH: dirname(process.execPath) + delimiter + process.env.PATH };
  const child = spawn(program, [...first, ...args], { cwd: FOLDER, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the peers could not be installed: npm ended with ${code}`);
}

/** @returns the exact version of each peer, by name */
export function peerVersions() {
  return JSON.parse(readFileSync(`${FOLDER}package.json`, 'utf8')).dependencies;
}

function isInstalled() {
  return Object.entries(peerVersions()).every(([name, version]) => {
    const file = `${FOLDER}node_modules/${name}/package.json`;
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version;
  });
}
