import type { App } from '../src/app.ts';
import { isOurAddress, takeIncoming } from '../src/newsroom/index.ts';
import { reasonOf } from '../src/platform/errors.ts';
import { type Listener, TooMuch, listenForMail } from '../src/platform/incoming/index.ts';

/** Takes mail for the return path and the address to leave by, where INCOMING says so. Throws `config-invalid`. */
export async function startIncoming(app: App): Promise<{ ports: number[]; close(): Promise<void> }> {
  const newsroom = await app.newsroom();
  const listeners: Listener[] = [];
  for (const listening of app.config.incoming.listen)
    listeners.push(
      await listenForMail(listening, {
        name: new URL(app.config.baseUrl).hostname,
        isOurs: (address) => isOurAddress(address, app.config),
        take: (mail) =>
          takeIncoming(newsroom, mail).catch((error: unknown) => {
            if (!(error instanceof TooMuch)) app.log.warn('a mail could not be kept', { reason: reasonOf(error) });
            throw error;
          }),
      }),
    );
  return {
    ports: listeners.map(({ port }) => port),
    close: async () => void (await Promise.all(listeners.map((listener) => listener.close()))),
  };
}
