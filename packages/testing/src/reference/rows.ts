/** Arguments of a recorded call by PyTorch's parameter names; absent when neither given by position nor by name. */
export type Arguments = { readonly [parameter: string]: unknown };

/**
 * How a call of PyTorch is written here.
 *
 * A string lists PyTorch's parameters in PyTorch's order. Those before `|` are positional here too, in the same order;
 * those after it go to the last options object, in camelCase. `*` before a name: it takes all further positional
 * arguments as one array. `~` before a name: a Python float stays distinct from an integer (`float(2)`), because type
 * promotion depends on it; other floats become plain numbers.
 *
 * The function is looked up by the camelCase of the op's last part: in `linalg` for `linalg.*`, in `nn.functional` for
 * `nn.functional.*`, else in `@nabla/core`, else as a method of the first argument. Where both exist, both are replayed.
 */
export type OpRow = string | OpSpec;

/** A call that a string cannot describe. */
export interface OpSpec {
  /** PyTorch's parameters, written as in a string row (`|` has no meaning with `call`). */
  readonly params: string;
  /** The name here, where it is not the camelCase of PyTorch's. */
  readonly name?: string;
  /** Makes the whole call; `arg` names PyTorch's parameters. */
  readonly call?: (arg: Arguments) => unknown;
}

/** Rows by PyTorch's name. */
export type OpRows = { readonly [op: string]: OpRow };
