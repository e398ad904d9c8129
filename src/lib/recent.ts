/** What was made lately, by name: so many, of which the one that was asked for least lately goes first. */
export class Recent<T> {
  readonly #most: number;
  readonly #known = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Makes it where it is not there. A promise that fails is forgotten, and made anew when it is asked for again. */
  get(name: string, make: () => T): T {
    const known = this.#known.get(name);
    const value = known ?? make();
    this.#known.delete(name);
    this.#known.set(name, value);
    if (known === undefined && value instanceof Promise) value.catch(() => this.#known.delete(name));
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(oldest);
    }
    return value;
  }
}
