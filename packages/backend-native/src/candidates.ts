/** Where Accelerate is on every Mac. */
const accelerate = '/System/Library/Frameworks/Accelerate.framework/Accelerate';

/** Names that the system's loader is asked for, the fastest first. */
export function candidates(platform: string): readonly string[] {
  switch (platform) {
    case 'darwin':
      return [accelerate, '/opt/homebrew/opt/openblas/lib/libopenblas.dylib', '/usr/local/opt/openblas/lib/libopenblas.dylib'];
    case 'win32':
      return ['libopenblas.dll', 'openblas.dll', 'mkl_rt.2.dll', 'mkl_rt.dll'];
    default:
      return [
        // Fedora's libopenblas.so.0 has one thread; elsewhere the name with a p is missing, or a link to the same.
        'libopenblasp.so.0',
        'libopenblas.so.0',
        'libopenblas.so',
        'libopenblas64.so.0',
        'libmkl_rt.so.2',
        'libmkl_rt.so',
        'libblis.so.4',
        // Whatever the system's administrator chose, the reference implementation perhaps.
        'libblas.so.3',
      ];
  }
}

/** What to type to get a library, where that is one command. */
export function remedy(platform: string): string {
  if (platform === 'linux') return 'install OpenBLAS, such as apt-get install libopenblas0-pthread';
  return 'install OpenBLAS and name it with the option library';
}
