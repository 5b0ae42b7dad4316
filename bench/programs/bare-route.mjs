// What creation could cost at least: one Fastify route that stores the schedule with the INSERT of the service, by pg,
// into the same table. No validation, no identity, no trigger, no answer to be composed.
// Arguments: the database's URL, id of a schedule from which all other columns are taken. Writes its port.
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

const [databaseUrl, templateId] = process.argv.slice(2);
const POOL_SIZE = 20;

const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE });
const { rows } = await pool.query('SELECT * FROM schedules WHERE id = $1', [templateId]);
const [template] = rows;
const columns = Object.keys(template);
const text = `INSERT INTO schedules (${columns.map((name) => `"${name}"`).join(', ')})
  VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`;

const app = Fastify();
app.post('/', async (request, reply) => {
  const now = new Date();
  const { endpoint, payload } = request.body;
  const changes = { id: randomUUID(), endpoint, payload: JSON.stringify(payload), created_at: now, updated_at: now };
  const row = { ...template, ...changes };
  await pool.query(
    text,
    columns.map((name) => row[name]),
  );
  return reply.code(201).send(row);
});
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(app.server.address().port);
