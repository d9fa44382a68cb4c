import { cpu, keep, manualSeed, noGrad, ones, scope, type Tensor, tensor, zeros } from '@nabla/core';
import { CpuBackend } from '@nabla/core/internals';
import { describe, expect, it } from 'vitest';
import {
  Buffer,
  Identity,
  isModule,
  isParameter,
  Linear,
  Module,
  ModuleDict,
  ModuleList,
  Parameter,
  Sequential,
  StateDictError,
} from '../src/index.ts';

class Block extends Module {
  linear: Linear<number, number>;
  constructor(n: number) {
    super();
    this.linear = new Linear(n, n);
  }
  forward(x: Tensor) {
    return this.linear.call(x);
  }
}

/** One of everything that can hold state. */
class Zoo extends Module {
  blocks = [new Block(2), new Block(2)];
  weightIhL0 = new Parameter(ones([2]));
  runningMean = new Buffer(zeros([2]));
  scratch = new Buffer(zeros([3]), { persistent: false });
  LayerNorm = new Linear(2, 2, { bias: false });
  byName = { firstOne: new Parameter(ones([1])), second: new Block(1) };
  byKey = new Map<string, unknown>([['keyOne', new Parameter(ones([1]))]]);
  constant = zeros([5]);
  #hidden = new Parameter(ones([7]));
  hiddenSize(): number {
    return this.#hidden.size;
  }
  forward(x: Tensor) {
    return x;
  }
}

const zooKeys = [
  'weight_ih_l0',
  'running_mean',
  'blocks.0.linear.weight',
  'blocks.0.linear.bias',
  'blocks.1.linear.weight',
  'blocks.1.linear.bias',
  'LayerNorm.weight',
  'by_name.firstOne',
  'by_name.second.linear.weight',
  'by_name.second.linear.bias',
  'by_key.keyOne',
];

describe('state', () => {
  it('is found in fields, arrays, objects and Maps, under PyTorch-like keys', () => {
    const zoo = new Zoo();
    expect([...zoo.stateDict().keys()]).toEqual(zooKeys);
    expect(zoo.namedParameters().map(([k]) => k)).toEqual(zooKeys.filter((k) => k !== 'running_mean'));
    expect(zoo.namedBuffers().map(([k]) => k)).toEqual(['running_mean', 'scratch']);
    expect(zoo.parameters()).not.toContain(zoo.constant);
  });

  it('has no registration: what is assigned later counts', () => {
    const zoo = new Zoo();
    (zoo as unknown as Record<string, unknown>)['extra'] = new Linear(1, 1);
    expect([...zoo.stateDict().keys()]).toContain('extra.weight');
  });

  it('lists modules, each once, with paths', () => {
    const zoo = new Zoo();
    expect(zoo.namedChildren().map(([k]) => k)).toEqual(['blocks.0', 'blocks.1', 'LayerNorm', 'by_name.second']);
    expect(zoo.namedModules().map(([k]) => k)).toEqual([
      '',
      'blocks.0',
      'blocks.0.linear',
      'blocks.1',
      'blocks.1.linear',
      'LayerNorm',
      'by_name.second',
      'by_name.second.linear',
    ]);
    expect(zoo.modules()[0]).toBe(zoo);
    expect(zoo.children()).toContain(zoo.LayerNorm);
  });

  it('cuts cycles', () => {
    class Node extends Module {
      weight = new Parameter(ones([1]));
      peers: Module[] = [this];
      box: Record<string, unknown> = {};
      forward(x: Tensor) {
        return x;
      }
    }
    const a = new Node();
    a.box['self'] = a.box;
    a.box['again'] = [a];
    expect([...a.stateDict().keys()]).toEqual(['weight']);
    expect(a.modules()).toEqual([a]);
    a.apply((m) => m.eval());
    expect(a.training).toBe(false);
  });

  it('lists a tied tensor once and saves it under each key', () => {
    class Tied extends Module {
      a = new Linear(2, 2, { bias: false });
      b = new Linear(2, 2, { bias: false });
      constructor() {
        super();
        (this.b as { weight: Tensor }).weight = this.a.weight;
      }
    }
    const m = new Tied();
    expect(m.namedParameters().map(([k]) => k)).toEqual(['a.weight']);
    const dict = m.stateDict();
    expect([...dict.keys()]).toEqual(['a.weight', 'b.weight']);
    expect(dict.get('a.weight')).toBe(dict.get('b.weight'));
    m.to('float64');
    expect(m.a.weight).toBe(m.b.weight);
    expect(m.a.weight.dtype).toBe('float64');
  });

  it('lists a shared module once and saves it under each path', () => {
    const shared = new Linear(2, 2, { bias: false });
    const m = new ModuleList([shared, shared]);
    expect(m.modules()).toEqual([m, shared]);
    expect([...m.stateDict().keys()]).toEqual(['0.weight', '1.weight']);
  });

  it('refuses two tensors with the same key', () => {
    class Clash extends Module {
      runningMean = new Buffer(zeros([1]));
      running_mean = new Buffer(zeros([1]));
    }
    expect(() => new Clash().stateDict()).toThrow("Clash: two parameters or buffers have the state-dict key 'running_mean'");
  });

  it('shares storage and carries no gradients', () => {
    const m = new Linear(2, 1);
    const w = m.stateDict().get('weight')!;
    expect(w.requiresGrad).toBe(false);
    w.copy_(tensor([[5, 6]]));
    expect(m.weight.toArray()).toEqual([[5, 6]]);
  });

  it('knows what it is across copies of the library', () => {
    expect(isModule(new Identity())).toBe(true);
    expect(isModule({})).toBe(false);
    expect(isParameter(new Parameter(ones([1])))).toBe(true);
    expect(isParameter(ones([1]))).toBe(false);
    expect(isParameter(new Buffer(ones([1])))).toBe(false);
  });
});

