import type { INestApplicationContext } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { KeyRegistry } from '../secrets/key-registry.js';
import type { RotatedKind } from '../secrets/rotation-report.js';
import { SecretRotation } from '../secrets/secret-rotation.js';
import { CliCommand, type PrintOptions } from './cli-command.js';
import { Obstacle } from './faults.js';
import { Output } from './output.js';
import { Progress } from './progress.js';
import { prepareToSeal } from './sealing.js';
import { Services } from './services.js';
import { record } from './trail.js';

interface RotateOptions extends PrintOptions {
  dryRun?: boolean;
  lostKey?: boolean;
}

@Command({
  name: 'rotate-secrets',
  description: 'seal stored secrets anew under SECRET_KEY; former keys are read from SECRET_KEY_FALLBACKS',
})
export class RotateSecretsCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(_: string[], options: RotateOptions): Promise<void> {
    const { dryRun: isDryRun = false, lostKey: isFormerLost = false } = options;
    const stop = new AbortController();
    const kinds = await this.services.use(async (app) => {
      if (!isDryRun) await prepareToSeal(app, isFormerLost);
      else if (!isFormerLost) await app.get(KeyRegistry).check();
      using progress = new Progress('rows');
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
      const onProgress = ({ rows, ofRows }: { rows: number; ofRows: number }) => progress.show(rows, ofRows);
      const found = await app.get(SecretRotation).rotate({ isDryRun, onProgress, signal: stop.signal });
      if (!isDryRun && !stop.signal.aborted) await this.retireKeys(app);
      if (!isDryRun) await record(app, { action: 'secrets.rotate', target: { kind: 'secrets' } });
      return found;
    });
    if (options.json) this.output.json(kinds);
    else this.print(kinds, isDryRun);
    if (stop.signal.aborted) throw new Obstacle('broken off: what was done stays done, run it again for the rest');
    const left = kinds.reduce((sum, { unreadable, busy }) => sum + unreadable.count + busy, 0);
    if (left > 0) throw new Obstacle(`${left} secrets could not be sealed anew`);
  }

  @Option({ flags: '--dry-run', description: 'only say what would be done, and which keys are in use' })
  isDryRun(): boolean {
    return true;
  }

  @Option({ flags: '--lost-key', description: 'accept SECRET_KEY although the key before it is lost' })
  isFormerLost(): boolean {
    return true;
  }

  /** Looks once more: what is under a former key now was sealed or left there during the rotation. */
  private async retireKeys(app: INestApplicationContext): Promise<void> {
    const left = await app.get(SecretRotation).rotate({ isDryRun: true });
    const inUse = left.flatMap(({ keys }) => keys.filter(({ count }) => count > 0).map(({ id }) => id));
    for (const id of await app.get(KeyRegistry).retire(inUse)) {
      this.output.note(`key ${id} is not used any more: a process without another key does not start`);
    }
  }

  private print(kinds: RotatedKind[], isDryRun: boolean): void {
    const rows = kinds.map(({ kind, resealed, current, unreadable, busy }) => ({
      'kind of secret': kind,
      [isDryRun ? 'to be sealed anew' : 'sealed anew']: resealed,
      'current already': current,
      unreadable: unreadable.count,
      busy,
    }));
    this.output.rows(rows, {});
    const found = isDryRun ? 'found' : 'found before';
    const keys = kinds.flatMap(({ kind, keys: ofKind }) =>
      ofKind.map(({ id, name, count }) => ({ 'kind of secret': kind, key: id, setting: name, [found]: count })),
    );
    this.output.rows(keys, {});
    for (const { kind, unreadable } of kinds) {
      for (const id of unreadable.ids) this.output.note(`cannot be opened: ${kind} of ${id}`);
    }
  }
}
