import { noGrad, scope, type Tensor, tensor } from '@nabla/core';
import { functional as F, type Module, type Parameter, parametersToVector, vectorToParameters } from '@nabla/nn';
import { keepingBuffers } from '../measure.ts';
import { scoresOf } from '../models/index.ts';
import type { Mlp } from '../models/mlp.ts';
import type { TrainSpec } from '../spec.ts';
import { average } from '../stats.ts';
import type { Part } from '../tasks.ts';

/** Lengths of the steps along the gradient, in units of the probe's step (Santurkar et al. 2018, section 3.1: 1/2 to 4). */
const lengths = [0.5, 1, 2, 4];

type Quantity = 'variation' | 'predictiveness' | 'smoothness' | 'shift';

/** The loss and its gradient at one place. */
interface Place {
  readonly loss: number;
  readonly gradient: Float64Array;
}

const norm = (v: Float64Array): number => Math.sqrt(v.reduce((s, x) => s + x * x, 0));
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - b[i]!);
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, x, i) => s + x * b[i]!, 0);

/**
 * Looks around a network while it trains (Santurkar et al. 2018):
 * - `variation`: largest minus smallest loss on the way along the gradient (figure 4a)
 * - `predictiveness`: largest change of the gradient on that way, relative to the gradient (figure 4b)
 * - `smoothness`: largest change of the gradient per distance, their effective β (figure 4c)
 * - `shift`: one minus the cosine of the angle by which the gradient of the middle layer turns when the layers before it
 *   take their step: internal covariate shift by their definition 2.1
 */
export class Landscape {
  readonly #model: Module;
  readonly #part: Part;
  readonly #step: number;
  readonly #numbers: readonly number[];
  readonly #found: Record<Quantity, number[]> = { variation: [], predictiveness: [], smoothness: [], shift: [] };

  constructor(spec: TrainSpec, model: Module, part: Part) {
    this.#model = model;
    this.#part = part;
    this.#step = spec.probeStep ?? spec.lr;
    // One batch for all probes of all arms.
    this.#numbers = Array.from({ length: Math.min(spec.batch, part.count) }, (_, i) => i);
  }

  async #look(): Promise<Place> {
    const parameters = this.#model.parameters();
    const [loss, gradient] = scope(() => {
      this.#model.zeroGrad();
      const { input, target } = this.#part.batch(this.#numbers);
      const value = F.crossEntropy(scoresOf(this.#model, input), target) as Tensor;
      value.backward();
      return [value.detach() as Tensor, noGrad(() => parametersToVector(parameters.map((p) => p.grad as Tensor)).clone() as Tensor)];
    }) as [Tensor, Tensor];
    const place = { loss: Number((await loss.data())[0]), gradient: Float64Array.from(await gradient.data(), Number) };
    loss.dispose();
    gradient.dispose();
    return place;
  }

  /** The gradient of the middle layer's weights, out of that of all parameters. */
  #middle({ gradient }: Place): Float64Array {
    const layers = [...(this.#model as Mlp).layers] as unknown as { weight: Parameter }[];
    const weight = layers[layers.length >> 1]!.weight;
    let start = 0;
    for (const p of this.#model.parameters()) {
      if (p === weight) return gradient.slice(start, start + p.size);
      start += p.size;
    }
    return gradient;
  }

  /** Moves parameters along minus the gradient; only those of layers before the middle with `before`. */
  #move(origin: Tensor, gradient: Float64Array, length: number, before: boolean): void {
    const all = this.#model.namedParameters();
    const layers = [...(this.#model as Mlp).layers].length;
    const early = (name: string): boolean => {
      const match = /^(?:layers|norms)\.(\d+)\./.exec(name);
      return match !== null && Number(match[1]) < layers >> 1;
    };
    const moved = Float64Array.from(gradient);
    let start = 0;
    for (const [name, p] of all) {
      if (before && !early(name)) moved.fill(0, start, start + p.size);
      start += p.size;
    }
    scope(() => {
      const step = origin.sub(tensor(Float32Array.from(moved), { device: origin.device }).mul(length)) as Tensor;
      vectorToParameters(step, all.map(([, p]) => p) as unknown as Tensor[]);
    });
  }

  /** Measures around the present parameters and leaves everything as it was. */
  async probe(): Promise<void> {
    const model = this.#model;
    const parameters = model.parameters() as unknown as Tensor[];
    await keepingBuffers(model, async () => {
      const origin = noGrad(() => parametersToVector(parameters).clone() as Tensor);
      const here = await this.#look();
      const size = norm(here.gradient);
      // At a gradient of zero there is no direction to look in.
      if (size > 0 && Number.isFinite(size)) {
        const places: Place[] = [];
        for (const length of lengths) {
          this.#move(origin, here.gradient, length * this.#step, false);
          places.push(await this.#look());
        }
        const losses = [here.loss, ...places.map((p) => p.loss)];
        const turns = places.map((p) => norm(minus(p.gradient, here.gradient)) / size);
        this.#move(origin, here.gradient, this.#step, true);
        const [before, after] = [this.#middle(here), this.#middle(await this.#look())];
        this.#note('variation', Math.max(...losses) - Math.min(...losses));
        this.#note('predictiveness', Math.max(...turns));
        this.#note('smoothness', Math.max(...turns.map((t, i) => t / (lengths[i]! * this.#step))));
        this.#note('shift', 1 - dot(before, after) / (norm(before) * norm(after)));
      }
      vectorToParameters(origin, parameters);
      origin.dispose();
    });
    model.zeroGrad();
  }

  #note(name: Quantity, value: number): void {
    if (Number.isFinite(value)) this.#found[name].push(value);
  }

  /** Means over the probes of a run. */
  summary(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.#found)
        .filter(([, values]) => values.length > 0)
        .map(([name, values]) => [name, average(values)]),
    );
  }
}
