import { StartError } from './config/start-error.js';
import { serve } from './serve.js';

/** A reader of stderr that stalls does not keep the process from ending. */
const LAST_WORDS_MS = 1_000;

// Whoever reads the output may go away: what cannot be said is left unsaid.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

serve().then(
  () => process.exit(0),
  (error: unknown) => {
    const message = error instanceof StartError ? error.message : ((error as Error).stack ?? String(error));
    setTimeout(() => process.exit(1), LAST_WORDS_MS);
    process.stderr.write(`${message}\n`, () => process.exit(1));
  },
);
