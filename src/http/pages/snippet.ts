import type { Newsletter } from '../../editions/index.ts';
import { escapeHtml } from '../../lib/escape.ts';
import { type Tongue, directionOf } from '../../lib/tongues.ts';
import { WORDS, say } from './reader.ts';

/**
 * A form to copy into another site: plain HTML that needs no script of ours and sets no cookie. It posts to our page, which asks for a
 * proof of work where that is wanted, and says what comes next. The look is the site's own.
 */
export function formSnippet(
  newsletters: Newsletter[],
  { baseUrl, tongue }: { baseUrl: string; tongue: Tongue },
): string {
  const w = WORDS[tongue];
  const [only] = newsletters.length === 1 ? newsletters : [];
  const choices = newsletters.map(
    ({ slug, name, description }) =>
      `    <label><input type="checkbox" name="newsletter" value="${slug}"> <b>${escapeHtml(name)}</b>${description === '' ? '' : ` ${escapeHtml(description)}`}</label>`,
  );
  const topics = newsletters.flatMap((newsletter) =>
    newsletter.topics.length === 0
      ? []
      : [
          `  <fieldset>`,
          `    <legend>${escapeHtml(say(w.topics, { newsletter: newsletter.name }))} ${escapeHtml(w.allTopics)}</legend>`,
          ...newsletter.topics.map(
            ({ key, title }) =>
              `    <label><input type="checkbox" name="topic" value="${key}"> ${escapeHtml(title)}</label>`,
          ),
          `  </fieldset>`,
        ],
  );
  return [
    `<form action="${escapeHtml(`${baseUrl}/subscribe?lang=${tongue}`)}" method="post" lang="${tongue}" dir="${directionOf(tongue)}" class="roundup-form">`,
    ...(only === undefined
      ? ['  <fieldset>', `    <legend>${escapeHtml(w.whichOnes)}</legend>`, ...choices, '  </fieldset>']
      : [
          `  <input type="hidden" name="newsletter" value="${only.slug}">`,
          `  <p><b>${escapeHtml(only.name)}</b>${only.description === '' ? '' : ` ${escapeHtml(only.description)}`}</p>`,
        ]),
    `  <p><label>${escapeHtml(w.address)}<br><input type="email" name="address" required autocomplete="email" maxlength="254"></label></p>`,
    `  <p><label>${escapeHtml(w.name)} (${escapeHtml(w.optional)})<br><input type="text" name="name" autocomplete="name" maxlength="100"></label></p>`,
    ...topics,
    `  <div style="position:absolute;left:-9999px" aria-hidden="true"><label>${escapeHtml(w.leaveEmpty)} <input type="text" name="website" tabindex="-1" autocomplete="off"></label></div>`,
    `  <input type="hidden" name="language" value="${tongue}">`,
    `  <input type="hidden" name="form" value="form on another site">`,
    `  <p><small>${escapeHtml(w.consent)}</small></p>`,
    `  <p><button type="submit">${escapeHtml(w.subscribe)}</button></p>`,
    `</form>`,
    '',
  ].join('\n');
}
