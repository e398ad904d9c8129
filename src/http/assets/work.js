// The proof of work of the sign-up form. Its worker comes from us, as the page's policy wants it.
globalThis.$altcha.algorithms.set('PBKDF2/SHA-256', () => new Worker('/assets/altcha-worker.js', { type: 'module' }));
