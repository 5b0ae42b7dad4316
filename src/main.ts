import { SettingsError } from './config/settings.js';
import { StartupError } from './config/startup-error.js';
import { serve } from './serve.js';

serve().then(
  () => process.exit(0),
  (error: unknown) => {
    const isExplained = error instanceof SettingsError || error instanceof StartupError;
    const message = isExplained ? error.message : ((error as Error).stack ?? String(error));
    process.stderr.write(`${message}\n`);
    process.exit(1);
  },
);
