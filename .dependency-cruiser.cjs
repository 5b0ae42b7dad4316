// Rooms from the foundation up: a room may import from those before it, never from those after it.
const ROOMS = [
  ['config', 'logging'],
  ['database', 'http', 'queue', 'tracing'],
  ['outbound'],
  ['metrics'],
  ['secrets'],
  ['audit'],
  ['groups'],
  ['users'],
  ['auth'],
  ['deliveries'],
  ['schedules'],
  ['health', 'home'],
  ['legacy'],
  ['cli'],
];

// The command line starts the application, so it alone imports what stands at the top.
const upward = ROOMS.slice(0, -1).map((names, i) => ({
  name: `${names.join('-')}-imports-downward-only`,
  severity: 'error',
  from: { path: `^src/(${names.join('|')})/` },
  to: {
    path: `^src/(${ROOMS.slice(i + 1)
      .flat()
      .join('|')}|[^/]+\\.ts$)`,
  },
}));

const only = (name, file, dependency) => ({
  name,
  severity: 'error',
  from: { path: '^src/', pathNot: [`^src/${file}`, '\\.spec\\.ts$'] },
  to: { path: dependency },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '\\.spec\\.ts$' }, to: {} },
    {
      name: 'no-dev-dependencies-in-production',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
    {
      name: 'deliveries-know-no-identity',
      severity: 'error',
      from: { path: '^src/deliveries/' },
      to: { path: '^src/(auth|users|groups)/' },
    },
    ...upward,
    only('one-file-touches-pg-boss', 'queue/job-queue\\.ts$', 'node_modules/pg-boss'),
    only(
      'one-file-touches-the-registry',
      'schedules/(scheduler\\.service|schedules\\.module)\\.ts$',
      'node_modules/@nestjs/schedule',
    ),
    only('one-room-traces', 'tracing/', 'node_modules/@opentelemetry'),
    only('one-room-sends', 'outbound/', 'node_modules/undici'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
