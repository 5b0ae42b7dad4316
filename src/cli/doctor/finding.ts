/** What one check found. */
export interface Finding {
  check: string;
  /** a fault stops the service, or will; a warning is worth a look */
  state: 'ok' | 'warning' | 'fault';
  finding: string;
  /** what to do; null when there is nothing */
  advice: string | null;
}

export const ok = (check: string, finding: string): Finding => ({ check, state: 'ok', finding, advice: null });

export const warning = (check: string, finding: string, advice: string): Finding => ({
  ...{ check, state: 'warning', finding, advice },
});

export const fault = (check: string, finding: string, advice: string): Finding => ({
  ...{ check, state: 'fault', finding, advice },
});
