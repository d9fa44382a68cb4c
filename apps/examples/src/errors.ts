/** A mistake in what the user gave: told in one line, exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** A data file that is missing, truncated or not what it claims to be. */
export class DataFileError extends UsageError {
  override readonly name = 'DataFileError';
}

/** The lab contradicts itself: a mistake in the program, not in what the user gave. */
export class LabError extends Error {
  override readonly name = 'LabError';
}
