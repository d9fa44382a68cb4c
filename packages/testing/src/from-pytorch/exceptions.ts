/** What a name of PyTorch is here, where the rule does not say it. */
export interface Exception {
  /** Our name, such as `x.shape`; null when there is none. */
  readonly ours: string | null;
  /** What to know about it, or what to write instead. */
  readonly note: string;
  /** Whether something else has that name here. */
  readonly other?: boolean;
}

const to = (ours: string, note: string = ''): Exception => ({ ours, note });
const write = (note: string): Exception => ({ ours: null, note });
const all = (names: string, e: Exception): Record<string, Exception> => Object.fromEntries(names.split(' ').map((n) => [n, e]));

const inPlaceComparison = write('`x.copy_(x.eq(y))`, and so on');
const special = write('not there; `elementwise` makes one of a recurrence');
const pooledIndices = (name: string): Exception => to(`F.${name}`, '`{ returnIndices: true }` gives `{ values, indices }`');
const random = 'of `defaultGenerator()`';

/** Exceptions by namespace and name. */
export const exceptions: Readonly<Record<string, Readonly<Record<string, Exception>>>> = {
  torch: {
    Size: write('shapes are plain arrays: `x.shape`'),
    adjoint: write('`x.mT`'),
    alpha_dropout_: write('`new nn.AlphaDropout(p, { inplace: true }).call(x)`'),
    feature_alpha_dropout_: write('`new nn.FeatureAlphaDropout(p, { inplace: true }).call(x)`'),
    dropout_: write('`new nn.Dropout(p, { inplace: true }).call(x)`'),
    rrelu_: write('`x.copy_(F.rrelu(x))`'),
    ...all('as_tensor asarray from_numpy frombuffer', to('tensor', 'takes typed arrays too, and copies')),
    scalar_tensor: to('tensor'),
    ...all(
      'bartlett_window blackman_window hamming_window hann_window kaiser_window',
      write('the formula with `arange(n)`: `arange(n).mul((2 * Math.PI) / n).cos()`'),
    ),
    ...all('binomial poisson', write('not there: draw on the host and hand it to `tensor(values)`')),
    broadcast_shapes: write('`broadcastTensors(a, b)[0].shape`'),
    e: write('`Math.E`'),
    pi: write('`Math.PI`'),
    inf: write('`Infinity`'),
    nan: write('`NaN`'),
    device: write('a backend: `cpu`, or what `createGpuBackend` of `@nabla/backend-gpu` gives'),
    dtype: write("a string: `'float32'`"),
    default_generator: to('defaultGenerator', 'a function'),
    embedding_renorm_: write('`maxNorm` of `embedding(weight, x)`'),
    empty_strided: write('`empty(n).asStrided(size, stride)`'),
    ...all(
      'finfo iinfo',
      write('not there: float32 ends at 3.4028234663852886e38 and has 24 bits, float64 is `Number.MAX_VALUE`, `Number.EPSILON`'),
    ),
    fill: write('`fullLike(x, value)`'),
    frobenius_norm: to('linalg.matrixNorm'),
    nuclear_norm: to('linalg.matrixNorm', "of order `'nuc'`"),
    get_default_dtype: write("always `'float32'`"),
    set_default_dtype: write("give `{ dtype: 'float64' }`, or `module.to('float64')`"),
    get_device: to('x.device'),
    get_rng_state: to('generator.getState', random),
    set_rng_state: to('generator.setState', random),
    initial_seed: to('generator.initialSeed', random),
    seed: to('generator.seed', random),
    gradient: write('differences of neighbours: `x.diff()`'),
    histogramdd: write('`histogram(x, bins)` of each dimension'),
    is_anomaly_check_nan_enabled: to('isAnomalyEnabled'),
    set_anomaly_enabled: to('setDetectAnomaly'),
    is_floating_point: write("`x.dtype.startsWith('float')`"),
    is_inference_mode_enabled: to('isInferenceMode'),
    is_nonzero: write('`x.item() !== 0`'),
    is_same_size: write('compare `x.shape`'),
    is_signed: write("`x.dtype !== 'uint8' && x.dtype !== 'bool'`"),
    load: to(
      'io/node.loadTorchStateDict',
      'reads what `torch.save` wrote of a state dict; `io/node.loadSafetensors(path)` and, for a whole training state, `io/node.loadCheckpoint(path)` read what is written here',
    ),
    save: to(
      'io/node.saveSafetensors',
      'for a state dict; `io/node.saveCheckpoint(path, parts)` for model, optimizer, schedule and generator in one step. In browsers: `io.writeSafetensors(tensors)`',
    ),
    lobpcg: write('`linalg.eigh(a)`'),
    ...all('pca_lowrank svd_lowrank', write('`linalg.svd(a)`')),
    max_pool1d_with_indices: pooledIndices('maxPool1d'),
    segment_reduce: write('`x.indexReduce(0, segments, source, reduce)` or `x.scatterReduce(dim, index, src, reduce)`'),
    set_grad_enabled: write('`enableGrad(fn)` and `noGrad(fn)`: they run a function'),
    no_grad: to('noGrad', 'runs a function: `noGrad(() => ...)`'),
    enable_grad: to('enableGrad', 'runs a function'),
    inference_mode: to('inferenceMode', 'runs a function'),
    set_printoptions: write("tensors print with PyTorch's default options"),
  },
  'torch.Tensor': {
    H: write('`x.mT`'),
    mH: write('`x.mT`'),
    adjoint: write('`x.mT`'),
    data: to('x.detach', '`x.data()` reads the values'),
    size: to('x.shape', '`x.size` is the number of elements'),
    nelement: to('x.numel'),
    ndimension: to('x.ndim'),
    stride: to('x.strides', 'of all dimensions'),
    storage_offset: to('x.offset'),
    element_size: write('4 for float32 and int32, 8 for float64 and int64, 1 for uint8 and bool'),
    numpy: to('x.data', 'asynchronous: `await x.data()`; `x.dataSync()` where the device can be read at once'),
    tolist: to('x.toArray'),
    cpu: write('`x.to(cpu)`'),
    type: to('x.to', '`x.dtype` tells it'),
    new_empty_strided: write('`x.newEmpty(n).asStrided(size, stride)`'),
    fill_diagonal_: write('`x.diagonal(0).fill_(value)`'),
    get_device: to('x.device'),
    is_floating_point: write("`x.dtype.startsWith('float')`"),
    is_nonzero: write('`x.item() !== 0`'),
    is_same_size: write('compare `x.shape`'),
    is_signed: write("`x.dtype !== 'uint8' && x.dtype !== 'bool'`"),
    polygamma_: write('`x.copy_(x.polygamma(n))`'),
    renorm_: write('`x.copy_(x.renorm(p, dim, maxnorm))`'),
    ...all(
      'eq_ ge_ greater_ greater_equal_ gt_ le_ less_ less_equal_ lt_ ne_ not_equal_ logical_and_ logical_not_ logical_or_ logical_xor_',
      inPlaceComparison,
    ),
  },
  'torch.nn': {
    ...all('RNNBase RNNCellBase', write('abstract; `nn.RNN`, `nn.LSTM` and `nn.GRU` have what they share')),
  },
  'torch.nn.functional': {
    adaptive_max_pool1d_with_indices: pooledIndices('adaptiveMaxPool1d'),
    adaptive_max_pool2d_with_indices: pooledIndices('adaptiveMaxPool2d'),
    adaptive_max_pool3d_with_indices: pooledIndices('adaptiveMaxPool3d'),
    max_pool1d_with_indices: pooledIndices('maxPool1d'),
    max_pool2d_with_indices: pooledIndices('maxPool2d'),
    max_pool3d_with_indices: pooledIndices('maxPool3d'),
    fractional_max_pool2d_with_indices: pooledIndices('fractionalMaxPool2d'),
    fractional_max_pool3d_with_indices: pooledIndices('fractionalMaxPool3d'),
    rrelu_: write('`x.copy_(F.rrelu(x))`'),
  },
  'torch.nn.utils': {
    fuse_conv_bn_weights: to('nn.fuseConvBnEval', 'of the layers'),
    remove_spectral_norm: to('nn.removeParametrizations'),
    remove_weight_norm: to('nn.removeParametrizations'),
    spectral_norm: to('nn.spectralNorm', 'as in `parametrizations`'),
    weight_norm: to('nn.weightNorm', 'as in `parametrizations`'),
    skip_init: write('construct the layer; loading a state dict overwrites what it drew'),
  },
  'torch.nn.utils.rnn': { invert_permutation: to('argsort') },
  'torch.nn.utils.fusion': {
    fuse_conv_bn_weights: to('nn.fuseConvBnEval', 'of the layers'),
    fuse_linear_bn_weights: to('nn.fuseLinearBnEval', 'of the layers'),
  },
  'torch.nn.utils.parametrize': {
    ParametrizationList: write("inner; its keys in the state dict are PyTorch's"),
    cached: write('not there: a parametrized weight is computed at every read; keep it in a variable'),
    transfer_parametrizations_and_params: write('register them on both modules'),
    type_before_parametrizations: write('`module.constructor`: the class stays'),
  },
  'torch.nn.Module': {
    ...all('add_module register_module', write('assign a field: fields that are modules are found')),
    register_buffer: to('nn.Buffer', 'assign one to a field'),
    register_parameter: to('nn.Parameter', 'assign one to a field'),
    ...all('double', write("`module.to('float64')`")),
    ...all('float', write("`module.to('float32')`")),
    type: write("`module.to('float64')`"),
    cpu: write('`module.to(cpu)`; from a device that is read asynchronously, save and load the state dict'),
    forward: write('yours; call it as `module.call(x)`'),
    ...all('get_extra_state set_extra_state', to('module.stateEntries', 'what it lists is state')),
    get_buffer: to('module.namedBuffers'),
    get_parameter: to('module.namedParameters'),
    get_submodule: to('module.namedModules'),
  },
  'torch.nn.Sequential': all('append extend insert pop', write('a sequence keeps its layers: `new nn.Sequential(...sequential, layer)`')),
  'torch.nn.ModuleList': all('insert pop', write('`new nn.ModuleList([...list])` of the modules that you want')),
  'torch.nn.ModuleDict': {
    ...all('items keys values', write('iterate over it: `for (const [name, m] of dict)`')),
    update: to('moduleDict.set'),
    ...all('clear pop', write('`new nn.ModuleDict([...dict])` of the modules that you want')),
  },
  'torch.nn.ParameterDict': {
    ...all('items keys values', write('iterate over it: `for (const [name, p] of dict)`')),
    ...all('update setdefault', to('parameterDict.set')),
    ...all('clear pop popitem copy fromkeys', write('`new nn.ParameterDict([...dict])` of the parameters that you want')),
  },
  'torch.autograd': {
    Function: to('customFunction', '`forward` and `backward` in one object'),
    set_grad_enabled: write('`enableGrad(fn)` and `noGrad(fn)`: they run a function'),
  },
  'torch.autograd.profiler': { record_function: write('not there: rows are named after ops and modules') },
  'torch.autograd.function.FunctionCtx': {
    save_for_backward: to('ctx.save'),
    mark_dirty: to('ctx.markDirty'),
    mark_non_differentiable: to('ctx.markNonDifferentiable'),
    set_materialize_grads: to('ctx.setMaterializeGrads'),
  },
  'torch.linalg': {
    diagonal: to('diagonal'),
    vander: to('vander'),
    ...all(
      'ldl_factor ldl_factor_ex ldl_solve',
      write('not there: `linalg.solve(a, b)`, or `linalg.cholesky(a)` of a positive definite matrix'),
    ),
  },
  'torch.special': {
    modified_bessel_i0: to('i0'),
    modified_bessel_i1: to('i1'),
    ...all(
      'airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w spherical_bessel_j0',
      special,
    ),
  },
  'torch.random': {
    fork_rng: write('a generator of its own: `new Generator(seed)`, handed over as an option'),
    get_rng_state: to('generator.getState', random),
    set_rng_state: to('generator.setState', random),
    initial_seed: to('generator.initialSeed', random),
    seed: to('generator.seed', random),
  },
  'torch.Generator': { device: write('numbers are drawn on the host, the same for every device') },
  'torch.utils.data': {
    Dataset: write('an interface: anything with `length` and `get`; `new train.TensorDataset(x, y)`'),
    get_worker_info: write('not there: a worker has a seed of its own already'),
  },
};

