/** Names of PyTorch that have no place here, and why. */
export interface Group {
  readonly title: string;
  readonly reason: string;
  /** Matched against the whole path, such as `torch.Tensor.coalesce`. */
  readonly match: RegExp;
}

const inTorch = (names: string): RegExp => new RegExp(`^torch\\.(Tensor\\.)?(${names})$`);

/** Groups in the order in which they are tried. */
export const outOfScope: readonly Group[] = [
  {
    title: 'Complex numbers',
    reason: 'there are no complex dtypes, so there are no Fourier transforms and no eigenvalues of matrices that are not symmetric',
    match: new RegExp(
      `${inTorch('complex\\w*|polar|real|imag|conj\\w*|resolve_(conj|neg)|is_(complex|conj|neg)|view_as_(real|complex)(_copy)?|i?stft|cfloat|cdouble|chalf|eig|has_spectral').source}|^torch\\.linalg\\.eig(vals)?$`,
    ),
  },
  {
    title: 'Sparse tensors',
    reason: 'tensors are dense',
    match: new RegExp(
      `${inTorch('\\w*sparse\\w*|is_coalesced|coalesce|c?(row|col)_indices(_copy)?|crow_indices(_copy)?|ccol_indices(_copy)?|indices(_copy)?|values(_copy)?|d?smm|hspmm|hsmm|spmm|s?saddmm|sspaddmm|to_dense|dense_dim').source}|^torch\\.optim\\.SparseAdam$`,
    ),
  },
  {
    title: 'Quantization',
    reason: 'there are no quantized dtypes',
    match: inTorch(
      'q_\\w+|qu?int\\w+|qscheme|\\w*quantize\\w*|\\w*quantized\\w*|int_repr|fused_moving_avg\\w+|choose_qparams\\w+|fbgemm_\\w+|per_(tensor|channel)_\\w+',
    ),
  },
  {
    title: 'Half precision and short integers',
    reason: 'floats are float32 and float64, integers int64, int32 and uint8; float16 and bfloat16 are read from files and written to them',
    match: /^torch\.((Tensor|nn\.Module)\.)?(b?float16|half|bfloat16|int16|short|int8|char)$/,
  },
  {
    title: 'Automatic mixed precision',
    reason: 'there is one precision in a computation: that of its tensors',
    match: /^torch\.\w*autocast\w*$/,
  },
  {
    title: 'Nested and named tensors',
    reason: 'dimensions have numbers; sequences of different lengths are packed (`packSequence`) or padded',
    match: inTorch('align_\\w+|names|has_names|refine_names|rename_?|name|is_nested|to_padded_tensor'),
  },
  {
    title: 'Memory, layouts and devices of PyTorch',
    reason: 'a device is a backend; what memory it uses, and in which order, is its own business',
    match:
      /^torch\.((Tensor|nn\.Module|nn\.utils)\.)?(cuda|ipu|xpu|share_memory_?|pin_memory|record_stream|data_ptr|storage_type|memory_format|layout|strided|channels_last(_3d)?|(legacy_)?contiguous_format|preserve_format|is_(cuda|cpu|ipu|xpu|mps|ort|vulkan|vulkan_available|mkldnn|meta|pinned|shared|quantized|distributed|storage|set_to)|to_mkldnn|has_(cuda|cudnn|lapack|mkl|mkldnn|mps|openmp)|to_empty|convert_conv2d_weight_memory_format|(from|to)_dlpack|from_file|output_nr|as_subclass|empty_quantized|dump_patches|T_destination)$/,
  },
  {
    title: 'Several machines or graphics cards at once',
    reason: 'a model trains on one device',
    match: /^torch\.(nn\.(DataParallel|SyncBatchNorm)|utils\.data\.DistributedSampler)$/,
  },
  {
    title: 'Threads, determinism and precision of kernels',
    reason: 'results do not depend on threads, and every kernel gives the same bits in every run',
    match:
      /^torch\.(\w*deterministic\w*|[gs]et_num_(interop_)?threads|init_num_threads|[gs]et_float32_matmul_precision|set_flush_denormal|[a-z]+_warn_always\w*)$/,
  },
  {
    title: 'Lazy modules',
    reason: 'a layer makes its parameters when it is constructed; give it the size of its input',
    match: /^torch\.nn\.(Lazy\w+|Uninitialized\w+)$/,
  },
  {
    title: 'Data pipes',
    reason: 'PyTorch gave them up; async iterables take their place',
    match:
      /^torch\.utils\.data\.(\w*DataPipe|DataChunk|DataLoader2|argument_validation|communication|functional_datapipe|guaranteed\w+|non_deterministic|runtime_validation\w*|collate)$/,
  },
  {
    title: 'Pruning',
    reason: 'a parametrization of your own (`registerParametrization`) multiplies a weight with a mask',
    match: /^torch\.nn\.utils\.prune\./,
  },
  {
    title: 'Copies of views',
    reason: 'a view followed by `clone()` is one',
    match: inTorch(
      '(alias|as_strided|detach|diagonal|expand|narrow|permute|select|slice|split(_with_sizes)?|squeeze|t|transpose|unbind|unfold|unsqueeze|view)_copy',
    ),
  },
  {
    title: 'In-place changes of a shape',
    reason: 'a tensor keeps its shape: write `x = x.squeeze()` for `x.squeeze_()`',
    match: inTorch('(squeeze|unsqueeze|transpose|swapaxes|swapdims|t|as_strided|resize|resize_as|set)_'),
  },
  {
    title: 'Kernels of single backends, and inner functions',
    reason: 'they are what public functions are made of; use those',
    match:
      /^torch\.((Tensor|nn\.functional)\.)?(cudnn_\w+|miopen_\w+|mkldnn_\w+|native_\w+|batch_norm_\w+|affine_grid_generator|grid_sampler(_[23]d)?|convolution|embedding_renorm_|norm_except_dim|unsafe_\w+|(lstm|gru|rnn_tanh|rnn_relu)(_cell)?|conv_tbc|feature_dropout_?|assert_int_or_pair|has_torch_function\w*|multi_head_attention_forward)$/,
  },
  {
    title: "PyTorch's compiler and inner workings",
    reason: 'code is not compiled, traced or serialized here',
    match:
      /^torch\.(fork|wait|import_ir_module\w*|parse_\w+|merge_type\w+|unify_type_list|read_vitals|set_vital|vitals_enabled|compiled_with\w+|classproperty|get_file_path|prepare_multiprocessing\w+|typename|has_\w+|nn\.factory_kwargs|autograd\.(DeviceType|NestedIOFunction|Profiler\w+|SavedTensor|handle_torch_function|has_torch_function|is_tensor_like|kineto_available)|autograd\.profiler\.(EnforceUnique|emit_\w+|kineto_\w+|load_nvprof|parse_nvprof_trace|warn)|utils\.checkpoint\.(CheckpointFunction|check_backward_validity|detach_variable|[gs]et_device_states)|nn\.Module\.register_load_state_dict_post_hook)$/,
  },
  {
    title: 'What PyTorch itself has deprecated or removed',
    reason: 'the newer name is in the tables',
    match:
      /^torch\.(Tensor\.(reinforce|volatile|resize|resize_as|new|lstsq|solve|symeig|map_|map2_|apply_)|solve|symeig|lstsq|matrix_rank|range|set_default_tensor_type|nn\.(Container|CrossMapLRN2d|NLLLoss2d)|nn\.init\.(constant|dirac|eye|kaiming_normal|kaiming_uniform|normal|orthogonal|sparse|uniform|xavier_normal|xavier_uniform)|nn\.Module\.register_backward_hook|nn\.utils\.clip_grad_norm|autograd\.[Vv]ariable|autograd\.function\.FunctionCtx\.(mark_shared_storage|save_for_forward)|utils\.checkpoint\.\w+_states)$/,
  },
];

