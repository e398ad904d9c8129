import base from './tests/jest.base.js';

/** The everyday tests: everything but the browser (`npm run e2e`) and the process killing (`npm run chaos`). */
export default { ...base, testPathIgnorePatterns: ['<rootDir>/tests/e2e/', '<rootDir>/tests/chaos/'] };
