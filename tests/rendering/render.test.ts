import { Parser } from 'htmlparser2';
import { fill } from '../../src/rendering/index.ts';
import { editionContent, editionPiece, gapValues, render, renderInput } from '../support/edition.ts';
import { HOSTILE } from '../support/xss.ts';

const values = gapValues();
const html = async (input = renderInput()) => fill((await render(input)).html, (gap) => values[gap]);
const text = async (input = renderInput()) => fill((await render(input)).text, (gap) => values[gap]);

test('MJML finds nothing wrong with the theme', async () => {
  expect((await render()).problems).toEqual([]);
});

test('the same edition has the same hash, another headline another one', async () => {
  const [one, again] = [await render(), await render()];
  expect(again.hash).toBe(one.hash);
  expect((await render(renderInput(editionContent({}, { title: 'Another' })))).hash).not.toBe(one.hash);
});

test('what a reader needs is in both parts, in the same order', async () => {
  const [page, plain] = [await html(), await text()];
  for (const part of [page, plain]) {
    for (const words of [
      'The Test Review',
      'No. 12',
      'Thursday, 26 November 2026',
      'A headline',
      'By Zoë Łukasik and B. Writer',
      '4 min read',
      'Keep reading',
      'Photo: C. Redit',
      'reader@example.net',
      'because you subscribed',
      '1 Test Street, Testville',
      'Mastodon',
    ])
      expect(part).toContain(words);
    const links = [...part.matchAll(/https:\/\/example\.org\/story-\d/g)].map(([url]) => url);
    expect([...new Set(links)]).toEqual([1, 2, 3, 4, 5, 6, 7].map((id) => `https://example.org/story-${id}`));
    for (const url of ['/u/k1.1.2.3.unsub', '/p/k1.1.2.3.prefs', '/e/view-token', 'https://example.org/page'])
      expect(part).toContain(url);
  }
});

test('language, direction, alternative text and roles are there', async () => {
  const page = await html();
  expect(page).toMatch(/<html lang="en" dir="ltr"/);
  expect(page).toContain('alt="A ship at sea"');
  expect(page).not.toMatch(/<img(?![^>]*alt=)/);
  expect(page).not.toMatch(/<table(?![^>]*role="(presentation|none)")/);
});

test('a right-to-left mail runs from right to left, a piece in another language its own way', async () => {
  const content = editionContent({}, { title: 'عنوان', language: '' });
  content.sections[1]!.pieces[0] = editionPiece({ title: 'An English headline', language: 'en' });
  const page = await html(renderInput(content, { language: 'ar' }));
  expect(page).toMatch(/<html lang="ar" dir="rtl"/);
  expect(page).toContain('إلغاء الاشتراك');
  expect(page).toMatch(/<h3[^>]*lang="en" dir="ltr"[^>]*><a[^>]*>An English headline/);
  expect(page).toContain('text-align:right');
  expect(page).not.toContain('direction:ltr');
});

test.each(['es', 'fr', 'de'])('a mail in %s is rendered', async (language) => {
  expect(await html(renderInput(editionContent(), { language }))).toMatch(
    new RegExp(`<html lang="${language}" dir="ltr"`),
  );
});

test('nothing is loaded but the images of the edition: no font, no script, no pixel', async () => {
  const page = await html();
  expect(page).not.toMatch(/<script|<link|@import|@font-face|fonts\.googleapis/i);
  const loaded = [...page.matchAll(/(?:src|background|url)\s*[=(]\s*["']?(https?:[^"')\s>]+)/g)].map(([, url]) => url);
  expect(new Set(loaded)).toEqual(new Set(['https://example.org/logo.png', 'https://example.org/i.jpg']));
});

test('twenty pieces with everything stay under 90 KiB', async () => {
  const many = Array.from({ length: 5 }, (_, id) =>
    editionPiece({
      url: `https://example.org/${id}`,
      title: 'A headline of a usual length, about this long',
      deck: 'A deck that says in a sentence of the usual length what the piece is about and why one reads it.',
    }),
  );
  const content = editionContent();
  for (const section of content.sections.slice(1)) section.pieces = many;
  expect(Buffer.byteLength(await html(renderInput(content)))).toBeLessThan(90 * 1024);
});

test('lines of the text part are at most 78 characters, but for one that is an address alone', async () => {
  const long = {
    title: 'word '.repeat(60),
    deck: '漢字'.repeat(120),
    authors: [`Name${'x'.repeat(120)}`],
    url: `https://example.org/${'long/'.repeat(40)}`,
  };
  const lines = (
    await text(
      renderInput(editionContent({ note: `${'note '.repeat(50)} [l](https://example.org/${'p'.repeat(100)})` }, long)),
    )
  ).split('\n');
  const wide = lines.filter((line) => [...line].length > 78);
  expect(wide.filter((line) => !/^\[?https?:\/\/\S+\]?$/.test(line))).toEqual([]);
});

/** Elements and attributes that a mail of ours never has, as an HTML parser sees them. */
function dangersIn(page: string): string[] {
  const found: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (/^(script|svg|math|iframe|object|embed|base|form|input|mj-.*)$/.test(name)) found.push(name);
      for (const [attribute, value] of Object.entries(attributes)) {
        if (attribute.startsWith('on') || /^\s*(javascript|data|vbscript):/i.test(value))
          found.push(`${name} ${attribute}=${value}`);
      }
    },
  });
  parser.end(page);
  return found;
}

describe('THREATS 1, 16, 17, 18: what a source writes is text', () => {
  const everywhere = (payload: string) => {
    const piece = {
      title: payload,
      deck: payload,
      kind: payload,
      region: payload,
      authors: [payload],
      image: { url: 'https://example.org/i.jpg', alt: payload, credit: payload },
      language: '',
    };
    return renderInput(
      editionContent({ subject: payload, preheader: payload, note: payload }, piece),
      { name: payload, why: payload },
      payload,
    );
  };

  test.each(HOSTILE)('%j', async (payload) => {
    const [page, plain] = [await html(everywhere(payload)), await text(everywhere(payload))];
    expect(dangersIn(page)).toEqual([]);
    expect(page).not.toContain('root:x');
    expect(plain.replace(/\s+/g, '')).toContain(payload.replace(/\s+/g, ''));
    expect((await render(everywhere(payload))).problems).toEqual([]);
  });

  test('a headline cannot forge a gap: markers are random and nobody but the template knows them', async () => {
    const rendered = await render(
      renderInput(editionContent({}, { title: 'gabcdefghjkmnpqrstvwxyz0123x0x {{unsubscribeToken}}' })),
    );
    const gaps = (cut: typeof rendered.html) =>
      cut.filter((part) => typeof part !== 'string').map((part) => (part as { gap: string }).gap);
    expect(gaps(rendered.html)).toEqual(['viewToken', 'address', 'unsubscribeToken', 'preferencesToken', 'viewToken']);
    expect(gaps(rendered.text)).toEqual(['viewToken', 'address', 'unsubscribeToken', 'preferencesToken']);
  });

  test('Markdown in the note cannot smuggle markup or other than web and mail links', async () => {
    const note =
      '<b onclick=x>bold</b> [a](javascript:alert(1)) [b](data:text/html,x) [c](//evil.example/) ![i](https://example.org/track.gif) <script>x</script>\n\n- list';
    const page = await html(renderInput(editionContent({ note })));
    expect(page).not.toMatch(/onclick=x>|href="javascript|href="data|href="\/\/evil|track\.gif"|<script/);
    expect(page).toContain('<li>list</li>');
  });
});
