import type HandlebarsModule from 'handlebars';
import { counted } from '../lib/text.ts';
import { shortDateTime } from '../lib/time.ts';

// What templates of pages can do beside printing what they are given. The desk's forms: each brings the page's token, and shows again what was
// typed into it where it was refused (`typed`, of the form at `typedAt`).

type Options = HandlebarsModule.HelperOptions;
interface Root {
  csrf?: string;
  typed?: Record<string, string>;
  typedAt?: string;
}

export const HELPERS = [
  'count',
  'several',
  'when',
  'iso',
  'clock',
  'indent',
  'is',
  'words',
  'say',
  'form',
  'opened',
  'val',
  'checked',
  'selected',
] as const;

function root({ data }: Options): Root {
  return (data as { root: Root }).root;
}

/** What was typed into the form that is being printed; undefined where nothing of it was refused. */
function typedIn(options: Options): Record<string, string> | undefined {
  const { forms = [], own = [] } = options.data as { forms?: string[]; own?: Pairs };
  return typedOf(root(options), forms, own);
}

type Pairs = [name: string, value: string][];

/** Of several forms to one address: by what is fixed in them, such as `section:lead kind:note id:`. */
function pairsIn(own: unknown): Pairs {
  if (typeof own !== 'string') return [];
  return own.split(' ').map((pair) => pair.split(':') as Pairs[number]);
}

function typedOf({ typed, typedAt }: Root, forms: string[], own: Pairs): Record<string, string> | undefined {
  if (typed === undefined || !forms.includes(typedAt ?? '')) return undefined;
  return own.every(([name, value]) => (typed[name] ?? '') === value) ? typed : undefined;
}

export function registerHelpers(handlebars: typeof HandlebarsModule): void {
  const {
    escapeExpression: escape,
    createFrame,
    SafeString,
  } = handlebars as typeof HandlebarsModule & {
    escapeExpression: (text: string) => string;
    createFrame: (data: unknown) => Record<string, unknown>;
  };
  handlebars.registerHelper('count', (value: number) => value.toLocaleString('en-US'));
  handlebars.registerHelper('several', (value: number, one: string, many: string) => counted(value, one, many));
  handlebars.registerHelper('when', (value: Date | null) => (value ? shortDateTime(value, 'UTC') : '–'));
  handlebars.registerHelper('clock', (value: Date | null) => value?.toISOString().slice(11, 19) ?? '');
  handlebars.registerHelper('iso', (value: Date | null) => value?.toISOString() ?? '');
  handlebars.registerHelper('indent', (depth: number) => '\u2003'.repeat(depth));
  handlebars.registerHelper('is', (a: unknown, b: unknown) => a === b);
  handlebars.registerHelper('words', (value: string) => value.replaceAll('_', ' '));
  // Puts what differs in the place of {names}.
  handlebars.registerHelper('say', (text: string, { hash }: { hash: Record<string, unknown> }) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => String(hash[name] ?? '')),
  );
  handlebars.registerHelper('form', function form(this: unknown, ...given: unknown[]) {
    const options = given.at(-1) as Options;
    const action = given.slice(0, -1).join('');
    const data = createFrame(options.data);
    // Its buttons may send it elsewhere, too.
    const { also, own, fresh, revision, ...hash } = options.hash as Record<string, unknown>;
    data.own = pairsIn(own);
    // `fresh`: it shows what there is, and what was typed stands elsewhere.
    data.forms = fresh === true ? [] : [action, ...(typeof also === 'string' ? also.split(' ') : [])];
    // Words that a browser remembers, when one comes back, were of another revision, and would save themselves.
    const autocomplete = revision === undefined && hash['data-live'] === undefined ? undefined : 'off';
    const attributes = Object.entries({ method: 'post', action, autocomplete, ...hash })
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => `${name}="${escape(String(value))}"`);
    // What it was shown of: a change that is not of that is refused.
    const hidden = Object.entries({ _csrf: root(options).csrf ?? '', revision })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `<input type="hidden" name="${name}" value="${escape(String(value))}">`);
    return new SafeString(`<form ${attributes.join(' ')}>${hidden.join('')}${options.fn(this, { data })}</form>`);
  });
  // What a form stands in is open where that form was refused.
  handlebars.registerHelper('opened', (...given: unknown[]) => {
    const options = given.at(-1) as Options;
    const own = pairsIn((options.hash as Record<string, unknown>).own);
    const typed = typedOf(root(options), [given.slice(0, -1).join('')], own);
    return typed === undefined ? '' : new SafeString(' open');
  });
  handlebars.registerHelper(
    'val',
    (name: string, value: unknown, options: Options) => typedIn(options)?.[name] ?? value ?? '',
  );
  handlebars.registerHelper('checked', (name: string, isSo: unknown, options: Options) => {
    const typed = typedIn(options);
    return (typed === undefined ? Boolean(isSo) : name in typed) ? new SafeString(' checked') : '';
  });
  handlebars.registerHelper('selected', (name: string, value: unknown, now: unknown, options: Options) => {
    const chosen = typedIn(options)?.[name] ?? now;
    return String(chosen ?? '') === String(value ?? '') ? new SafeString(' selected') : '';
  });
}
