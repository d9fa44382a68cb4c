import { cat, expectShape, type Shape, type Tensor, tensor, zeros } from '@nabla/core';
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  CrossEntropyLoss,
  Dropout,
  Flatten,
  GELU,
  Identity,
  LayerNorm,
  Linear,
  MaxPool2d,
  Module,
  ModuleList,
  type Parameter,
  ReLU,
  RNN,
  Sequential,
} from '@nabla/nn';
import { describe, expectTypeOf, it } from 'vitest';

/** The shape of a tensor, as a value of its type. */
declare function shapeOf<S extends Shape>(t: Tensor<S>): S;
declare const n: number;

describe('tensors', () => {
  it('follow shapes', () => {
    expectTypeOf(shapeOf(zeros([2, 3]).matmul(zeros([3, 4])))).toEqualTypeOf<readonly [2, 4]>();
    expectTypeOf(shapeOf(zeros([8, 12, 64, 32]).matmul(zeros([12, 32, 64])))).toEqualTypeOf<readonly [8, 12, 64, 64]>();
    expectTypeOf(shapeOf(zeros([n, 784]).matmul(zeros([784, 10])))).toEqualTypeOf<readonly [number, 10]>();
    expectTypeOf(shapeOf(zeros([5, 1, 3]).add(zeros([4, 1])))).toEqualTypeOf<readonly [5, 4, 3]>();
    expectTypeOf(shapeOf(zeros([2, 3]).mul(0.5))).toEqualTypeOf<readonly [2, 3]>();
    expectTypeOf(shapeOf(zeros([32, 1, 28, 28]).reshape([32, -1]))).toEqualTypeOf<readonly [32, 784]>();
    expectTypeOf(shapeOf(zeros([2, 3, 4]).reshape([6, 4]))).toEqualTypeOf<readonly [6, 4]>();
    expectTypeOf(shapeOf(zeros([n, 1, 28, 28]).flatten(1))).toEqualTypeOf<readonly [number, 784]>();
    expectTypeOf(shapeOf(zeros([2, 3, 4]).permute(2, 0, 1))).toEqualTypeOf<readonly [4, 2, 3]>();
    expectTypeOf(shapeOf(zeros([2, 3, 4]).permute(0, -1, 1))).toEqualTypeOf<readonly [2, 4, 3]>();
    expectTypeOf(shapeOf(zeros([2, 3, 4]).sum(1))).toEqualTypeOf<readonly [2, 4]>();
    expectTypeOf(shapeOf(zeros([2, 3, 4]).sum(-1, { keepdim: true }))).toEqualTypeOf<readonly [2, 3, 1]>();
    expectTypeOf(shapeOf(zeros([2, 3, 4]).sum())).toEqualTypeOf<readonly []>();
    expectTypeOf(shapeOf(cat([zeros([2, 4]), zeros([3, 4])], 0))).toEqualTypeOf<readonly [5, 4]>();
    expectTypeOf(shapeOf(cat([zeros([2, 4, 7]), zeros([2, 4, 5]), zeros([2, n, 1])], -1))).toEqualTypeOf<readonly [2, 4, 13]>();
  });

  it('lose what they cannot follow, and get it back by expectShape', () => {
    const d = tensor([1, 2, 3]);
    expectTypeOf(shapeOf(d.add(zeros([3])))).toEqualTypeOf<readonly number[]>();
    expectTypeOf(shapeOf(expectShape(d, [3]))).toEqualTypeOf<readonly [3]>();
    expectTypeOf(shapeOf(expectShape(d, [-1, 3]))).toEqualTypeOf<readonly [number, 3]>();
    expectTypeOf(zeros([2, 3])).toExtend<Tensor>();
    expectTypeOf(zeros([2, 3])).toExtend<Tensor<readonly [number, 3]>>();
    expectTypeOf(zeros([2, 3])).not.toExtend<Tensor<readonly [2, 4]>>();
    expectTypeOf(shapeOf(zeros([1, 2, 3, 4, 5, 6, 7]).sum(6))).toEqualTypeOf<readonly number[]>();
  });
});

