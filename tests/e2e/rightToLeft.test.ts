import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fill } from '../../src/rendering/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { editionContent, editionPiece, gapValues, render, renderInput } from '../support/edition.ts';

const suite = browserMissing === undefined ? describe : describe.skip;

suite(`a right-to-left mail in a browser${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  test.each([320, 640])(
    'at %i pixels it starts on the right, and an English piece in it on the left',
    async (width) => {
      const piece = {
        title: 'كيف تتفاوض الدول الصغيرة مع الأساطيل',
        deck: 'جزر المحيط تعرف ما تريد.',
        kind: 'تحليل',
        region: '',
        authors: ['هدى القاسم'],
        image: null,
      };
      const content = editionContent({ subject: piece.title, note: 'أهلاً **بكم**.' }, piece);
      content.sections[2]!.pieces[1] = editionPiece({ title: 'An English piece', language: 'en', image: null });
      const rendered = await render(renderInput(content, { language: 'ar', name: 'النشرة' }, 'المجلة'));
      const values = gapValues();
      const browser = await launchBrowser();
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      await page.route(/example\.org/, (route) => route.abort());
      await page.setContent(fill(rendered.html, (gap) => values[gap]));
      const shots = path.resolve('test-results/screenshots');
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: path.join(shots, `mail-rtl-${width}.png`), fullPage: true });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const styles = (selector: string) =>
        page.evaluate(
          `(({ direction, textAlign }) => ({ direction, textAlign }))(getComputedStyle(document.querySelector(${JSON.stringify(selector)})))`,
        );
      expect(await styles('.lead .deck')).toEqual({ direction: 'rtl', textAlign: 'right' });
      expect(await styles('h3[lang=en]')).toMatchObject({ direction: 'ltr' });
      expect(
        await page.evaluate(
          'document.querySelector("ul").dir || getComputedStyle(document.querySelector("ul")).direction',
        ),
      ).toBe('rtl');
      await browser.close();
    },
  );
});
