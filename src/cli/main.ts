import { runCommandLine } from './command-line.js';

// Output of which the reader has seen enough, as with head, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
// What cannot be said is left unsaid.
process.stderr.on('error', () => undefined);

const exitCode = await runCommandLine(process.argv);

// A pipe takes its time: what was printed must have arrived before the end.
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve));
process.exit(exitCode);
