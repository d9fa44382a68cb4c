// What a page would load that used all of core, nn and optim, for size-limit.
export * as core from '@nabla/core';
export * as nn from '@nabla/nn';
export * as optim from '@nabla/optim';
