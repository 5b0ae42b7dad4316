import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { main, ROOT, run, Stop } from './run.mjs';

const MODULES = join(ROOT, 'node_modules');
const INSTALL_STAMP = join(MODULES, '.seed-install');
const BUILD_STAMP = join(ROOT, 'dist', '.seed-build');
const BUILD_INPUTS = ['package-lock.json', 'package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
const OLDEST_NODE = [22, 19];
const LOCK_POLL_MS = 200;

/**
 * Installs packages and builds, as far as there is need: when something is missing or has changed since the last time.
 * An image without the development packages is taken as it is.
 */
export async function setup({ install = true, build = true } = {}) {
  if (isPrunedImage()) return;
  if (!(install && needsInstall()) && !(build && needsBuild())) return;
  const release = await lock();
  try {
    // Asked again: another process may have done it all meanwhile.
    if (install && needsInstall()) await installPackages();
    if (build && needsBuild()) await buildService();
  } finally {
    release();
  }
}

/** The Node that the service runs on: the project's own, so that it does not matter which one the machine has. */
export function nodeProgram() {
  const own = join(MODULES, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(own)) return own;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath;
  throw new Stop(`Node ${OLDEST_NODE.join('.')} or later is needed; this is ${process.versions.node}.`);
}

function isPrunedImage() {
  return existsSync(join(ROOT, 'dist', 'main.js')) && existsSync(MODULES) && !existsSync(nestProgram());
}

function nestProgram() {
  return join(MODULES, '@nestjs', 'cli', 'bin', 'nest.js');
}

function needsInstall() {
  // npm writes this file last.
  const installed = modifiedAt(join(MODULES, '.package-lock.json'));
  if (installed === 0) return true;
  const stamp = read(INSTALL_STAMP);
  if (stamp !== null) return stamp !== installFingerprint();
  return modifiedAt(join(ROOT, 'package-lock.json')) > installed;
}

async function installPackages() {
  console.log('Installing packages ...');
  // Development packages too, whatever NODE_ENV says: they build the service.
  const code = await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) throw new Stop(`npm ci failed with exit code ${code}.`, code);
  writeFileSync(INSTALL_STAMP, installFingerprint());
}

function installFingerprint() {
  const lockFile = readFileSync(join(ROOT, 'package-lock.json'));
  return createHash('sha256').update(`${process.platform} ${process.arch} `).update(lockFile).digest('hex');
}

function runNpm(args) {
  const npm = process.env.npm_execpath;
  if (npm && basename(npm) === 'npm-cli.js') return run(process.execPath, [npm, ...args]);
  return run('npm', args, { shell: process.platform === 'win32' });
}

function needsBuild() {
  return read(BUILD_STAMP) !== buildFingerprint();
}

async function buildService() {
  console.log('Building ...');
  // Taken before: a file that changes during the build is built next time.
  const fingerprint = buildFingerprint();
  const code = await run(nodeProgram(), [nestProgram(), 'build']);
  if (code !== 0) throw new Stop(`The build failed with exit code ${code}.`, code);
  writeFileSync(BUILD_STAMP, fingerprint);
}

/** Names, times and sizes only: quick enough for every start. */
function buildFingerprint() {
  const hash = createHash('sha256');
  const files = [...BUILD_INPUTS.map((name) => join(ROOT, name)), ...filesBelow(join(ROOT, 'src'))];
  for (const file of files) {
    const stat = statSync(file, { throwIfNoEntry: false });
    hash.update(`${file} ${stat?.mtimeMs} ${stat?.size}\n`);
  }
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** One setup at a time for this folder. Not kept in the folder itself, where it would show up as a file of the project. */
async function lock() {
  const file = join(tmpdir(), `seed-setup-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}.lock`);
  for (let isFirst = true; ; isFirst = false) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (clearIfAbandoned(file)) continue;
    if (isFirst) console.log('Waiting for another setup of this folder ...');
    await delay(LOCK_POLL_MS);
  }
}

function clearIfAbandoned(file) {
  const owner = read(file);
  // Empty for the instant between a lock's creation and its first byte.
  if (!owner || isAlive(Number(owner))) return owner === null;
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (read(aside) !== owner) renameSync(aside, file);
    else rmSync(aside);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return true;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const flags = process.argv.slice(2);
  const isWanted = (flag) => flags.length === 0 || flags.includes(flag);
  await main(async () => {
    const unknown = flags.find((flag) => !['--install', '--build'].includes(flag));
    if (unknown) throw new Stop(`${unknown} is not an option; there are --install and --build.`);
    await setup({ install: isWanted('--install'), build: isWanted('--build') });
    return 0;
  });
}
