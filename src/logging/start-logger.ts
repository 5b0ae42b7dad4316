import { ConsoleLogger } from '@nestjs/common';
import { standardOutput } from './standard-output.js';

/** Where Nest reports what ends the start. It is thrown as well, and whoever catches it says why. */
const THROWN_TOO = 'ExceptionHandler';

/** Writes the warnings and errors of the start. Nest's list of modules and routes is left out. */
export class StartLogger extends ConsoleLogger {
  constructor() {
    super({ logLevels: ['fatal', 'error', 'warn'], colors: false });
  }

  protected override printMessages(messages: unknown[], context?: string): void {
    if (context === THROWN_TOO) return;
    for (const message of messages) standardOutput.line(`${context ? `[${context}] ` : ''}${String(message)}`);
  }

  protected override printStackTrace(): void {
    // It may show what is in an error's message or parameters; the message says what happened.
  }
}
