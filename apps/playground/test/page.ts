import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { inject } from 'vitest';

let browser: Promise<Browser> | null = null;

function launch(): Promise<Browser> {
  const given = JSON.parse(process.env['CHROMIUM_ARGUMENTS']!) as string[];
  // Pages are put together as on a machine without a graphics card, by the processor; WebGL is there all the same. With this flag a
  // software rasterizer would draw every frame of every page, and leave no time for anything else.
  const args = given.filter((a) => a !== '--use-angle=swiftshader');
  browser ??= chromium.launch({ executablePath: process.env['CHROMIUM_EXECUTABLE']!, args });
  return browser;
}

/** Ends the browser; the next page starts another. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = null;
}

/** What went wrong in a page since it was opened. */
export const problems = new WeakMap<Page, string[]>();

/** Opens the playground in a context of its own, and waits until its network can be trained. */
export async function openPage(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await (await launch()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const found: string[] = [];
  problems.set(page, found);
  page.on('pageerror', (error) => found.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && found.push(message.text()));
  await page.goto(inject('site') + hash);
  await ready(page);
  return page;
}

/** Waits for the mark that the page sets when its first network is there. */
async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName('network').length > 0, undefined, { timeout: 60_000 });
}

export const accuracy = async (page: Page): Promise<number> => Number.parseFloat((await page.locator('#accuracy').textContent())!);

/** Presses Train and waits until all epochs are done. */
export async function train(page: Page, timeout = 60_000): Promise<void> {
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.waitForFunction(() => document.querySelector('#phase')!.textContent === 'Finished', undefined, { timeout, polling: 100 });
}
