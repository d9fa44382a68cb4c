import { afterAll, describe, expect, it } from 'vitest';
import { accuracy, closeBrowser, openPage, problems, train } from './page.ts';

afterAll(closeBrowser);

// Few steps reach the aim: SwiftShader takes a thousand times as long for each as a graphics card.
const settings = 'lr=0.03&batch=128&width=32&epochs=10&pace=full';

describe('training', () => {
  it.each([
    { device: 'cpu', norm: 'none', line: /^WebAssembly on the CPU \(cpu\), in a worker\. \d/ },
    { device: 'cpu', norm: 'batch', line: /^WebAssembly on the CPU \(cpu\), in a worker\. \d/ },
    { device: 'gpu', norm: 'none', line: /SwiftShader.*\(webgl2\), in a worker\. [\d,]+ parameters\.$/ },
    { device: 'gpu', norm: 'batch', line: /SwiftShader.*\(webgl2\), in a worker\. [\d,]+ parameters\.$/ },
  ])('parts two moons to 99 %, device $device, normalization $norm', async ({ device, norm, line }) => {
    const page = await openPage(`#device=${device}&norm=${norm}&${settings}`);
    await train(page, 110_000);
    expect(await accuracy(page)).toBeGreaterThanOrEqual(99);
    // The device that was really used, and no word of anything that ran elsewhere.
    expect(await page.locator('#device').textContent()).toMatch(line);
    expect(problems.get(page)).toEqual([]);
    await page.context().close();
  });

  it('reads digits, and shows what it reads', async () => {
    const page = await openPage('#data=digits&kind=conv&width=4&norm=batch&lr=0.03&batch=64&epochs=3&pace=full');
    await train(page);
    expect(await accuracy(page)).toBeGreaterThan(70);
    expect(await page.locator('.images li').count()).toBe(40);
    expect(await page.locator('.images figcaption').textContent()).toMatch(/^(2\d|3\d|40) of these 40 digits are read right/);
    expect(problems.get(page)).toEqual([]);
    await page.context().close();
  });

  it('goes on, pauses, does one epoch, starts again', async () => {
    const page = await openPage('#epochs=1000');
    const epoch = async (): Promise<number> => Number(await page.locator('.readings dd').first().textContent());
    const phase = page.locator('#phase');
    await page.getByRole('button', { name: 'One epoch' }).click();
    await phase.filter({ hasText: 'Finished' }).waitFor();
    expect(await epoch()).toBe(1);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.waitForFunction(() => Number(document.querySelector('.readings dd')!.textContent) >= 3);
    await page.getByRole('button', { name: 'Pause' }).click();
    await phase.filter({ hasText: 'Paused' }).waitFor();
    expect(await epoch()).toBeLessThan(1000);
    await page.getByRole('button', { name: 'Reset' }).click();
    await phase.filter({ hasText: 'Ready' }).waitFor();
    await page.waitForFunction(() => document.querySelector('.readings dd')!.textContent === '0');
    // The run before stays to be compared with.
    await page.getByText('the run before, with no normalization, Adam 0.01, batch 32').waitFor();
    await page.context().close();
  });

  it('takes up another learning rate as it runs', async () => {
    const page = await openPage('#epochs=1000');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByLabel('Learning rate').fill('6');
    expect(new URL(page.url()).hash).toBe('#lr=0.1&epochs=1000');
    expect(await page.locator('#phase').textContent()).toBe('Training');
    await page.context().close();
  });

  it('says in words what a network cannot do', async () => {
    const page = await openPage('#norm=batch&batch=1');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /more than 1 value per channel/ })
      .waitFor();
    expect(await page.getByRole('button', { name: 'Train', exact: true }).isDisabled()).toBe(true);
    // Another setting builds another network, which can.
    await page.getByLabel('LayerNorm').check();
    await page.locator('#phase').filter({ hasText: 'Ready' }).waitFor();
    await page.context().close();
  });

  it('says so when the loss is not finite any more', async () => {
    const page = await openPage('#optimizer=sgd&lr=10&layers=12&init=10&pace=full&activation=relu&epochs=100');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'not a finite number' }).waitFor();
    await page.context().close();
  });
});
