import { CommandFactory, CommandRunnerService } from 'nest-commander';
import { VERSION } from '../config/version.js';
import { CliModule } from './cli.module.js';
import { ExitCode, explain } from './faults.js';
import { Program } from './program.js';

/** Runs one command. @returns the exit code */
export async function runCommandLine(argv: string[]): Promise<ExitCode> {
  const app = await CommandFactory.createWithoutRunning(CliModule, {
    logger: ['fatal', 'error'],
    version: VERSION,
    abortOnError: false,
    serviceErrorHandler: (error) => {
      throw error;
    },
  });
  try {
    app.get(Program).prepare();
    await app.get(CommandRunnerService).run(argv);
    return app.get(Program).exitCode;
  } catch (error) {
    const { message, exitCode } = explain(error);
    if (message) process.stderr.write(`${message}\n`);
    return exitCode;
  } finally {
    await app.close();
  }
}
