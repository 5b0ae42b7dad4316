import { Client, DatabaseError } from 'pg';
import { StartError } from '../config/start-error.js';

const TLS_CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT)/;
const TLS_FAILURE = /^(ERR_SSL_|ERR_OSSL_|EPROTO)/;
const OWN = 'let the role own the database: ALTER DATABASE … OWNER TO …';

/**
 * Returns an error that says in one sentence what is wrong with the database and what to do, or the error itself when it
 * is none of the database's. Never has a password in it.
 */
export function explained(error: unknown, databaseUrl: string): unknown {
  if (error instanceof StartError) return error;
  const cause = causeOf(error);
  const sentence = explainUnreadable(cause, databaseUrl) ?? explainFailure(cause, placeOf(databaseUrl));
  return sentence === null ? error : new StartError(sentence, { cause: error });
}

interface Place {
  /** host and port, or the path of a socket */
  server: string;
  host: string;
  role: string;
  database: string;
}

type Failure = Error & { code?: string; syscall?: string; path?: string };

/** TypeORM wraps what the driver throws; a name with several addresses fails once for each. */
function causeOf(error: unknown): Failure {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  const { driverError } = error as { driverError?: unknown };
  return (driverError instanceof Error ? driverError : error) as Failure;
}

/** As the driver reads the URL, which may leave out what PGHOST and others say. */
function placeOf(databaseUrl: string): Place {
  try {
    const { host, port, user = 'of this account', database = '' } = new Client({ connectionString: databaseUrl });
    return { server: host.startsWith('/') ? host : `${host}:${port}`, host, role: user, database };
  } catch {
    return { server: 'the host of DATABASE_URL', host: '', role: 'of DATABASE_URL', database: 'of DATABASE_URL' };
  }
}

/** The URL, or a file that it names, cannot be read. */
function explainUnreadable({ code, syscall, path, message }: Failure, databaseUrl: string): string | null {
  const url = URL.parse(databaseUrl);
  if (!url && /Invalid URL/.test(message)) {
    return 'DATABASE_URL is not a valid URL: correct it, and write special characters of its password percent-encoded (# as %23, / as %2F).';
  }
  if (syscall !== 'open' || !path || !url || ![...url.searchParams.values()].includes(path)) return null;
  return `The file ${path}, which DATABASE_URL names, cannot be read (${code}): correct its path, or let this account read it.`;
}

function explainFailure(error: Failure, place: Place): string | null {
  return error instanceof DatabaseError ? explainRefusal(error, place) : explainConnection(error, place);
}

/** PostgreSQL says no. */
function explainRefusal({ code, message }: DatabaseError, { server, role, database }: Place): string | null {
  switch (code) {
    case '28P01':
      return `PostgreSQL at ${server} refuses the password of role "${role}": correct DATABASE_URL.`;
    case '28000':
      return /no encryption|SSL off/.test(message)
        ? `PostgreSQL at ${server} wants TLS from this host: end DATABASE_URL with ?sslmode=verify-full, or allow the host in pg_hba.conf.`
        : `PostgreSQL at ${server} does not let role "${role}" in (${message}): correct DATABASE_URL, or pg_hba.conf.`;
    case '3D000':
      return `PostgreSQL at ${server} has no database "${database}": create it, or correct DATABASE_URL.`;
    case '42501':
      return `Role "${role}" lacks a right in database "${database}" (${message}): ${OWN}`;
    case '3F000':
      return `Database "${database}" has no schema to make tables in (${message}): create the schema public, or ${OWN}`;
    case '53300':
      return `PostgreSQL at ${server} has no connection free (${message}): raise max_connections, or run fewer replicas.`;
    case '53100':
      return `The disk of PostgreSQL at ${server} is full (${message}): make room there.`;
    case '57P03':
      return `PostgreSQL at ${server} does not accept connections yet (${message}): start the service again when it does.`;
    case '25006':
      return `Database "${database}" at ${server} is read-only (${message}): let DATABASE_URL name the primary.`;
    case '08P01':
      return /startup parameter/.test(message)
        ? `The pooler at ${server} refuses a parameter (${message}): set its ignore_startup_parameters, see docs/scaling.md.`
        : `What listens at ${server} does not speak PostgreSQL's protocol as expected (${message}): correct DATABASE_URL.`;
    default:
      if (/^(28|53|55|57|58)/.test(code ?? '')) {
        return `PostgreSQL at ${server} cannot be used (${message}): see its log, or correct DATABASE_URL.`;
      }
      // A fault of a statement is one of the service: its stack says where.
      return null;
  }
}

/** PostgreSQL is not reached, or does not come to say anything. */
function explainConnection({ code = '', syscall, message }: Failure, { server, host }: Place): string | null {
  switch (code) {
    case 'ECONNREFUSED':
      return `PostgreSQL does not accept connections at ${server}: start it, or correct DATABASE_URL.`;
    case 'ENOENT':
      // Of a file otherwise.
      return syscall !== 'connect' ? null : `PostgreSQL has no socket in ${server}: start it, or correct DATABASE_URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name ${host} in DATABASE_URL cannot be resolved: correct it, or the DNS settings of this machine.`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `PostgreSQL at ${server} cannot be reached (${code}): correct DATABASE_URL, or the network and its firewalls.`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `What listens at ${server} closed the connection: check that it is PostgreSQL, and that DATABASE_URL is right.`;
  }
  if (TLS_CERTIFICATE.test(code)) {
    return `The certificate of PostgreSQL at ${server} is not trusted (${message}): name its authority by NODE_EXTRA_CA_CERTS, or correct the host in DATABASE_URL.`;
  }
  if (TLS_FAILURE.test(code)) {
    return `TLS with PostgreSQL at ${server} fails (${message}): correct the ssl parameters of DATABASE_URL and the files that they name.`;
  }
  if (/error establishing an SSL connection/.test(message)) {
    return `What listens at ${server} does not speak PostgreSQL's protocol: correct DATABASE_URL.`;
  }
  if (/does not support SSL/.test(message)) {
    return `PostgreSQL at ${server} does not offer TLS: take sslmode out of DATABASE_URL, or turn ssl on there.`;
  }
  if (/SASL|password must be a string/.test(message)) {
    return `PostgreSQL at ${server} wants a password, and DATABASE_URL has none that can be used (${message}): correct it.`;
  }
  if (/timeout expired|Connection terminated due to connection timeout|Query read timeout/.test(message)) {
    return `PostgreSQL at ${server} does not respond in time: correct DATABASE_URL, or see whether it is overloaded.`;
  }
  if (/Connection terminated|Invalid URL|URI malformed|server closed/.test(message)) {
    return `PostgreSQL at ${server} cannot be connected to (${message}): check DATABASE_URL, and what listens there.`;
  }
  return null;
}