/** Names that PyTorch got after the version whose names were recorded, and what PyTorch does not have. */
export const newer: readonly { readonly torch: string; readonly ours: string | null; readonly note: string }[] = [
  { torch: 'nn.RMSNorm', ours: 'nn.RMSNorm', note: '' },
  { torch: 'nn.functional.rms_norm', ours: 'F.rmsNorm', note: '' },
  { torch: 'nn.functional.scaled_dot_product_attention', ours: 'F.scaledDotProductAttention', note: '' },
  { torch: 'nn.Buffer', ours: 'nn.Buffer', note: '' },
  { torch: 'nn.CircularPad1d', ours: 'nn.CircularPad1d', note: 'of 2 and 3 dimensions too' },
  { torch: 'nn.ZeroPad1d', ours: 'nn.ZeroPad1d', note: 'of 3 dimensions too' },
  { torch: 'nn.utils.parametrizations.weight_norm', ours: 'nn.weightNorm', note: '' },
  { torch: 'func.functional_call', ours: 'nn.functionalCall', note: '' },
  { torch: 'func.jacrev', ours: 'jacobian', note: '' },
  { torch: 'func.hessian', ours: 'hessian', note: '' },
  { torch: 'func.grad_and_value', ours: 'valueAndGrad', note: 'value first' },
  { torch: 'func.vmap', ours: null, note: 'not there: ops take leading dimensions' },
  { torch: 'optim.Muon', ours: 'optim.Muon', note: '' },
  { torch: 'optim.lr_scheduler.LRScheduler', ours: 'optim.LRScheduler', note: '' },
  { torch: 'optim.swa_utils.get_ema_avg_fn', ours: 'train.getEmaAvgFn', note: '' },
  { torch: 'utils.data.StackDataset', ours: 'train.StackDataset', note: '' },
  { torch: 'Tensor.register_post_accumulate_grad_hook', ours: 'x.registerPostAccumulateGradHook', note: '' },
  { torch: '', ours: 'optim.Lion', note: 'Chen et al. 2023' },
  { torch: '', ours: 'nn.rotaryEmbedding', note: 'rotary positions' },
  { torch: '', ours: 'nn.PositionalEncoding', note: 'sines and cosines' },
  { torch: '', ours: 'nn.summary', note: 'shapes, parameters and multiply-adds of a model' },
  { torch: '', ours: 'elementwise', note: 'an op of your own, with its kernels and gradients' },
  { torch: '', ours: 'scope', note: 'frees what was born inside' },
  { torch: '', ours: 'train.fit', note: 'a training loop' },
];
