import {
  AnomalyError,
  customFunction,
  DeviceError,
  detectAnomaly,
  isAnomalyEnabled,
  noGrad,
  setDetectAnomaly,
  type Tensor,
  tensor,
} from '@nabla/core';
import { Linear, Module, Sequential } from '@nabla/nn';
import { afterEach, describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** The error that `fn` throws. */
function thrown(fn: () => unknown): AnomalyError {
  try {
    fn();
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

afterEach(() => {
  setDetectAnomaly(false);
});

describe('forward', () => {
  test('the first op that gives NaN, with the place and the line', () => {
    const x = leaf([4, -1, 0]);
    const error = thrown(() => detectAnomaly(() => x.mul(2).sqrt().add(1)));
    expect(error.message).toMatch(
      /^sqrt: NaN in its result of shape \[3\], dtype float32, at \[1\]; everything that went in is finite \(called at .*anomaly\.test\.ts:\d+:\d+\)$/,
    );
    expect(error.anomaly).toMatchObject({ op: 'sqrt', phase: 'forward', module: null });
    expect(error.anomaly.site).toMatch(/anomaly\.test\.ts:\d+:\d+$/);
    // The line of the call above.
    const line = Number(/:(\d+):\d+$/.exec(error.anomaly.site!)![1]);
    expect(line).toBeGreaterThan(30);
    expect(line).toBeLessThan(50);
  });

  test('an infinity that an op makes, but none that was put in', () => {
    const x = leaf([1, 0]);
    expect(() => detectAnomaly(() => x.log())).toThrow(/^log: -Infinity in its result .* at \[1\]; everything that went in is finite/);
    const mask = tensor([true, false]);
    const scores = detectAnomaly(() => (x.maskedFill(mask, Number.NEGATIVE_INFINITY) as Tensor).softmax(0));
    expect(scores.toArray()).toEqual([0, 1]);
    expect(detectAnomaly(() => tensor([Infinity, 1]).mul(2).toArray())).toEqual([Infinity, 2]);
    expect(() => detectAnomaly(() => tensor([Infinity, 1]).sub(tensor([Infinity, 1])))).toThrow(
      /^sub: NaN .* at \[0\]; infinite values went in/,
    );
  });

  test('NaN that was there says so', () => {
    expect(() => detectAnomaly(() => tensor([1, Number.NaN]).add(1))).toThrow(/^add: NaN .* at \[1\]; NaN went in already/);
  });

  test('writes in place, and ops under noGrad', () => {
    const t = tensor([-1]);
    expect(() => detectAnomaly(() => t.sqrt_())).toThrow(/^sqrt_: NaN/);
    expect(() => detectAnomaly(() => noGrad(() => leaf([-1]).log()))).toThrow(/^log: NaN/);
  });

  test('integers and empty tensors are fine', () => {
    expect(detectAnomaly(() => tensor([3n]).mul(2).item())).toBe(6);
    expect(detectAnomaly(() => tensor([]).log().size)).toBe(0);
  });
});

describe('modules', () => {
  class Root extends Module {
    readonly encoder: { readonly layers: Sequential<readonly [Linear<2, 2>, Broken]> };
    constructor() {
      super();
      this.encoder = { layers: new Sequential(new Linear(2, 2), new Broken()) as never };
    }
    forward(x: Tensor): Tensor {
      return (this.encoder.layers as unknown as Module).call(x as never) as Tensor;
    }
  }
  class Broken extends Module {
    forward(x: Tensor): Tensor {
      return x.mul(0).log() as Tensor;
    }
  }

  test('the path of the layer', () => {
    const error = thrown(() => detectAnomaly(() => new Root().call(tensor([[1, 2]]) as never)));
    expect(error.message).toMatch(/\(in module encoder\.layers\.1 \(Broken\), called at .*anomaly\.test\.ts:\d+:\d+\)/);
    expect(error.anomaly.module).toBe('encoder.layers.1 (Broken)');
    expect(thrown(() => detectAnomaly(() => new Broken().call(tensor([1]) as never))).anomaly.module).toBe('Broken');
  });

  test('of a library layer, the line of the program that called it', () => {
    const linear = new Linear(1, 1);
    noGrad(() => linear.weight.fill_(Number.NaN));
    const model = new Sequential(linear as never);
    const error = thrown(() => detectAnomaly(() => model.call(tensor([[1]]) as never)));
    expect(error.anomaly.module).toBe('0 (Linear)');
    expect(error.anomaly.site).toMatch(/anomaly\.test\.ts:\d+:\d+$/);
  });
});

describe('backward', () => {
  test('names the op, and where its forward was called', () => {
    const x = leaf([0, 4]);
    const error = thrown(() => detectAnomaly(() => x.sqrt().sum().backward()));
    expect(error.message).toMatch(
      /^the backward of 'sqrt': Infinity in the gradient of input 0 of shape \[2\], dtype float32, at \[0\]; everything that went in is finite \(the forward op was called at .*anomaly\.test\.ts:\d+:\d+\)$/,
    );
    expect(error.anomaly).toMatchObject({ op: 'sqrt', phase: 'backward', module: null });
    expect(x.grad).toBeNull();
  });

  test('of a module', () => {
    class Root extends Module {
      forward(t: Tensor): Tensor {
        return t.sqrt();
      }
    }
    const x = leaf([0]);
    const model = new Root();
    const error = thrown(() => detectAnomaly(() => (model.call(x as never) as Tensor).backward()));
    expect(error.anomaly).toMatchObject({ op: 'sqrt', phase: 'backward', module: 'Root' });
  });

  test('of a function of the user', () => {
    const bad = customFunction({
      name: 'bad',
      forward: (_ctx, t: Tensor) => t.clone(),
      backward: (_ctx, g) => g.mul(0).log() as Tensor,
    });
    expect(() => detectAnomaly(() => bad(leaf([1])).backward())).toThrow(/^the backward of 'bad': -Infinity/);
  });

  test('a graph that was recorded before the mode was on has no line', () => {
    const y = leaf([0]).sqrt();
    expect(() => detectAnomaly(() => y.backward())).toThrow(/everything that went in is finite$/);
  });
});

describe('the mode', () => {
  test('is off by default, costs no check, and ends with the function', () => {
    expect(isAnomalyEnabled()).toBe(false);
    expect(leaf([-1]).sqrt().toArray()).toEqual([Number.NaN]);
    expect(() => detectAnomaly(() => leaf([-1]).sqrt())).toThrow(AnomalyError);
    expect(leaf([-1]).sqrt().toArray()).toEqual([Number.NaN]);
    expect(detectAnomaly(() => 7)).toBe(7);
  });

  test('can be set', () => {
    setDetectAnomaly(true);
    setDetectAnomaly(true);
    expect(isAnomalyEnabled()).toBe(true);
    expect(() => leaf([-1]).sqrt()).toThrow(AnomalyError);
    setDetectAnomaly(false);
    expect(isAnomalyEnabled()).toBe(false);
    expect(leaf([-1]).sqrt().toArray()).toEqual([Number.NaN]);
  });

  test('asynchronous functions are watched to their end', async () => {
    await expect(
      detectAnomaly(async () => {
        await Promise.resolve();
        return leaf([-1]).sqrt();
      }),
    ).rejects.toThrow(/^sqrt: NaN/);
    expect(await detectAnomaly(async () => 3)).toBe(3);
    expect(leaf([-1]).sqrt().toArray()).toEqual([Number.NaN]);
  });
});

describe('a device that is read later', () => {
  const device = new SimulatedDevice();
  const there = (values: number[]): Tensor => tensor(values, { device, requiresGrad: true });

  test('an asynchronous function is rejected with the first error', async () => {
    const run = (): Promise<void> =>
      detectAnomaly(async () => {
        there([-1]).sqrt().log().add(1);
      });
    await expect(run()).rejects.toThrow(/^sqrt: NaN .* \(called at .*anomaly\.test\.ts/);
    await expect(
      detectAnomaly(async () => {
        there([0]).sqrt().backward();
      }),
    ).rejects.toThrow(/^the backward of 'sqrt': Infinity/);
    expect(await detectAnomaly(async () => (await there([4]).sqrt().data())[0])).toBe(2);
  });

  test('otherwise it is told what to write', () => {
    expect(() => detectAnomaly(() => there([1]).sqrt())).toThrow(DeviceError);
    expect(() => detectAnomaly(() => there([1]).sqrt())).toThrow(
      'detectAnomaly: this device can only be read asynchronously; write await detectAnomaly(async () => ...)',
    );
    setDetectAnomaly(true);
    expect(() => there([1]).sqrt()).toThrow(
      "setDetectAnomaly: the device of 'sqrt' can only be read asynchronously; write await detectAnomaly(async () => ...)",
    );
  });
});
