import base from './jest.base.js';

export default { ...base, testMatch: ['<rootDir>/tests/chaos/**/*.test.ts'], testTimeout: 600_000, maxWorkers: 1 };
