import type { NdArray, OpSamples } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { full, zeros } from './create.ts';
import { broadcast, one, permuted, under } from './nd.samples.ts';
import {
  broadcastTo,
  flatten,
  moveaxis,
  movedim,
  permute,
  ravel,
  reshape,
  squeeze,
  swapaxes,
  swapdims,
  t,
  transpose,
  unflatten,
  unsqueeze,
} from './view-functions.ts';

const to =
  (...shape: number[]) =>
  (x: NdArray): NdArray =>
    under(x, shape);
const order =
  (...dims: number[]) =>
  (x: NdArray): NdArray =>
    permuted(x, dims);
const spread =
  (...shape: number[]) =>
  (x: NdArray): NdArray =>
    broadcast(x, shape);
const any = (t: unknown): Tensor => t as Tensor;

/** Samples of views that give the same elements under other dimensions. */
export const viewSamples: readonly OpSamples[] = [
  {
    op: 'view',
    samples: [
      one('a dimension split', [2, 6], (x) => any(x!.view([2, 3, 2])), to(2, 3, 2)),
      one('ones added and dropped', [3, 1, 2], (x) => any(x!.view([1, 3, 2, 1])), to(1, 3, 2, 1)),
      one('inferred', [4, 3], (x) => any(x!.contiguous().view([-1])), to(12)),
      one('0-d', [], (x) => any(x!.view([1, 1])), to(1, 1)),
      one('to 0-d', [1], (x) => any(x!.view([])), to()),
      one('zero-size', [0, 3], (x) => any(x!.view([3, 0, 2])), to(3, 0, 2)),
    ],
    errors: [
      {
        name: 'strides',
        run: () => zeros([2, 3]).permute(1, 0).view([6]),
        error: 'ShapeError',
        message: /view: a tensor of shape \[3, 2\] and strides \[1, 3\] has no view of shape \[6\]; use reshape/,
      },
      {
        name: 'size',
        run: () => any(zeros([2, 3])).view([4]),
        error: 'ShapeError',
        message: /view: cannot reshape \[2, 3\] \(6 elements\) to \[4\] \(4 elements\)/,
      },
      { name: 'two unknown', run: () => any(zeros([4])).view([-1, -1]), error: 'ShapeError', message: /only one dimension .* can be -1/ },
      { name: 'negative', run: () => any(zeros([4])).view([-2, 2]), error: 'ShapeError', message: /view: invalid size -2/ },
    ],
  },
  {
    op: 'reshape',
    samples: [
      one('merged', [2, 3, 2], (x) => any(x!.reshape([6, 2])), to(6, 2)),
      one('across rows', [4, 3], (x) => any(reshape(x!, [2, 6])), to(2, 6)),
      one('inferred', [2, 3, 2], (x) => any(x!.reshape([-1, 4])), to(3, 4)),
      one(
        'of a transposed tensor',
        [2, 3],
        (x) => any(x!.transpose(0, 1).reshape([6])),
        (x) => under(permuted(x, [1, 0]), [6]),
      ),
      one('like another', [2, 3], (x) => x!.reshapeAs(zeros([3, 2])), to(3, 2)),
      one('a view like another', [2, 6], (x) => x!.viewAs(zeros([2, 2, 3])), to(2, 2, 3)),
      one('0-d', [], (x) => any(x!.reshape([1, 1, 1])), to(1, 1, 1)),
      one('zero-size', [2, 0], (x) => any(x!.reshape([0, 5])), to(0, 5)),
    ],
    errors: [
      {
        name: 'size',
        run: () => any(zeros([2, 3])).reshape([5]),
        error: 'ShapeError',
        message: /reshape: cannot reshape \[2, 3\] \(6 elements\) to \[5\]/,
      },
      { name: 'no fit', run: () => any(zeros([2, 3])).reshape([4, -1]), error: 'ShapeError', message: /reshape: cannot reshape \[2, 3\]/ },
    ],
  },
  {
    op: 'permute',
    samples: [
      one('rotated', [2, 3, 4], (x) => any(x!.permute(1, 2, 0)), order(1, 2, 0)),
      one('negative dims', [2, 3, 4], (x) => any(permute(x!, [-1, 0, -2])), order(2, 0, 1)),
      one('transpose', [2, 3, 4], (x) => any(x!.transpose(0, -1)), order(2, 1, 0)),
      one('swapaxes', [2, 3, 4], (x) => any(x!.swapaxes(1, 2)), order(0, 2, 1)),
      one('mT', [2, 3, 4], (x) => x!.mT, order(0, 2, 1)),
      one('T', [2, 3, 4], (x) => x!.T, order(2, 1, 0)),
      one('movedim', [2, 3, 4], (x) => x!.movedim(0, -1), order(1, 2, 0)),
      one('movedim of two', [2, 3, 4, 2], (x) => x!.movedim([0, 1], [-1, 0]), order(1, 2, 3, 0)),
      one('0-d', [], (x) => x!.T, order()),
      one('transpose as a function', [2, 3, 4], (x) => any(transpose(x!, 1, 0)), order(1, 0, 2)),
      one('swapaxes as a function', [2, 3, 4], (x) => any(swapaxes(x!, -1, 0)), order(2, 1, 0)),
      one('movedim as a function', [2, 3, 4], (x) => movedim(x!, -1, 0), order(2, 0, 1)),
      one('zero-size', [2, 0, 3], (x) => any(x!.permute(2, 0, 1)), order(2, 0, 1)),
    ],
    errors: [
      {
        name: 'too few',
        run: () => any(zeros([2, 3])).permute(0),
        error: 'ShapeError',
        message: /permute: 1 dims given for \[2, 3\] of rank 2/,
      },
      {
        name: 'repeated',
        run: () => any(zeros([2, 3])).permute(0, -2),
        error: 'ShapeError',
        message: /permute: repeated dim in \[0, -2\]/,
      },
      {
        name: 'transpose out of range',
        run: () => any(zeros([2, 3])).transpose(0, 2),
        error: 'IndexError',
        message: /transpose: dim 2 is out of range for \[2, 3\]/,
      },
      { name: 'mT of a vector', run: () => zeros([3]).mT, error: 'ShapeError', message: /mT: needs at least 2 dimensions, got \[3\]/ },
      {
        name: 'movedim lengths',
        run: () => zeros([2, 3]).movedim([0, 1], 0),
        error: 'ValueError',
        message: /movedim: 2 source dims and 1 destination dims for \[2, 3\]/,
      },
      {
        name: 'movedim repeated',
        run: () => zeros([2, 3]).movedim([0, 0], [0, 1]),
        error: 'ValueError',
        message: /movedim: repeated dim in source \[0, 0\]/,
      },
    ],
  },
  {
    op: 'expand',
    samples: [
      one('ones repeated', [3, 1, 2], (x) => x!.expand([3, 4, 2]), spread(3, 4, 2)),
      one('new dimensions', [3, 1], (x) => x!.expand([2, -1, 2]), spread(2, 3, 2)),
      one('broadcastTo', [2], (x) => any(broadcastTo(x!, [3, 2])), spread(3, 2)),
      one('expandAs', [1, 2], (x) => x!.expandAs(zeros([3, 2])), spread(3, 2)),
      one('0-d', [], (x) => x!.expand([2, 2]), spread(2, 2)),
      one('to nothing', [3, 1], (x) => x!.expand([3, 0]), spread(3, 0)),
      one('zero-size', [0, 1], (x) => x!.expand([2, 0, 3]), spread(2, 0, 3)),
    ],
    errors: [
      {
        name: 'not a one',
        run: () => zeros([2, 3]).expand([4, 3]),
        error: 'ShapeError',
        message: /expand: cannot expand \[2, 3\] to \[4, 3\]: 2 vs 4 at dimension 0/,
      },
      {
        name: 'fewer dimensions',
        run: () => zeros([2, 3]).expand([3]),
        error: 'ShapeError',
        message: /expand: \[2, 3\] has more dimensions than \[3\]/,
      },
      {
        name: 'nothing to keep',
        run: () => zeros([3]).expand([-1, 3]),
        error: 'ShapeError',
        message: /expand: -1 in \[-1, 3\] stands for/,
      },
    ],
  },
  {
    op: 'squeeze',
    samples: [
      one('all', [1, 3, 1, 2], (x) => x!.squeeze(), to(3, 2)),
      one('one dim', [1, 3, 1], (x) => any(x!.squeeze(-1)), to(1, 3)),
      one('several dims', [1, 3, 1, 1], (x) => squeeze(x!, [0, 1, 3]), to(3, 1)),
      one('a dim that stays', [2, 3], (x) => any(squeeze(x!, 0)), to(2, 3)),
      one('no dims', [1, 2], (x) => x!.squeeze([]), to(1, 2)),
      one('0-d', [], (x) => x!.squeeze(), to()),
      one('0-d by dim', [], (x) => any(x!.squeeze(0)), to()),
      one('zero-size', [1, 0], (x) => x!.squeeze(), to(0)),
    ],
    errors: [
      {
        name: 'out of range',
        run: () => any(zeros([2, 1])).squeeze(2),
        error: 'IndexError',
        message: /squeeze: dim 2 is out of range for \[2, 1\]/,
      },
      {
        name: 'repeated',
        run: () => zeros([1, 1]).squeeze([0, -2]),
        error: 'ValueError',
        message: /squeeze: dimension repeated in \[0, -2\]/,
      },
    ],
  },
  {
    op: 'unsqueeze',
    samples: [
      one('front', [2, 3], (x) => any(x!.unsqueeze(0)), to(1, 2, 3)),
      one('middle', [2, 3], (x) => any(unsqueeze(x!, 1)), to(2, 1, 3)),
      one('end', [2, 3], (x) => any(x!.unsqueeze(-1)), to(2, 3, 1)),
      one('0-d', [], (x) => any(x!.unsqueeze(-1)), to(1)),
      one('zero-size', [0, 2], (x) => any(x!.unsqueeze(1)), to(0, 1, 2)),
    ],
    errors: [
      {
        name: 'out of range',
        run: () => any(zeros([2, 3])).unsqueeze(3),
        error: 'IndexError',
        message: /unsqueeze: dim 3 is out of range for \[2, 3\]/,
      },
    ],
  },
  {
    op: 'flatten',
    samples: [
      one('all', [2, 3, 2], (x) => x!.flatten(), to(12)),
      one('from 1', [2, 3, 2], (x) => any(x!.flatten(1)), to(2, 6)),
      one('the first two', [2, 3, 2], (x) => flatten(x!, 0, 1), to(6, 2)),
      one('negative', [2, 3, 2], (x) => x!.flatten(-2, -1), to(2, 6)),
      one('one dimension', [2, 3], (x) => x!.flatten(1, 1), to(2, 3)),
      one('0-d', [], (x) => x!.flatten(), to(1)),
      one('zero-size', [2, 0, 3], (x) => any(x!.flatten(1)), to(2, 0)),
      one('zero-size batch', [0, 2, 3], (x) => any(x!.flatten(1)), to(0, 6)),
    ],
    errors: [
      {
        name: 'order',
        run: () => zeros([2, 3, 4]).flatten(2, 1),
        error: 'ValueError',
        message: /flatten: startDim 2 comes after endDim 1 in \[2, 3, 4\]/,
      },
      { name: 'out of range', run: () => zeros([2, 3]).flatten(0, 2), error: 'IndexError', message: /flatten: dim 2 is out of range/ },
    ],
  },
  {
    op: 'unflatten',
    samples: [
      one('split', [2, 6], (x) => x!.unflatten(1, [2, 3]), to(2, 2, 3)),
      one('inferred', [6, 2], (x) => unflatten(x!, 0, [-1, 2]), to(3, 2, 2)),
      one('zero-size', [0, 2], (x) => x!.unflatten(0, [0, 4]), to(0, 4, 2)),
    ],
    errors: [
      {
        name: 'size',
        run: () => zeros([2, 6]).unflatten(1, [4, 2]),
        error: 'ShapeError',
        message: /unflatten: cannot reshape \[6\] \(6 elements\) to \[4, 2\] \(8 elements\)/,
      },
      {
        name: 'no sizes',
        run: () => zeros([1]).unflatten(0, []),
        error: 'ShapeError',
        message: /unflatten: no sizes given for dim 0 of \[1\]/,
      },
      { name: '0-d', run: () => zeros([]).unflatten(0, [1]), error: 'ShapeError', message: /unflatten: a 0-d tensor/ },
    ],
  },
  {
    op: 't',
    samples: [
      one('a matrix', [2, 3], (x) => t(x!), order(1, 0)),
      one('a vector', [2], (x) => x!.t(), order(0)),
      one('0-d', [], (x) => x!.t(), to()),
    ],
    errors: [
      { name: 'rank', run: () => zeros([1, 2, 3]).t(), error: 'ShapeError', message: /t: expected at most 2 dimensions, got \[1, 2, 3\]/ },
    ],
  },
  {
    op: 'swapdims',
    samples: [
      one('function', [2, 3], (x) => any(swapdims(x!, 0, -1)), order(1, 0)),
      one('method', [2, 3, 1], (x) => any(x!.swapdims(0, 2)), order(2, 1, 0)),
    ],
  },
  {
    op: 'moveaxis',
    samples: [
      one('function', [2, 3, 4], (x) => moveaxis(x!, 0, 2), order(1, 2, 0)),
      one('method', [2, 3], (x) => x!.moveaxis([0], [1]), order(1, 0)),
    ],
  },
  {
    op: 'ravel',
    samples: [
      one('a matrix', [2, 3], (x) => ravel(x!), to(6)),
      one('0-d', [], (x) => x!.ravel(), to(1)),
      one(
        'of a transposed tensor',
        [2, 3],
        (x) => any(x!.transpose(0, 1)).ravel(),
        (x) => under(permuted(x, [1, 0]), [6]),
      ),
    ],
  },
  {
    op: 'sumToSize',
    samples: [
      one(
        'a column',
        [2, 3],
        (x) => any(x!.sumToSize([2, 1])),
        (x) => ({ shape: [2, 1], data: [0, 3].map((i) => x.data.slice(i, i + 3).reduce((a, b) => a + b)) }),
      ),
      one(
        'a missing dimension',
        [2, 3],
        (x) => any(x!.sumToSize([1])),
        (x) => ({ shape: [1], data: [x.data.reduce((a, b) => a + b)] }),
      ),
      one(
        'to 0-d',
        [3],
        (x) => any(x!.sumToSize([])),
        (x) => ({ shape: [], data: [x.data.reduce((a, b) => a + b)] }),
      ),
      one('the same', [2, 1], (x) => any(x!.sumToSize([2, 1])), to(2, 1)),
    ],
    errors: [
      {
        name: 'size',
        run: () => zeros([2, 3]).sumToSize([2]),
        error: 'ShapeError',
        message: /sumToSize: \[2\] does not broadcast to \[2, 3\]/,
      },
      {
        name: 'rank',
        run: () => zeros([2]).sumToSize([1, 2]),
        error: 'ShapeError',
        message: /sumToSize: \[1, 2\] does not broadcast to \[2\]/,
      },
    ],
  },
  {
    op: 'view as a dtype',
    samples: [
      one('the same', [2], (x) => x!.view(x!.dtype), to(2)),
      {
        name: 'the bits of float32',
        hostOnly: true,
        inputs: [{ shape: [3], dtype: 'float32', values: [1, -0.5, 0] }],
        run: (x) => x!.view('int32'),
        reference: () => ({ shape: [3], data: [0x3f800000, 0xbf000000 | 0, 0] }),
        differentiable: false,
        without: ['transposed', 'broadcast'],
      },
      {
        name: 'wider elements',
        inputs: [{ shape: [1, 8], dtype: 'uint8', values: [1, 2, 0, 0, 1, 0, 0, 0] }],
        run: (x) => x!.contiguous().view('int64'),
        reference: () => ({ shape: [1, 1], data: [0x100000201] }),
        differentiable: false,
        without: ['transposed', 'broadcast'],
        hostOnly: true,
      },
      {
        name: 'narrower elements',
        inputs: [{ shape: [1, 1], dtype: 'int64', values: [3] }],
        run: (x) => x!.view('bool'),
        reference: () => ({ shape: [1, 8], data: [1, 0, 0, 0, 0, 0, 0, 0] }),
        differentiable: false,
        without: ['transposed', 'broadcast'],
        hostOnly: true,
      },
    ],
    errors: [
      { name: '0-d', run: () => zeros([]).view('float64'), error: 'ShapeError', message: /view: a 0-d float32 tensor has no dimension/ },
      {
        name: 'size',
        run: () => zeros([3]).view('float64'),
        error: 'ShapeError',
        message: /view: 3 float32 elements in the last dimension of \[3\]/,
      },
      {
        name: 'strides',
        run: () => any(zeros([2, 2]).transpose(0, 1)).view('float64'),
        error: 'ShapeError',
        message: /view: the last dimension of \[2, 2\] has stride 2/,
      },
      {
        name: 'beyond int64 here',
        run: () => full([1], Number.NaN, { dtype: 'float64' }).view('int64'),
        error: 'DTypeError',
        message: /int64: .* is beyond/,
      },
      {
        name: 'dtype',
        run: () => any(zeros([2])).view('complex' as 'bool'),
        error: 'DTypeError',
        message: /view: unknown dtype 'complex'/,
      },
    ],
  },
];
