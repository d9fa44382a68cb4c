// The library reads `navigator.userAgent`, which Node has had since version 21 only.
if (globalThis.navigator === undefined) {
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: `Node.js/${process.versions.node}` } });
}