describe('Parameter', () => {
  it('shares the storage of its tensor and requires gradients', () => {
    const t = zeros([2]);
    const p = new Parameter(t);
    expect(p.requiresGrad).toBe(true);
    expect(p.isLeaf).toBe(true);
    noGrad(() => p.add_(1));
    expect(t.toArray()).toEqual([1, 1]);
    expect(new Parameter(t, { requiresGrad: false }).requiresGrad).toBe(false);
  });

  it('outlives the scope it was born in', () => {
    const p = scope(() => {
      const made = new Linear(3, 2);
      return () => made.weight;
    })();
    expect(p.toArray()).toHaveLength(2);
  });

  it('gives ordinary tensors', () => {
    expect(isParameter(new Parameter(ones([2])).neg())).toBe(false);
  });
});

describe('loadStateDict', () => {
  it('copies in place, converting the dtype, from a Map or a record', () => {
    const m = new Linear(2, 1);
    const { weight } = m;
    m.loadStateDict(
      new Map([
        ['weight', tensor(Float64Array.of(1, 2), { shape: [1, 2] })],
        ['bias', tensor([3])],
      ]),
    );
    expect(m.weight).toBe(weight);
    expect(m.weight.dtype).toBe('float32');
    expect(m.weight.toArray()).toEqual([[1, 2]]);
    expect(m.bias!.toArray()).toEqual([3]);
    expect(m.weight.requiresGrad && m.weight.isLeaf).toBe(true);
    m.loadStateDict({ weight: tensor([[7, 8]]), bias: tensor([9]) });
    expect(m.bias!.toArray()).toEqual([9]);
  });

  it('names every key that does not fit, at once, and changes nothing', () => {
    const m = new Sequential(new Linear(2, 2), new Linear(2, 1));
    const before = [...m.stateDict().values()].map((t) => t.toArray());
    let error: unknown;
    try {
      m.loadStateDict({ '0.weight': zeros([2, 2]), '0.bias': zeros([3]), '1.weight': zeros([2, 1]), extra: zeros([1]), more: zeros([1]) });
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(StateDictError);
    const e = error as StateDictError;
    expect(e.missing).toEqual(['1.bias']);
    expect(e.unexpected).toEqual(['extra', 'more']);
    expect(e.mismatched.map((x) => x.key)).toEqual(['0.bias', '1.weight']);
    expect(e.message).toBe(
      [
        'loading a state dict into Sequential failed; nothing was changed',
        'missing keys: "1.bias"',
        'unexpected keys: "extra", "more"',
        '"0.bias": the shape in the dict is [3], in the module [2]',
        '"1.weight": the shape in the dict is [2, 1], in the module [1, 2]',
      ].join('\n  '),
    );
    expect([...m.stateDict().values()].map((t) => t.toArray())).toEqual(before);
  });

  it('can be lenient about keys, not about shapes', () => {
    const m = new Linear(2, 1);
    const result = m.loadStateDict({ weight: tensor([[1, 1]]), other: zeros([1]) }, { strict: false });
    expect(result).toEqual({ missing: ['bias'], unexpected: ['other'] });
    expect(m.weight.toArray()).toEqual([[1, 1]]);
    expect(() => m.loadStateDict({ weight: zeros([2]) }, { strict: false })).toThrow(StateDictError);
  });

  it('does not broadcast', () => {
    expect(() => new Linear(2, 2).loadStateDict({ weight: zeros([1, 2]), bias: zeros([2]) })).toThrow(StateDictError);
  });
});

describe('modes and gradients', () => {
  it('train and eval reach every module', () => {
    const m = new Sequential(new Block(1), new Identity());
    expect(m.eval()).toBe(m);
    expect(m.modules().map((x) => x.training)).toEqual([false, false, false, false]);
    m.train();
    expect(m.modules().every((x) => x.training)).toBe(true);
  });

  it('zeroGrad sets to null, or to zero in place', () => {
    const m = new Linear(2, 1);
    m.call(ones([1, 2]))
      .sum()
      .backward();
    const { grad } = m.weight;
    m.zeroGrad({ setToNull: false });
    expect(m.weight.grad).toBe(grad);
    expect(grad!.toArray()).toEqual([[0, 0]]);
    m.zeroGrad();
    expect(m.weight.grad).toBeNull();
  });

  it('requiresGrad_ freezes', () => {
    const m = new Linear(2, 1).requiresGrad_(false);
    expect(m.call(ones([1, 2])).requiresGrad).toBe(false);
    expect(m.requiresGrad_().call(ones([1, 2])).requiresGrad).toBe(true);
  });

  it('apply visits children first', () => {
    const m = new Sequential(new Block(1), new Identity());
    const names: string[] = [];
    m.apply((x) => names.push(x.constructor.name));
    expect(names).toEqual(['Linear', 'Block', 'Identity', 'Sequential']);
  });
});

describe('to', () => {
  it('converts floating state, keeps the parameters and their gradients', () => {
    class WithCount extends Module {
      weight = new Parameter(tensor([1.5]));
      count = new Buffer(tensor([3n]));
      forward(x: Tensor) {
        return x.mul(this.weight);
      }
    }
    const m = new WithCount();
    const { weight } = m;
    (m.call(tensor([2])) as Tensor).sum().backward();
    expect(m.to('float64')).toBe(m);
    expect(m.weight).toBe(weight);
    expect(weight.dtype).toBe('float64');
    expect(weight.grad!.dtype).toBe('float64');
    expect(weight.grad!.toArray()).toEqual([2]);
    expect(m.count.dtype).toBe('int64');
    (m.call(tensor([4], { dtype: 'float64' })) as Tensor).sum().backward();
    expect(weight.grad!.toArray()).toEqual([6]);
    expect(weight.isLeaf && weight.requiresGrad).toBe(true);
  });

  it('moves to another device', () => {
    const other = new CpuBackend();
    const m = new Linear(2, 1).to(other);
    expect(m.weight.device).toBe(other);
    expect(m.call(ones([1, 2], { device: other })).device).toBe(other);
    expect(() => m.call(ones([1, 2]))).toThrow(/to\(\)/);
    m.to(cpu, 'float64');
    expect(m.bias!.device).toBe(cpu);
    expect(m.bias!.dtype).toBe('float64');
  });

  it('refuses integer dtypes and changes nothing', () => {
    const m = new Linear(1, 1);
    expect(() => m.to('int64')).toThrow('to: a module can be converted to float32 or float64, not to int64');
    expect(m.weight.dtype).toBe('float32');
  });
});

describe('call', () => {
  it('runs hooks, which may replace arguments and output, until they are removed', () => {
    const m = new Identity();
    const removePre = m.registerForwardPreHook((_, [x]) => [(x as Tensor).add(1)]);
    const seen: unknown[] = [];
    const removePost = m.registerForwardHook((module, args, y) => {
      seen.push(module, args);
      return (y as Tensor).mul(10);
    });
    expect(m.call(tensor([1])).toArray()).toEqual([20]);
    expect(seen[0]).toBe(m);
    removePost();
    expect(m.call(tensor([1])).toArray()).toEqual([2]);
    removePre();
    expect(m.call(tensor([1])).toArray()).toEqual([1]);
  });

  it('says where an error came from, once, and keeps its class', () => {
    class Net extends Module {
      layers = new ModuleList([new Linear(4, 3), new Sequential(new Identity(), new Linear(5, 2))]);
      forward(x: Tensor): Tensor {
        let y = x;
        for (const l of this.layers) y = (l as Module).call(y);
        return y;
      }
    }
    let error: unknown;
    try {
      new Net().call(zeros([1, 4]));
    } catch (e) {
      error = e;
    }
    expect((error as Error).name).toBe('ShapeError');
    expect((error as Error).message).toBe('Linear(5, 2) expects [..., 5] but the input is [1, 3] (in Net.layers.1.1: Linear)');
    expect((error as Error).stack).toContain('(in Net.layers.1.1: Linear)');
  });

  it('names a single module by its class, and annotates an error that is thrown again only once', () => {
    const failure = new Error('boom');
    class Bad extends Module {
      forward(): never {
        throw failure;
      }
    }
    const bad = new Bad();
    expect(() => bad.call()).toThrow('boom (in Bad)');
    expect(() => bad.call()).toThrow(/^boom \(in Bad\)$/);
    expect(() => zeros([2]).add(zeros([3]) as never)).toThrow(/dimension -1$/);
  });

  it('needs a forward', () => {
    expect(() => new ModuleList().call(zeros([1]))).toThrow('ModuleList has no forward method');
  });
});

describe('containers', () => {
  it('Sequential chains, indexes and iterates', () => {
    const first = new Linear(2, 3);
    const m = new Sequential(first, new Identity());
    expect(m.length).toBe(2);
    expect(m.at(-2)).toBe(first);
    expect([...m][0]).toBe(first);
    expect(() => m.at(2)).toThrow('Sequential: index 2 is out of range for 2 modules');
    expect([...m.stateDict().keys()]).toEqual(['0.weight', '0.bias']);
    expect(m.call(zeros([4, 2])).shape).toEqual([4, 3]);
    expect(() => new Sequential(3 as never)).toThrow('Sequential: layer 0 is not a module');
  });

  it('ModuleList and ModuleDict hold modules', () => {
    const list = new ModuleList<Module>([new Identity()]).append(new Linear(1, 1)).extend([new Identity()]);
    expect(list.length).toBe(3);
    expect(list.at(-1)).toBeInstanceOf(Identity);
    const dict = new ModuleDict<Module>({ firstOne: new Linear(1, 1) }).set('b', new Linear(1, 2));
    expect([...dict.stateDict().keys()]).toEqual(['firstOne.weight', 'firstOne.bias', 'b.weight', 'b.bias']);
    expect(dict.size).toBe(2);
    expect(dict.has('b')).toBe(true);
    expect(() => dict.get('c')).toThrow("ModuleDict: no module 'c'; there are firstOne, b");
    expect(() => dict.set('a.b', new Linear(1, 1))).toThrow("'a.b' cannot be a name");
  });

  it('prints as PyTorch does', () => {
    class Net extends Module {
      fc1 = new Linear(784, 128);
      hiddenStack = new Sequential(new Identity(), new Linear(128, 10, { bias: false }));
    }
    expect(String(new Net())).toBe(`Net(
  (fc1): Linear(in_features=784, out_features=128, bias=True)
  (hidden_stack): Sequential(
    (0): Identity()
    (1): Linear(in_features=128, out_features=10, bias=False)
  )
)`);
  });
});

describe('Linear', () => {
  it('starts as PyTorch starts it: U(-1/√in, 1/√in), from the default generator', () => {
    manualSeed(3);
    const m = new Linear(100, 200);
    const w = Float64Array.from(m.weight.dataSync());
    const bound = 1 / Math.sqrt(100);
    for (const values of [w, Float64Array.from(m.bias!.dataSync())]) {
      const largest = Math.max(...values.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.97 * bound);
    }
    const variance = w.reduce((s, x) => s + x * x, 0) / w.length;
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
    manualSeed(3);
    expect(new Linear(100, 200).weight.dataSync()).toEqual(Float32Array.from(w));
  });

  it('checks its input with the message that the compiler gives', () => {
    const m: Module = new Linear(784, 10);
    expect(() => m.call(zeros([32, 100]))).toThrow('Linear(784, 10) expects [..., 784] but the input is [32, 100]');
    expect(() => m.call(zeros([]))).toThrow('Linear(784, 10) expects [..., 784] but the input is a scalar');
  });

  it('checks its sizes and dtype', () => {
    expect(() => new Linear(-1, 2)).toThrow('Linear: inFeatures must be an integer of at least 0, got -1');
    expect(() => new Linear(1, 1, { dtype: 'int64' })).toThrow('Linear: parameters must be float32 or float64, not int64');
    expect(new Linear(0, 2).call(zeros([3, 0])).shape).toEqual([3, 2]);
  });

  it('takes any number of leading dimensions', () => {
    const m = new Linear(3, 2);
    expect(m.call(zeros([3])).shape).toEqual([2]);
    expect(m.call(zeros([4, 5, 3])).shape).toEqual([4, 5, 2]);
    keep(m.weight);
  });
});
