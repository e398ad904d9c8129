import path from 'node:path';

/** The folder that holds package.json, templates and node_modules. */
export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..');
