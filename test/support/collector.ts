import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  startMs: number;
  endMs: number;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  /** 2 is an error */
  status: number;
  resource: Record<string, unknown>;
}

export interface Collector extends AsyncDisposable {
  /** for OTEL_EXPORTER_OTLP_ENDPOINT */
  url: string;
  spans: CollectedSpan[];
  requests: { path: string; headers: IncomingHttpHeaders; body: string }[];
  /** Resolves with the first span that passes, as soon as it is there. */
  span(isIt: (span: CollectedSpan) => boolean, timeoutMs?: number): Promise<CollectedSpan>;
}

interface OtlpValue {
  stringValue?: string;
  intValue?: number | string;
  boolValue?: boolean;
}
type OtlpAttributes = { key: string; value: OtlpValue }[];
interface OtlpSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: OtlpAttributes;
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number };
}
interface OtlpBody {
  resourceSpans: { resource: { attributes: OtlpAttributes }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

/** A real HTTP server that takes spans by OTLP in JSON, as a collector does. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const requests: Collector['requests'] = [];
  let checks: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      requests.push({ path: request.url ?? '', headers: request.headers, body });
      spans.push(...spansOf(JSON.parse(body) as OtlpBody));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      for (const check of checks) check();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    span: (isIt, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const names = () => spans.map(({ name }) => name).join(', ');
        const timer = setTimeout(() => reject(new Error(`not within ${timeoutMs} ms, among: ${names()}`)), timeoutMs);
        const check = () => {
          const found = spans.find(isIt);
          if (!found) return;
          clearTimeout(timer);
          checks = checks.filter((other) => other !== check);
          resolve(found);
        };
        checks.push(check);
        check();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function spansOf({ resourceSpans }: OtlpBody): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans.map((span) => collected(span, valuesOf(resource.attributes)))),
  );
}

function collected(span: OtlpSpan, resource: Record<string, unknown>): CollectedSpan {
  const { name, traceId, spanId, parentSpanId, kind, links = [], attributes = [], status } = span;
  return {
    ...{ name, traceId, spanId, parentSpanId, kind, resource },
    startMs: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
    endMs: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
    attributes: valuesOf(attributes),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    status: status?.code ?? 0,
  };
}

function valuesOf(attributes: OtlpAttributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const { stringValue, intValue, boolValue } = value;
      return [key, stringValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue))];
    }),
  );
}
