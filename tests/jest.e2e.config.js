import base from './jest.base.js';

export default { ...base, testMatch: ['<rootDir>/tests/e2e/**/*.test.ts'], testTimeout: 600_000, maxWorkers: 1 };
