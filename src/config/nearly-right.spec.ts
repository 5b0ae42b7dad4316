import { describe, expect, it } from 'vitest';
import { nearlyRight, OF_OTHER_PROGRAMS } from './nearly-right.js';
import { NAMES } from './settings.js';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ_'];

/** What shells, systems, CI, containers, databases, Node.js and OpenTelemetry set, and nobody means a setting by. */
const FOREIGN = `
  PATH HOME USER LOGNAME SHELL TERM PWD OLDPWD SHLVL LANG LANGUAGE LC_ALL LC_CTYPE TZ MAIL EDITOR VISUAL PAGER LESS
  DISPLAY XAUTHORITY HOSTNAME HOSTTYPE OSTYPE MACHTYPE HOSTALIASES TMPDIR TEMP TMP COLORTERM COLUMNS LINES LS_COLORS
  SSH_AUTH_SOCK SSH_CONNECTION SSH_TTY SUDO_USER SUDO_UID XDG_DATA_DIRS XDG_DATA_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR
  INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET LISTEN_FDS LISTEN_PID MAINPID STATE_DIRECTORY LOGS_DIRECTORY
  CI GITHUB_ACTIONS GITHUB_TOKEN GITLAB_CI BUILD_ID RUNNER_OS DEBIAN_FRONTEND DOCKER_HOST COMPOSE_PROJECT_NAME
  KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_SERVICE_PORT_HTTPS KUBERNETES_PORT
  KUBERNETES_PORT_443_TCP KUBERNETES_PORT_443_TCP_PROTO KUBERNETES_PORT_443_TCP_PORT KUBERNETES_PORT_443_TCP_ADDR
  SEED_SCHEDULER_PORT SEED_SCHEDULER_PORT_3000_TCP SEED_SCHEDULER_SERVICE_HOST SEED_SCHEDULER_SERVICE_PORT
  SEED_SCHEDULER_SERVICE_PORT_HTTP METRICS_PORT METRICS_SERVICE_HOST PAGE_PORT DATA_PORT LOG_PORT SECRET_PORT
  DATABASE_PORT DATABASE_HOST DATABASE_NAME DATABASE_USER DATABASE_PASSWORD DATABASE_SERVICE_HOST
  POD_NAME POD_IP POD_NAMESPACE NODE_NAME HOST_IP
  NODE NODE_ENV NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_COMPILE_CACHE UV_THREADPOOL_SIZE NODE_VERSION
  npm_config_cache npm_config_port npm_lifecycle_event npm_package_name npm_execpath npm_node_execpath INIT_CWD
  YARN_VERSION NVM_DIR NVM_BIN COREPACK_ROOT FORCE_COLOR NO_COLOR DEBUG
  HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR
  PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGDATA PGSSLMODE PGAPPNAME PGTZ POSTGRES_URL POSTGRES_USER POSTGRES_DB
  POSTGRES_PASSWORD REDIS_URL RABBITMQ_URL AMQP_URL MONGO_URL DB_HOST DB_PORT DB_NAME DB_USER DB_PASSWORD
  AWS_REGION AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY GOOGLE_APPLICATION_CREDENTIALS AZURE_TENANT_ID
  OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_TIMEOUT OTEL_EXPORTER_OTLP_PROTOCOL OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  OTEL_TRACES_EXPORTER OTEL_METRICS_EXPORTER OTEL_LOGS_EXPORTER OTEL_RESOURCE_ATTRIBUTES OTEL_PROPAGATORS
  OTEL_SDK_DISABLED OTEL_LOG_LEVEL SECRET_KEY_BASE API_KEY APP_ENV APP_NAME APP_URL BASE_URL SERVICE_NAME
  WEB_CONCURRENCY MALLOC_ARENA_MAX LD_LIBRARY_PATH LD_PRELOAD WINDIR COMSPEC ComSpec PATHEXT APPDATA ProgramData
`
  .trim()
  .split(/\s+/);

/** Every name that differs by one letter too many, too few or wrong, two neighbours swapped, or in its case. */
function typosOf(name: string): Set<string> {
  const typos = new Set([name.toLowerCase()]);
  for (let i = 0; i <= name.length; i++) {
    const [before, after] = [name.slice(0, i), name.slice(i)];
    for (const letter of LETTERS) {
      typos.add(before + letter + after);
      if (after) typos.add(before + letter + after.slice(1));
    }
    typos.add(before + after.slice(1));
    if (after.length > 1) typos.add(before + after[1] + after[0] + after.slice(2));
  }
  for (const one of [...NAMES, ...OF_OTHER_PROGRAMS]) typos.delete(one);
  return typos;
}

describe('a nearly right name', () => {
  it.each(NAMES)('of %s is found, whichever letter is wrong', (name) => {
    const typos = [...typosOf(name)];
    expect(typos.length).toBeGreaterThan(100);
    expect(typos.filter((typo) => nearlyRight(typo, NAMES) === null)).toEqual([]);
  });

  it.each([
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['ROLE', 'ROLES'],
    ['PORTT', 'PORT'],
    ['HSOT', 'HOST'],
    ['DATABASE_ULR', 'DATABASE_URL'],
  ])('%s is taken for %s', (name, meant) => {
    expect(nearlyRight(name, NAMES)).toBe(meant);
  });

  it('is not seen in a setting, nor in a name that other programs use', () => {
    const names = [...NAMES, ...OF_OTHER_PROGRAMS, ...FOREIGN];
    expect(names.filter((name) => nearlyRight(name, NAMES) !== null)).toEqual([]);
  });
});
