// The arrows: each part may import only what stands above it in this list, and other domains only by their door.
const ORDER = [
  'lib',
  'platform',
  'audit',
  'webhooks',
  'accounts',
  'sources',
  'media',
  'links',
  'pieces',
  'subscribers',
  'editions',
  'themes',
  'rendering',
  'archive',
  'letters',
  'preflight',
  'dispatch',
  'bounces',
  'reports',
  'newsroom',
  'app',
  'doctor',
  'http',
  'workers',
  'demo',
  'cli',
];

const folderOf = (part) => (part === 'workers' ? '^workers/' : part === 'app' ? '^src/app\\.ts$' : `^src/${part}/`);
const DOMAINS = ORDER.slice(ORDER.indexOf('audit'), ORDER.indexOf('app')).concat('doctor', 'http', 'demo');

const layers = ORDER.slice(0, -1).map((part, index) => ({
  name: `${part}-imports-only-what-stands-above-it`,
  severity: 'error',
  from: { path: folderOf(part) },
  to: { path: ORDER.slice(index + 1).map(folderOf) },
}));

const doors = DOMAINS.map((domain) => ({
  name: `${domain}-by-its-door`,
  severity: 'error',
  from: { path: '^(src|workers)/', pathNot: `^src/${domain}/` },
  to: { path: `^src/${domain}/`, pathNot: `^src/${domain}/index\\.ts$` },
}));

/** A library belongs to one folder, so that a change of library is a change of one folder. */
const owned = [
  ['pg', '^src/platform/(database|queue)/'],
  ['kysely', '^src/platform/database/'],
  ['nodemailer', '^src/platform/(smtp|mime)/'],
  ['bullmq', '^src/platform/queue/'],
  ['@bull-board', '^src/platform/queue/'],
  ['ioredis', '^src/platform/queue/'],
  ['undici', '^src/platform/fetch/'],
  ['smtp-server', '^src/platform/(inbox|incoming)/'],
  ['imapflow', '^src/platform/incoming/'],
  ['mjml', '^src/rendering/'],
  ['fastify', '^src/http/'],
  ['@fastify/busboy', '^src/http/'],
  ['standardwebhooks', '^src/webhooks/'],
  ['otpauth', '^src/accounts/'],
  ['openid-client', '^src/accounts/'],
  ['@node-rs/argon2', '^src/accounts/'],
  ['qrcode-generator', '^src/http/'],
  ['postal-mime', '^src/(http/inbox|bounces)/'],
  ['feedsmith', '^src/sources/feed/'],
  ['linkedom', '^src/sources/page/'],
  ['@mozilla/readability', '^src/sources/page/'],
  ['chardet', '^src/sources/'],
  ['sharp', '^src/media/'],
  ['csv-parse', '^src/subscribers/'],
  ['commander', '^src/cli/'],
].map(([library, folder]) => ({
  name: `${library}-in-its-folder`,
  severity: 'error',
  from: { path: '^(src|workers)/', pathNot: folder },
  to: { path: `node_modules/${library}/` },
}));

export default {
  forbidden: [
    ...layers,
    ...doors,
    ...owned,
    { name: 'workers-and-http-apart', severity: 'error', from: { path: '^workers/' }, to: { path: '^src/http/' } },
    {
      name: 'platform-parts-by-their-door',
      severity: 'error',
      from: { path: '^src/platform/([^/]+)/' },
      to: { path: '^src/platform/([^/]+)/', pathNot: ['^src/platform/$1/', '/index\\.ts$'] },
    },
    {
      name: 'platform-by-its-doors',
      severity: 'error',
      from: { path: '^(src|workers)/', pathNot: '^src/platform/' },
      to: { path: '^src/platform/[^/]+/', pathNot: '^src/platform/[^/]+/index\\.ts$' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(src|workers)/', pathNot: '^src/http/assets/' },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
