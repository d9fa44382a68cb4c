const lowerCamel = /^[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+$/;
const snake = /^[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)+$/;

/**
 * A lowerCamel name as PyTorch would spell it: an underscore before every capital, which becomes small (`weightIhL0` →
 * `weight_ih_l0`). Any other name, BERT's `LayerNorm` for one, stays as it is.
 */
export function snakeCase(name: string): string {
  return lowerCamel.test(name) ? name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`) : name;
}

/** The reverse of {@link snakeCase}: `weight_decay` → `weightDecay`. Any other name stays as it is. */
export function camelCase(name: string): string {
  return snake.test(name) ? name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()) : name;
}
