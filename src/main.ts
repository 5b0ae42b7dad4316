import { SettingsError } from './config/settings.js';
import { serve } from './serve.js';

serve().then(
  () => process.exit(0),
  (error: unknown) => {
    const message = error instanceof SettingsError ? error.message : ((error as Error).stack ?? String(error));
    process.stderr.write(`${message}\n`);
    process.exit(1);
  },
);
