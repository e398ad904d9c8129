/** What a change of settings changed, field by field, for the records; long values are cut. */
export function differenceOf(before: object, after: object): Record<string, { before: unknown; after: unknown }> {
  const left = before as Record<string, unknown>;
  const right = after as Record<string, unknown>;
  const fields = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const changed = fields.filter((field) => JSON.stringify(left[field]) !== JSON.stringify(right[field]));
  return Object.fromEntries(changed.map((field) => [field, { before: cut(left[field]), after: cut(right[field]) }]));
}

const MOST_CHARACTERS = 2_000;

function cut(value: unknown): unknown {
  const text = JSON.stringify(value) ?? 'null';
  return text.length <= MOST_CHARACTERS ? (value ?? null) : `${text.slice(0, MOST_CHARACTERS)}…`;
}
