import axe from 'axe-core';
import type { Page } from 'playwright';
import { afterAll, describe, expect, it } from 'vitest';
import { closeBrowser, openPage, train } from './page.ts';

afterAll(closeBrowser);

/** What axe finds wrong, as `rule: element`. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const found = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe('use', () => {
  it.each([
    ['points', '#epochs=1&norm=batch', 1280],
    ['images', '#data=digits&epochs=1&pace=full&nonsense=1', 360],
  ])('has nothing that axe objects to, in light or dark: %s', async (_, hash, width) => {
    // Without transitions, in the middle of which colours are neither here nor there.
    const page = await openPage(hash, { colorScheme: 'light', reducedMotion: 'reduce', viewport: { width, height: 800 } });
    await train(page);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it('does not scroll sideways, from 360 pixels on', async () => {
    const page = await openPage('#layers=12&norm=group');
    const widths = [360, 768, 1024, 1280];
    const overflows = async (): Promise<number[]> => {
      const found: number[] = [];
      for (const width of widths) {
        await page.setViewportSize({ width, height: 740 });
        found.push(await overflow(page));
      }
      return found;
    };
    expect(await overflows()).toEqual([0, 0, 0, 0]);
    await page.getByLabel('Digits').check();
    await page.locator('.images li').first().waitFor();
    expect(await overflows()).toEqual([0, 0, 0, 0]);
    await page.context().close();
  });

  it('gives a link that brings everything back', async () => {
    const page = await openPage('', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByLabel('Spirals').check();
    await page.getByLabel('RMSNorm').check();
    await page.getByLabel('Learning rate').fill('5');
    await page.getByLabel('Activation', { exact: true }).selectOption('Tanh');
    await page.getByLabel('Seed').fill('42');
    await page.getByLabel('Seed').press('Tab');
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Link copied' }).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(new URL(link).hash).toBe('#data=spirals&activation=tanh&norm=rms&lr=0.03&seed=42');
    const code = await page.locator('pre').textContent();
    await page.context().close();

    const again = await openPage(new URL(link).hash);
    expect(await again.getByLabel('Spirals').isChecked()).toBe(true);
    expect(await again.getByLabel('RMSNorm').isChecked()).toBe(true);
    expect(await again.getByLabel('Activation', { exact: true }).inputValue()).toBe('tanh');
    expect(await again.getByLabel('Seed').inputValue()).toBe('42');
    expect(await again.getByLabel('Learning rate').getAttribute('aria-valuetext')).toBe('0.03');
    expect(await again.locator('pre').textContent()).toBe(code);
    expect(await again.getByRole('alert').filter({ hasText: 'link' }).count()).toBe(0);
    await again.context().close();
  });

  it('says what is wrong with a link, and works', async () => {
    const page = await openPage('#norm=layer&lr=fast&colour=red&epochs=5&pace=full');
    const alert = page.getByRole('alert').filter({ hasText: 'link' });
    expect(await alert.getByRole('listitem').allTextContents()).toEqual([
      'Learning rate: the link says "fast", which cannot be; 0.01 is used.',
      'The link sets "colour", which does not exist.',
    ]);
    expect(await page.getByLabel('LayerNorm').isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await alert.count()).toBe(0);
    await train(page);
    // Links within the page are followed too.
    await page.getByRole('link', { name: 'SGD at rate 3' }).click();
    await page.locator('#lr-value').filter({ hasText: '3' }).waitFor();
    await page.context().close();
  });

  it('is used by keyboard alone', async () => {
    const page = await openPage('#epochs=5&pace=full');
    const focused = (): Promise<string> =>
      page.evaluate(
        () => document.activeElement!.id || (document.activeElement as HTMLInputElement).value || document.activeElement!.textContent!,
      );
    // In the order of reading: the first settings, one stop for each group of chips.
    const stops: string[] = [];
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    expect(stops).toEqual(['moons', 'noise', 'seed', 'none', 'layers', 'width', 'activation']);
    await page.getByLabel('Two moons').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByLabel('Circles').isChecked()).toBe(true);
    await page.locator('#phase').filter({ hasText: 'Ready' }).waitFor();
    await page.getByLabel('Hidden layers').focus();
    await page.keyboard.press('ArrowRight');
    expect(new URL(page.url()).hash).toContain('layers=3');
    await page.getByRole('button', { name: 'Train', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#phase').filter({ hasText: 'Finished' }).waitFor();
    // Told to those who do not see it.
    await page
      .locator('#announced')
      .filter({ hasText: /^Finished: epoch 5, held-out accuracy \d/ })
      .waitFor({ state: 'attached' });
    expect(
      await page.getByRole('img', { name: /^The plane coloured by the class.*of held-out points are on the right side/ }).count(),
    ).toBe(1);
    expect(await page.getByRole('img', { name: /^Loss\. Training .*held-out .*after 5 epochs$/ }).count()).toBe(1);
    await page.context().close();
  });

  it('copies the code that it shows', async () => {
    const page = await openPage('#norm=batch', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Copy code' }).click();
    await page.getByText('Copied.').waitFor();
    const code = await page.evaluate(() => navigator.clipboard.readText());
    expect(code).toBe(await page.locator('pre').textContent());
    expect(code).toContain('new nn.BatchNorm1d(16),');
    await page.context().close();
  });
});
