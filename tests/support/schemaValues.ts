import fc from 'fast-check';

// Values from a JSON Schema: right ones, ones at the limits, and hostile ones in every place where a text may stand.

type Schema = Record<string, unknown>;

export const HOSTILE = [
  "'; drop table subscribers; --",
  "1' or '1'='1",
  '1;select pg_sleep(5)--',
  '$1',
  '{{constructor.constructor("return process.env")()}}',
  '{{#with "s" as |string|}}{{string.sub.constructor}}{{/with}}',
  '{{env "DATABASE_URL"}}',
  '<mj-include path="/etc/passwd" />',
  '../../../../etc/passwd',
  '%2e%2e%2f%00',
  '\u0000',
  'x\r\nBcc: everybody@example.org',
  '<script>window.__xss=1</script>',
  '\ud800',
  '\u202eabc',
  '__proto__',
  'http://169.254.169.254/latest/meta-data',
  'file:///etc/passwd',
  '9'.repeat(400),
  '=HYPERLINK("http://evil.example")',
  'é'.repeat(300),
];

const text = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom(...HOSTILE));

/** Anything at all. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  { depthSize: 'small' },
  text,
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 2 ** 31, 2 ** 53, 1e308, '', [], {}),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('a', '__proto__', 'constructor', 'name'), text, { maxKeys: 3 }),
);

/** Mostly what a schema asks for; now and then something else in one of its places. */
export function valueOf(
  schema: Schema | undefined,
  components: Record<string, Schema>,
  depth = 0,
): fc.Arbitrary<unknown> {
  const own = resolve(schema, components);
  const right = rightValue(own, components, depth);
  return depth > 4 ? right : fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: anything });
}

function rightValue(schema: Schema, components: Record<string, Schema>, depth: number): fc.Arbitrary<unknown> {
  const either = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (either !== undefined) return fc.oneof(...either.map((one) => valueOf(one, components, depth + 1)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, components, depth);
    case 'array':
      return fc.array(valueOf(schema.items as Schema, components, depth + 1), { maxLength: depth > 2 ? 1 : 3 });
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return stringOf(schema);
    default:
      return text;
  }
}

function objectOf(schema: Schema, components: Record<string, Schema>, depth: number): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, Schema>; required?: string[] };
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, valueOf(one, components, depth + 1)]),
  );
  const record = fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
  const unknown = fc.dictionary(fc.constantFrom('isAdmin', 'role', '__proto__', 'id', 'accountId'), text, {
    maxKeys: 2,
  });
  return fc.oneof(
    { weight: 9, arbitrary: record },
    { weight: 1, arbitrary: fc.tuple(record, unknown).map(([known, more]) => ({ ...known, ...more })) },
  );
}

function numberOf({ minimum = -1000, maximum = 1000, type }: Schema): fc.Arbitrary<number> {
  const [low, high] = [Number(minimum), Number(maximum)];
  const edges = [low, high, low - 1, high + 1, Math.min(high, 3)].filter((value) => Number.isFinite(value));
  const within = fc.integer({
    min: Math.max(low, -1_000),
    max: Math.max(Math.min(high, 1_000), Math.max(low, -1_000)),
  });
  return fc
    .oneof({ weight: 3, arbitrary: within }, { weight: 1, arbitrary: fc.constantFrom(...edges) })
    .map((value) => (type === 'integer' ? Math.trunc(value) : value));
}

function stringOf({ format, pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc.constantFrom(
      '2026-12-01T09:00:00Z',
      '1969-12-31T23:59:59Z',
      '9999-12-31T23:59:59+14:00',
      '2026-02-30T00:00:00Z',
      'now',
    );
  if (format === 'uri')
    return fc.constantFrom('https://example.org/', 'http://127.0.0.1:1/', 'javascript:alert(1)', 'http://[::1]/', 'x');
  if (typeof pattern === 'string')
    return fc.oneof(
      fc.stringMatching(new RegExp(pattern, 'u')).map((value) => value.slice(0, 200)),
      text,
    );
  const most = Math.min(Number(maxLength), 3_000);
  return fc.oneof(
    { weight: 3, arbitrary: fc.string({ minLength: Math.min(Number(minLength), 5), maxLength: 20 }) },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 1, arbitrary: fc.constantFrom('x'.repeat(most), 'x'.repeat(most + 1), ' '.repeat(3), '') },
  );
}

export function resolve(schema: Schema | undefined, components: Record<string, Schema>): Schema {
  const name = typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? (schema ?? {}) : resolve(components[name], components);
}
