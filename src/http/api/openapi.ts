import { z } from 'zod';
import { PROBLEM_CODES } from '../problems.ts';
import type { Operation } from './operation.ts';
import { ProblemBody } from './schemas.ts';

// The OpenAPI 3.1 document, made from the very schemas that validate. What a schema is called (`meta({ id })`) becomes a
// component.

type Json = Record<string, unknown>;
export interface OpenApiDocument extends Json {
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Json } & Json;
}

export function openApiDocument(operations: Operation[], deskUrl: string): OpenApiDocument {
  const schemas: Json = {};
  const toSchema = (schema: z.ZodType, io: 'input' | 'output') => hoisted(schema, io, schemas);
  const problem = toSchema(ProblemBody, 'output');
  const paths: OpenApiDocument['paths'] = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[operation.method.toLowerCase()] = describe(operation, toSchema, problem);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Roundup',
      version: '1',
      description:
        'Everything that the desk does, for programs. Lists come a page at a time: `next` of a page is the `cursor` of the one after. A POST with an `Idempotency-Key` is done once, however often it is sent. What changes settings or an edition’s content wants the ETag that was read as `If-Match`. Errors are `application/problem+json` with a stable `code`.',
    },
    servers: [{ url: `${deskUrl}/api/v1` }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token, made on your account’s page' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'roundup_session',
          description: 'The desk’s own; what changes something also wants the header X-CSRF-Token',
        },
      },
    },
  };
}

function describe(
  operation: Operation,
  toSchema: (schema: z.ZodType, io: 'input' | 'output') => Json,
  problem: Json,
): Json {
  const { id, tag, summary, description, role, scope } = operation;
  const who = `Role: ${role}.${scope === undefined ? ' Not for tokens.' : ` Scope: ${scope}.`}`;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: description === undefined ? who : `${description}\n\n${who}`,
    'x-role': role,
    'x-scope': scope ?? null,
    ...(scope === undefined ? { security: [{ session: [] }] } : {}),
    ...withParameters(operation, toSchema),
    ...withBody(operation, toSchema),
    responses: {
      [String(operation.status ?? 200)]: success(operation, toSchema),
      ...(operation.etag === undefined || operation.method !== 'GET'
        ? {}
        : { 304: { description: 'You have it already' } }),
      default: { description: 'A problem', content: { 'application/problem+json': { schema: problem } } },
    },
  };
}

function success({ answer, gives }: Operation, toSchema: (schema: z.ZodType, io: 'output') => Json): Json {
  if (gives !== undefined)
    return {
      description: gives.description,
      content: Object.fromEntries(gives.types.map((type) => [type, { schema: { type: 'string' } }])),
    };
  if (answer === undefined) return { description: 'Done' };
  return { description: 'As asked', content: { 'application/json': { schema: toSchema(answer, 'output') } } };
}

function withParameters(
  { params, query, method, etag }: Operation,
  toSchema: (schema: z.ZodType, io: 'input') => Json,
): Json {
  const of = (schema: z.ZodType | undefined, place: 'path' | 'query') => {
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = toSchema(schema, 'input') as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    return Object.entries(properties).map(([name, own]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(own.description === undefined ? {} : { description: own.description }),
      schema: own,
    }));
  };
  const headers = [
    ...(etag === 'required' && method !== 'GET'
      ? [
          {
            name: 'If-Match',
            in: 'header',
            required: true,
            description: 'The ETag that was read, or *',
            schema: { type: 'string' },
          },
        ]
      : []),
    ...(method === 'POST'
      ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 200 } }]
      : []),
  ];
  const parameters = [...of(params, 'path'), ...of(query, 'query'), ...headers];
  return parameters.length === 0 ? {} : { parameters };
}

function withBody(
  { body, takes, bodyIsOptional }: Operation,
  toSchema: (schema: z.ZodType, io: 'input') => Json,
): Json {
  if (takes !== undefined)
    return {
      requestBody: {
        required: true,
        description: takes.description,
        content: Object.fromEntries(
          takes.types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
        ),
      },
    };
  if (body === undefined) return {};
  return {
    requestBody: {
      required: bodyIsOptional !== true,
      content: { 'application/json': { schema: toSchema(body, 'input') } },
    },
  };
}

/** A schema's JSON Schema, with what it names moved to the components. */
function hoisted(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const {
    $defs = {},
    $schema: _schema,
    ...own
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      // A number in an address is read from text.
      if (jsonSchema.type === 'integer' && jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  }) as Json & { $defs?: Record<string, Json> };
  const suffix = io === 'input' ? 'Input' : '';
  const name = (id: string) => `${id}${suffix}`;
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        key === '$ref' && typeof one === 'string'
          ? one.replace(/^#\/\$defs\/(.+)$/, (_all, id: string) => `#/components/schemas/${name(id)}`)
          : moved(one),
      ]),
    );
  };
  for (const [id, one] of Object.entries($defs)) schemas[name(id)] = moved(one);
  return moved(own) as Json;
}

/** The codes that an error may have, for the reference. */
export const CODES = PROBLEM_CODES;
