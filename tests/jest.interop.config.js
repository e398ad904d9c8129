import base from './jest.base.js';

/** Real mail servers of the system, where they are installed. */
export default { ...base, testMatch: ['<rootDir>/tests/interop/**/*.test.ts'], testTimeout: 120_000, maxWorkers: 1 };
