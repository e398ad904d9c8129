import type { FastifyInstance } from 'fastify';
import type { App } from '../../app.ts';
import type { Door } from '../desk/guard.ts';
import type { ShowPage } from '../show.ts';
import { type OpenApiDocument, CODES, openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';
import { API, apiOperations } from './register.ts';

// The reference page, made from the OpenAPI document on the server: it reads without script, and prints.

type Json = Record<string, unknown>;
const MOST_DEPTH = 4;

export function referenceRoutes(
  server: FastifyInstance,
  { app, door, show }: { app: App; door: Door; show: ShowPage },
): void {
  const document = openApiDocument(apiOperations(app) as unknown as Operation[], app.config.deskUrl);
  const groups = groupsOf(document);
  server.get('/api', { config: { access: { who: 'anyone' } } }, async (request, reply) => {
    // Whoever is signed in finds the way back.
    request.identity = (await door.find(request)) ?? null;
    return show(request, reply, 'reference', {
      title: 'API',
      groups,
      codes: CODES,
      base: app.config.deskUrl + API,
      isWide: true,
    });
  });
}

interface Described {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  role: string;
  scope: string | null;
  parameters: { name: string; place: string; required: boolean; type: string; description: string }[];
  body: Row[];
  bodyType: string;
  status: string;
  answer: Row[];
  answerType: string;
}

interface Row {
  name: string;
  type: string;
  required: boolean;
  description: string;
  depth: number;
}

function groupsOf(document: OpenApiDocument): { tag: string; slug: string; operations: Described[] }[] {
  const groups = new Map<string, Described[]>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const [tag = ''] = operation.tags as string[];
      groups.set(tag, [...(groups.get(tag) ?? []), describe(document, { path, method, operation })]);
    }
  return [...groups].map(([tag, operations]) => ({ tag, slug: tag.toLowerCase().replace(/\W+/g, '-'), operations }));
}

function describe(
  document: OpenApiDocument,
  { path, method, operation }: { path: string; method: string; operation: Json },
): Described {
  const [status = '200', success] = Object.entries(operation.responses as Record<string, Json>)[0] ?? [];
  const answer = contentOf(success);
  const body = contentOf(operation.requestBody as Json | undefined);
  const parameters = (operation.parameters ?? []) as {
    name: string;
    in: string;
    required: boolean;
    description?: string;
    schema: Json;
  }[];
  return {
    id: String(operation.operationId),
    method: method.toUpperCase(),
    path,
    summary: String(operation.summary),
    description:
      String(operation.description)
        .split('\n\nRole:')[0]
        ?.replace(/^Role:.*$/s, '') ?? '',
    role: String(operation['x-role']),
    scope: operation['x-scope'] as string | null,
    parameters: parameters.map((one) => ({
      name: one.name,
      place: one.in,
      required: one.required,
      type: typeOf(document, one.schema),
      description: one.description ?? '',
    })),
    body: rowsOf(document, body.schema, 0),
    bodyType: body.type,
    status,
    answer: rowsOf(document, answer.schema, 0),
    answerType: answer.type,
  };
}

function contentOf(holder: Json | undefined): { type: string; schema: Json | undefined } {
  const [first] = Object.entries((holder?.content ?? {}) as Record<string, { schema: Json }>);
  return { type: first?.[0] ?? '', schema: first?.[1].schema };
}

/** The fields of an object, those of its parts indented below them. */
function rowsOf(document: OpenApiDocument, schema: Json | undefined, depth: number): Row[] {
  const own = resolved(document, schema);
  const inner = own.type === 'array' ? resolved(document, own.items as Json) : (nonNull(document, own) ?? own);
  const { properties = {}, required = [] } = inner as { properties?: Record<string, Json>; required?: string[] };
  if (depth >= MOST_DEPTH) return [];
  return Object.entries(properties).flatMap(([name, one]) => [
    {
      name,
      type: typeOf(document, one),
      required: required.includes(name),
      description: String(one.description ?? ''),
      depth,
    },
    ...rowsOf(document, one, depth + 1),
  ]);
}

function typeOf(document: OpenApiDocument, schema: Json): string {
  const own = resolved(document, schema);
  if (Array.isArray(own.enum)) return own.enum.map((one) => JSON.stringify(one)).join(' · ');
  if (own.const !== undefined) return JSON.stringify(own.const);
  const either = (own.anyOf ?? own.oneOf) as Json[] | undefined;
  if (either !== undefined) return [...new Set(either.map((one) => typeOf(document, one)))].join(' or ');
  if (own.type === 'array') return `list of ${typeOf(document, own.items as Json)}`;
  if (own.format !== undefined) return `${String(own.format)}`;
  return String(own.type ?? 'anything');
}

function nonNull(document: OpenApiDocument, schema: Json): Json | undefined {
  const either = (schema.anyOf as Json[] | undefined)?.map((one) => resolved(document, one));
  return either?.find((one) => one.type === 'object');
}

function resolved(document: OpenApiDocument, schema: Json | undefined): Json {
  const name = typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  if (name === undefined) return schema ?? {};
  return {
    ...(document.components.schemas[name] as Json),
    ...(schema?.description ? { description: schema.description } : {}),
  };
}
