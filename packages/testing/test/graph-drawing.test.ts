import { graphToDot, graphToMermaid, type Tensor, tensor, unbind } from '@nabla/core';
import { Linear } from '@nabla/nn';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

describe('drawings of graphs', () => {
  const w = leaf([1, 2]);
  const y = w
    .mul(w)
    .add(leaf([3, 4]))
    .sum() as Tensor;

  test('DOT', () => {
    expect(graphToDot(y, { names: { 'a "quoted" \\ name': w } })).toBe(
      `digraph {
  node [fontname="monospace"];
  n0 [label="a \\"quoted\\" \\\\ name\\nfloat32 [2]", shape=box, style="rounded,filled", fillcolor="#cfe8cf"];
  n1 [label="mul\\nfloat32 [2]", shape=box];
  n2 [label="leaf\\nfloat32 [2]", shape=box, style="rounded,filled", fillcolor="#cfe8cf"];
  n3 [label="add\\nfloat32 [2]", shape=box];
  n4 [label="sum\\nfloat32 []", shape=box];
  r0 [label="result\\nfloat32 []", shape=box, style=filled, fillcolor="#d5e0f5"];
  n0 -> n1;
  n0 -> n1;
  n1 -> n3;
  n2 -> n3;
  n3 -> n4;
  n4 -> r0;
}
`,
    );
  });

  test('Mermaid', () => {
    expect(graphToMermaid(y, { names: new Map([['<a> & "b" #1', w]]) })).toBe(
      `flowchart TD
  n0(["#lt;a#gt; #amp; #quot;b#quot; #35;1<br/>float32 [2]"])
  n1["mul<br/>float32 [2]"]
  n2(["leaf<br/>float32 [2]"])
  n3["add<br/>float32 [2]"]
  n4["sum<br/>float32 []"]
  r0[["result<br/>float32 []"]]
  n0 --> n1
  n0 --> n1
  n1 --> n3
  n2 --> n3
  n3 --> n4
  n4 --> r0
`,
    );
  });

  test('several results of one op, and the parameters of a model', () => {
    const model = new Linear(2, 2);
    const [a, b] = unbind(model.call(tensor([[1, 2]])), 1) as [Tensor, Tensor];
    const text = graphToMermaid([b, a], { names: model.namedParameters() });
    expect(text).toContain('(["weight<br/>float32 [2, 2]"])');
    expect(text).toContain('(["bias<br/>float32 [2]"])');
    expect(text).toContain('r0[["result 0<br/>float32 [1]"]]');
    expect(text).toMatch(/-->\|1\| r0\n/);
    expect(text).toMatch(/-->\|0\| r1\n/);
    expect(graphToDot([b, a])).toMatch(/ -> r0 \[label="1"\];/);
  });

  test('long chains, and a tensor without a graph', () => {
    let t: Tensor = w;
    for (let k = 0; k < 20_000; k++) t = t.add(1) as Tensor;
    expect(graphToDot(t).split('\n').length).toBe(2 + 20_001 + 1 + 20_001 + 2);
    expect(() => graphToDot([y, tensor([1])])).toThrow('graphToDot: tensor 1 does not require gradients and has no graph');
    expect(() => graphToMermaid(tensor([1]))).toThrow('graphToMermaid: tensor 0 does not require gradients and has no graph');
  });
});
