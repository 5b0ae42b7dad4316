import { isURL } from 'class-validator';
import { Command, Option } from 'nest-commander';
import type { Config } from '../../config/config.js';
import type { Settings } from '../../config/settings.js';
import { SettingsError } from '../../config/settings.js';
import { settingsOfEnvironment } from '../../runtime.js';
import { CliCommand, type PrintOptions } from '../cli-command.js';
import { ExitCode, reasonOf, UsageError } from '../faults.js';
import { Output } from '../output.js';
import { Program } from '../program.js';
import { Services } from '../services.js';
import { checkDatabase } from './database-checks.js';
import { fault, type Finding, ok } from './finding.js';
import { checkReachability } from './reachability-checks.js';
import { checkSecrets } from './secrets-check.js';
import { checkStorage } from './storage-checks.js';

/** Of a column, in characters. */
const WIDTH = 90;

interface DoctorOptions extends PrintOptions {
  endpoint?: string;
}

@Command({ name: 'doctor', description: 'check settings, database, secrets and addresses, and say what to do' })
export class DoctorCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
    private readonly program: Program,
  ) {
    super();
  }

  override async run(_: string[], options: DoctorOptions): Promise<void> {
    const findings = await this.examine(options);
    const isWell = findings.every(({ state }) => state !== 'fault');
    if (options.json) this.output.json({ ok: isWell, checks: findings });
    else this.print(findings);
    if (!isWell) this.program.exitCode = ExitCode.Failed;
  }

  @Option({ flags: '--endpoint <url>', description: 'also send a GET to this address, as deliveries go' })
  endpoint(value: string): string {
    const isHttp = isURL(value, { protocols: ['http', 'https'], require_protocol: true, require_tld: false });
    if (!isHttp) throw new UsageError('--endpoint takes an http or https URL');
    return value;
  }

  private async examine({ endpoint }: DoctorOptions): Promise<Finding[]> {
    let settings: Settings;
    try {
      settings = settingsOfEnvironment();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      return error.faults.map((text) => fault('settings', text, 'correct it: README.md lists the settings'));
    }
    const findings = [ok('settings', 'can be used'), ...checkStorage(settings)];
    if (findings.some(({ check, state }) => check === 'data folder' && state === 'fault')) return findings;
    try {
      await this.services.withConfig(async (config) => {
        findings.push(...(await this.examineWith(config, endpoint)));
      });
    } catch (error) {
      findings.push(fault('embedded database', reasonOf(error), 'see the message, or set DATABASE_URL'));
    }
    return findings;
  }

  private async examineWith(config: Config, endpoint: string | undefined): Promise<Finding[]> {
    const { findings, isUsable } = await checkDatabase(config.database.url);
    if (isUsable) findings.push(...(await this.services.with(config, checkSecrets)));
    return [...findings, ...(await checkReachability(config, endpoint))];
  }

  private print(findings: Finding[]): void {
    const rows = findings.map(({ check, state, finding, advice }) => ({
      check,
      state,
      finding: wrapped(advice ? `${finding}\n-> ${advice}` : finding),
    }));
    this.output.rows(rows, {});
    const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length;
    this.output.line(`${count('fault')} faults, ${count('warning')} warnings`);
  }
}

function wrapped(text: string): string {
  const atBlanks = new RegExp(`(.{1,${WIDTH}})(?: +|$)`, 'g');
  const lines = text.split('\n').map((line) => line.replace(atBlanks, '$1\n').trimEnd());
  return lines.join('\n');
}