describe('layers', () => {
  it('compute the shape of their output', () => {
    expectTypeOf(shapeOf(new Linear(784, 10).call(zeros([32, 784])))).toEqualTypeOf<readonly [32, 10]>();
    expectTypeOf(shapeOf(new Linear(784, 10).call(zeros([4, 16, 784])))).toEqualTypeOf<readonly [4, 16, 10]>();
    expectTypeOf(shapeOf(new Linear(n, n).call(zeros([32, 7])))).toEqualTypeOf<readonly [32, number]>();
    expectTypeOf(shapeOf(new Conv2d(1, 16, 5, { padding: 2 }).call(zeros([32, 1, 28, 28])))).toEqualTypeOf<readonly [32, 16, 28, 28]>();
    expectTypeOf(shapeOf(new Conv2d(3, 64, 7, { stride: 2, padding: 3 }).call(zeros([32, 3, 224, 224])))).toEqualTypeOf<
      readonly [32, 64, 112, 112]
    >();
    expectTypeOf(shapeOf(new Conv2d(1, 4, [3, 5], { padding: [0, 1] }).call(zeros([2, 1, 10, 20])))).toEqualTypeOf<
      readonly [2, 4, 8, 18]
    >();
    expectTypeOf(shapeOf(new Conv2d(1, 4, 3, { padding: 'same' }).call(zeros([1, 10, 20])))).toEqualTypeOf<readonly [4, 10, 20]>();
    expectTypeOf(shapeOf(new Conv2d(1, 4, 3, { dilation: 2 }).call(zeros([2, 1, 10, 20])))).toEqualTypeOf<
      readonly [2, 4, number, number]
    >();
    expectTypeOf(shapeOf(new MaxPool2d(2).call(zeros([2, 3, 9, 8])))).toEqualTypeOf<readonly [2, 3, 4, 4]>();
    expectTypeOf(shapeOf(new AvgPool2d(3, { stride: 2, padding: 1 }).call(zeros([3, 9, 8])))).toEqualTypeOf<readonly [3, 5, 4]>();
    expectTypeOf(shapeOf(new MaxPool2d(2, { ceilMode: true }).call(zeros([2, 3, 9, 8])))).toEqualTypeOf<readonly [2, 3, number, number]>();
    expectTypeOf(shapeOf(new MaxPool2d(2, { returnIndices: true }).call(zeros([2, 3, 9, 8])).indices)).toEqualTypeOf<Shape>();
    expectTypeOf(shapeOf(new AdaptiveAvgPool2d([1, null]).call(zeros([2, 3, 9, 8])))).toEqualTypeOf<readonly [2, 3, 1, 8]>();
    expectTypeOf(shapeOf(new LayerNorm([512]).call(zeros([32, 10, 512])))).toEqualTypeOf<readonly [32, 10, 512]>();
    expectTypeOf(shapeOf(new LayerNorm(512).call(zeros([n, n])))).toEqualTypeOf<readonly [number, number]>();
    expectTypeOf(shapeOf(new BatchNorm1d(4).call(zeros([3, 4])))).toEqualTypeOf<readonly [3, 4]>();
    expectTypeOf(shapeOf(new BatchNorm2d(4).call(zeros([3, 4, 5, 5])))).toEqualTypeOf<readonly [3, 4, 5, 5]>();
    expectTypeOf(shapeOf(new Dropout(0.1).call(new GELU().call(new Identity().call(zeros([3, 4])))))).toEqualTypeOf<readonly [3, 4]>();
  });

  it('refuse what does not fit', () => {
    // @ts-expect-error 4 channels
    new BatchNorm1d(4).call(zeros([3, 5]));
    // @ts-expect-error no image
    new BatchNorm2d(4).call(zeros([3, 4]));
    // @ts-expect-error no image
    new MaxPool2d(2).call(zeros([3, 4]));
    // @ts-expect-error two dimensions
    new LayerNorm([4, 5]).call(zeros([3, 5, 5]));
    // @ts-expect-error a tensor
    new Linear(3, 4).call(3);
  });

  it('know their parameters', () => {
    const fc = new Linear(784, 10);
    expectTypeOf(fc.weight).toEqualTypeOf<Parameter<readonly [10, 784]>>();
    expectTypeOf(fc).toExtend<Linear<number, number>>();
    expectTypeOf(fc).toExtend<Module>();
    expectTypeOf(fc.weight.relu()).toEqualTypeOf<Tensor<readonly [10, 784]>>();
  });
});