/** Public modules of PyTorch that the tables do not reach, and why. */
export const otherModules: Readonly<Record<string, string>> = {
  'torch.amp': 'automatic mixed precision',
  'torch.ao': 'quantization',
  'torch.backends': 'switches of libraries that PyTorch runs on',
  'torch.contrib': 'experiments',
  'torch.cpu': 'automatic mixed precision',
  'torch.cuda': 'graphics cards of one maker; the GPU is a backend here: `createGpuBackend` of `@nabla/backend-gpu`',
  'torch.distributed': 'several machines',
  'torch.distributions':
    'not there; samples come from `randn`, `rand`, `bernoulli`, `multinomial` and `Tensor.exponential_`, densities from the losses',
  'torch.fft': 'complex numbers',
  'torch.functional': 'its names stand in `torch`',
  'torch.futures': 'promises are part of the language',
  'torch.fx': 'the compiler',
  'torch.hub': 'downloads of models',
  'torch.jit': 'the compiler',
  'torch.library': 'ops in C++; `defineOp` and `elementwise` define ops here',
  'torch.masked': 'masked tensors',
  'torch.monitor': 'inner counters',
  'torch.multiprocessing': 'processes; loaders have worker threads',
  'torch.nested': 'nested tensors',
  'torch.onnx': 'export to another format',
  'torch.overrides': 'classes that imitate tensors',
  'torch.package': 'archives of Python code',
  'torch.profiler': '`profile` is there; what it writes is a table',
  'torch.quantization': 'quantization',
  'torch.quasirandom': 'Sobol sequences',
  'torch.return_types': 'results with several parts are plain objects: `{ values, indices }`',
  'torch.serialization': 'its names stand in `torch`',
  'torch.sparse': 'sparse tensors',
  'torch.storage': 'inner storage',
  'torch.testing': '`gradcheck` is there, `allclose` too',
  'torch.torch_version': 'versions',
  'torch.types': 'types of Python',
  'torch.version': 'versions',
};
