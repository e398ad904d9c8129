import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';

/** Why there is no browser here, or undefined where there is one: the package brings a Chromium for Linux on x64 only. */
export const browserMissing =
  process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : `no Chromium in the test packages for ${process.platform} on ${process.arch}`;

/**
 * A real Chromium from npm. Its libraries are unpacked only where the environment looks like AWS Lambda, so it does for as
 * long as this takes.
 */
export async function launchBrowser(): Promise<Browser> {
  const before = { ...process.env };
  Object.assign(process.env, { AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x', AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' });
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    const { chromium: playwright } = await import('playwright-core');
    const executablePath = await chromium.executablePath();
    const libraries = path.join(tmpdir(), 'al2023', 'lib');
    return await playwright.launch({
      executablePath,
      headless: true,
      args: ['--no-sandbox', '--no-zygote', '--disable-gpu', '--font-render-hinting=none', '--headless=shell'],
      env: {
        ...definedIn(before),
        LD_LIBRARY_PATH: [libraries, before.LD_LIBRARY_PATH].filter(Boolean).join(':'),
        ...(before.FONTCONFIG_PATH === undefined && process.env.FONTCONFIG_PATH !== undefined && !hasSystemFonts()
          ? { FONTCONFIG_PATH: process.env.FONTCONFIG_PATH }
          : {}),
      },
    });
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

function definedIn(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function hasSystemFonts(): boolean {
  return existsSync('/etc/fonts/fonts.conf') && existsSync('/usr/share/fonts/truetype');
}
