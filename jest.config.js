import base from './tests/jest.base.js';

/** The everyday tests: everything but the browser and whole processes (`npm run e2e`), and other mail servers (`npm run interop`). */
export default { ...base, testPathIgnorePatterns: ['<rootDir>/tests/e2e/', '<rootDir>/tests/interop/'] };
