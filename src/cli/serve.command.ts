import { Command, CommandRunner } from 'nest-commander';
import { serve } from '../serve.js';

@Command({ name: 'serve', description: 'run the service, as npm start does' })
export class ServeCommand extends CommandRunner {
  override run(): Promise<void> {
    return serve();
  }
}
