/**
 * Layers, losses and initializers.
 *
 * @packageDocumentation
 */
export { ModuleDict, ModuleList, Sequential } from './container.ts';
export * as functional from './functional.ts';
export { Identity } from './identity.ts';
export * as init from './init.ts';
export type { LayerOptions, PairLike } from './layer.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { type ForwardHook, type ForwardPreHook, type LoadResult, Module } from './module.ts';
export { Buffer, type BufferOptions, isBuffer, isParameter, Parameter, type ParameterOptions } from './parameter.ts';
export type { Apply, In, ShapeFn } from './shape-fn.ts';
export { isModule, type Mismatch, StateDictError } from './state.ts';
