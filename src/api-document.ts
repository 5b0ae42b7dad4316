import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { VERSION } from './config/version.js';
import { API_SCHEMAS } from './http/api-schemas.js';

const DESCRIPTION = `
Registers schedules, and sends their payloads by POST when they are due.

**Authentication.** Send \`Authorization: Bearer <token>\` or \`Authorization: Token <token>\`.

**Paths** work with and without a slash at the end. A replica without the role \`api\` returns 404 on all paths below \`/api/\`.

**Bodies** are JSON, up to 256 KiB. Forms (\`application/x-www-form-urlencoded\`) are accepted as well. Read-only fields that a client sends back are ignored. Other unknown fields are ignored too, and named in a \`Warning\` header.

**Times** are RFC 3339 in UTC.

**Lists** are pages: \`count\` is the number of items in the whole list; \`next\` and \`previous\` are the URLs of the neighbouring pages, or null.

**Errors** have either a \`detail\` or a list of messages for each invalid field.
`.trim();

const TAGS: [name: string, description: string][] = [
  ['Schedules', 'What is sent, when and where to, and what became of each tick.'],
  ['Failed tasks', 'Deliveries whose last attempt failed. They can be sent again.'],
  ['Origins', 'Scheme, host and port of endpoints, with the state of their circuit breakers.'],
  ['Users and groups', 'Who may call the API, with which tokens.'],
  ['Signed deliveries', 'The secrets that deliveries are signed with, following Standard Webhooks.'],
  ['Audit log', 'Who changed what, when and from where.'],
  ['Helpers', 'Health and metrics of the service itself.'],
];

/**
 * Describes the API in OpenAPI.
 *
 * @param publicUrl the base URL that clients use; null if it is the one that they read the document from
 */
export function apiDocument(app: INestApplication, publicUrl: string | null): OpenAPIObject {
  const builder = new DocumentBuilder()
    // Before 3.1, "any JSON value, null too" cannot be said.
    .setOpenAPIVersion('3.1.0')
    .setTitle('Seed Scheduler')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(publicUrl ?? '/', 'This service')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: '`Token <token>` works as well.' }, 'token');
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const base = builder.build();
  return SwaggerModule.createDocument(app, {
    ...base,
    info: { ...base.info, contact: { name: 'The operator of this service' } },
    components: { ...base.components, schemas: API_SCHEMAS },
  });
}