describe('Sequential', () => {
  it('runs shapes through its layers', () => {
    const cnn = new Sequential(
      new Conv2d(1, 16, 5),
      new ReLU(),
      new MaxPool2d(2),
      new Conv2d(16, 32, 5),
      new ReLU(),
      new MaxPool2d(2),
      new Flatten(),
      new Linear(512, 10),
    );
    expectTypeOf(shapeOf(cnn.call(zeros([32, 1, 28, 28])))).toEqualTypeOf<readonly [32, 10]>();
    expectTypeOf(shapeOf(cnn.call(zeros([n, 1, 28, 28])))).toEqualTypeOf<readonly [number, 10]>();
    const mlp = new Sequential(new Linear(784, 128), new ReLU(), new Linear(128, 10));
    expectTypeOf(shapeOf(mlp.call(zeros([n, 784])))).toEqualTypeOf<readonly [number, 10]>();
    const nested = new Sequential(mlp, new Linear(10, 2));
    expectTypeOf(shapeOf(nested.call(zeros([3, 784])))).toEqualTypeOf<readonly [3, 2]>();
  });

  it('takes modules that say nothing about shapes, and lists of any length', () => {
    class Twice extends Module {
      forward(x: Tensor) {
        return x.mul(2);
      }
    }
    const m = new Sequential(new Linear(3, 4), new Twice(), new Linear(7, 5));
    expectTypeOf(shapeOf(m.call(zeros([2, 3])))).toEqualTypeOf<readonly [...number[], 5]>();
    const layers: Module[] = [new Linear(3, 4), new Twice()];
    expectTypeOf(new Sequential(...layers).call(zeros([2, 3]))).toEqualTypeOf<Tensor>();
  });
});

/** No shape annotations: the input is a Tensor, yet the widths are checked against each other. */
class Net extends Module {
  fc1 = new Linear(784, 128);
  fc2 = new Linear(128, 10);
  forward(x: Tensor) {
    return this.fc2.call(this.fc1.call(x).relu());
  }
}
/** Sizes from constructor arguments are checked at run time. */
class Dynamic extends Module {
  fc: Linear<number, number>;
  constructor(d: number) {
    super();
    this.fc = new Linear(d, d);
  }
  forward(x: Tensor) {
    return this.fc.call(x);
  }
}
class Recurrent extends Module {
  rnn = new RNN(8, 16);
  head = new Linear(16, 2);
  forward(x: Tensor, h0?: Tensor) {
    const [output, last] = this.rnn.call(x, h0);
    return { scores: this.head.call(output), last };
  }
}

describe("a user's module", () => {
  it('has the types of its forward', () => {
    expectTypeOf(new Net().forward(zeros([32, 784]))).toEqualTypeOf<Tensor<readonly [...number[], 10]>>();
    expectTypeOf(new Net().call(zeros([32, 784]))).toEqualTypeOf<Tensor<readonly [...number[], 10]>>();
    expectTypeOf(new Dynamic(3).call(zeros([1, 3]))).toEqualTypeOf<Tensor<readonly [...number[], number]>>();
    const r = new Recurrent();
    expectTypeOf(r.call(zeros([5, 1, 8])).last).toEqualTypeOf<Tensor>();
    expectTypeOf(r.call(zeros([5, 1, 8]), zeros([1, 1, 16])).scores).toEqualTypeOf<Tensor<readonly [...number[], 2]>>();
    // @ts-expect-error forward takes tensors
    r.call(3);
    // @ts-expect-error one argument
    new Net().call(zeros([2, 784]), zeros([1]));
    expectTypeOf(new CrossEntropyLoss().call(zeros([2, 3]), zeros([2]))).toEqualTypeOf<Tensor>();
  });

  it('is checked inside', () => {
    class Bad extends Module {
      fc1 = new Linear(784, 128);
      fc2 = new Linear(64, 10);
      forward(x: Tensor) {
        // @ts-expect-error Linear(64, 10) expects [..., 64] but the input is [..., 128]
        return this.fc2.call(this.fc1.call(x).relu());
      }
    }
    expectTypeOf<Bad>().toExtend<Module>();
  });

  it('is a module among others', () => {
    const list = new ModuleList([new Net(), new Net()]);
    expectTypeOf(list.at(0)).toEqualTypeOf<Net>();
    const any: Module[] = [new Linear(3, 4), new Net(), new Recurrent()];
    expectTypeOf(any[0]!.call(zeros([3]))).toEqualTypeOf<Tensor>();
    let h: Tensor = zeros([32, 784]);
    for (const layer of [new Linear(784, 128), new Linear(128, 10)]) h = layer.call(h);
    let g = zeros([32, 784]);
    for (let i = 0; i < 3; i++) g = g.relu();
    expectTypeOf(g).toEqualTypeOf<Tensor<readonly [32, 784]>>();
  });

  it('may be generic, with shapes widened inside and asserted at the edge', () => {
    function product<M extends number, K extends number, N extends number>(
      a: Tensor<readonly [M, K]>,
      b: Tensor<readonly [K, N]>,
    ): Tensor<readonly [M, N]> {
      return expectShape((a as Tensor).matmul(b as Tensor), [a.shape[0], b.shape[1]]) as Tensor<readonly [M, N]>;
    }
    expectTypeOf(product(zeros([2, 3]), zeros([3, 5]))).toEqualTypeOf<Tensor<readonly [2, 5]>>();
  });
});
